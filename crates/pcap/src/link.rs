//! Link layers: where the IP header of a packet starts.
//!
//! Source: the list of link-layer header types of tcpdump.org; IEEE 802.1Q for tags, of which any number is passed over; RFC 1042 for SNAP.

use std::fmt;

use crate::unread::Unread;

/// The number of a link type, as in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: a 32-bit address family in the byte order of the machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// IP without a link layer.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: as [`NULL`](Self::NULL), in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1 (`tcpdump -i any`).
    pub const LINUX_SLL: Self = Self(113);
    /// IPv4 without a link layer.
    pub const IPV4: Self = Self(228);
    /// IPv6 without a link layer.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);

    /// The name of a link type that is read, as in tcpdump's list; `None` for the others.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "NULL",
            1 => "ETHERNET",
            // 12 and 14 are what some systems call 101 in their own headers, and wrote into files.
            12 | 14 | 101 => "RAW",
            108 => "LOOP",
            113 => "LINUX_SLL",
            228 => "IPV4",
            229 => "IPV6",
            276 => "LINUX_SLL2",
            _ => return None,
        })
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Where the IP header of these bytes starts, which may be at their end.
pub(crate) fn ip_at(link: LinkType, bytes: &[u8]) -> Result<usize, Unread> {
    match link.0 {
        0 | 108 => family(bytes).map(|()| 4),
        1 => behind_tags(bytes, 12, 14),
        12 | 14 | 101 | 228 | 229 => Ok(0),
        113 => behind_tags(bytes, 14, 16),
        276 => behind_tags(bytes, 0, 20),
        _ => Err(Unread::LinkType),
    }
}

/// Follows the EtherType at `type_at`, which tells what starts at `next`; tags end with another such type.
fn behind_tags(bytes: &[u8], mut type_at: usize, mut next: usize) -> Result<usize, Unread> {
    loop {
        let ether_type = bytes.get(type_at..).and_then(<[u8]>::first_chunk).ok_or(Unread::HeaderCut)?;
        match u16::from_be_bytes(*ether_type) {
            0x0800 | 0x86DD => return Ok(next),
            // 802.1Q, 802.1ad, and what was used for the outer tag before that.
            0x8100 | 0x88A8 | 0x9100 | 0x9200 => (type_at, next) = (next + 2, next + 4),
            // A length (IEEE 802.3): the type is behind LLC and SNAP, if there is one.
            0..0x0600 if bytes.get(next..).is_some_and(|llc| llc.starts_with(&[0xAA, 0xAA, 3, 0, 0, 0])) => {
                (type_at, next) = (next + 6, next + 8);
            }
            // Transparent Ethernet, MPLS (both), PPPoE sessions, MACsec, backbone bridges, VN-tag, E-tag.
            0x6558 | 0x8847 | 0x8848 | 0x8864 | 0x88E5 | 0x88E7 | 0x8926 | 0x893F => return Err(Unread::Encapsulated),
            _ => return Err(Unread::NotIp),
        }
    }
}

/// Checks the address family before a packet of the loopback interface: IPv6 has another number on each system.
fn family(bytes: &[u8]) -> Result<(), Unread> {
    let family = bytes.first_chunk().ok_or(Unread::HeaderCut)?;
    let family = u32::from_le_bytes(*family);
    match family.min(family.swap_bytes()) {
        2 | 10 | 24 | 28 | 30 => Ok(()),
        _ => Err(Unread::NotIp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_behind_any_number_of_tags() {
        let ethernet = |rest: &[u8]| ip_at(LinkType::ETHERNET, &[&[0; 12], rest].concat());
        assert_eq!(ethernet(&[0x08, 0x00]), Ok(14));
        assert_eq!(ethernet(&[0x86, 0xDD, 0x60]), Ok(14));
        assert_eq!(ethernet(&[0x81, 0x00, 0x00, 0x05, 0x08, 0x00]), Ok(18));
        assert_eq!(ethernet(&[0x88, 0xA8, 0, 1, 0x81, 0x00, 0, 2, 0x86, 0xDD]), Ok(22));
        assert_eq!(ethernet(&[0x81, 0x00, 0, 1, 0x08, 0x06]), Err(Unread::NotIp));
        assert_eq!(ethernet(&[0, 99, 0xAA, 0xAA, 3, 0, 0, 0, 0x08, 0x00]), Ok(22));
        assert_eq!(ethernet(&[0, 99, 0x42, 0x42, 3, 0, 0, 0, 0x08, 0x00]), Err(Unread::NotIp));
        assert_eq!(ethernet(&[0x88, 0x64]), Err(Unread::Encapsulated));
        assert_eq!(ethernet(&[0x81, 0x00, 0, 1]), Err(Unread::HeaderCut));
        assert_eq!(ethernet(&[0x08]), Err(Unread::HeaderCut));
    }

    #[test]
    fn other_links() {
        let mut sll = [0; 20];
        sll[14..16].copy_from_slice(&[0x08, 0x00]);
        assert_eq!(ip_at(LinkType::LINUX_SLL, &sll), Ok(16));
        let mut sll2 = [0; 20];
        sll2[..2].copy_from_slice(&[0x86, 0xDD]);
        assert_eq!(ip_at(LinkType::LINUX_SLL2, &sll2), Ok(20));
        assert_eq!(ip_at(LinkType::NULL, &[2, 0, 0, 0]), Ok(4));
        assert_eq!(ip_at(LinkType::LOOP, &[0, 0, 0, 24]), Ok(4));
        assert_eq!(ip_at(LinkType::LOOP, &[0, 0, 0, 7]), Err(Unread::NotIp));
        assert_eq!(ip_at(LinkType::IPV6, &[]), Ok(0));
        assert_eq!(ip_at(LinkType(105), &[0; 60]), Err(Unread::LinkType));
        assert_eq!((LinkType(105).to_string(), LinkType::RAW.to_string()), ("105".into(), "RAW".into()));
    }
}
