//! [`Unread`]: why a packet gives no datagram, in as many kinds as a report counts.

use std::fmt;

/// Why a packet was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unread {
    /// No IP: ARP, spanning tree and their like.
    NotIp,
    /// IP, but no UDP: TCP (but for SIP), ICMP (but for errors), SCTP, encrypted ESP.
    NotUdp,
    /// TCP to or from port 5060 or 5061: a call whose signalling was not seen, and neither were digits in its messages.
    SipOverTcp,
    /// A part of a datagram. Parts are not put together: what it holds was not seen.
    Fragment,
    /// Packets within packets: GRE, IP in IP, PPPoE, MPLS, MACsec; VXLAN, Geneve, GTP-U, L2TP, TZSP and HEP in UDP. What they hold was not seen.
    Encapsulated,
    /// A link type that is not read: nothing of the packet was seen.
    LinkType,
    /// The snap length cut it before any payload.
    HeaderCut,
    /// Its headers contradict themselves or each other: a receiver drops it, but its bytes are there.
    Malformed,
}

impl Unread {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotIp => "not_ip",
            Self::NotUdp => "not_udp",
            Self::SipOverTcp => "sip_over_tcp",
            Self::Fragment => "ip_fragment",
            Self::Encapsulated => "encapsulated",
            Self::LinkType => "link_type",
            Self::HeaderCut => "header_cut",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotIp => "not IP",
            Self::NotUdp => "not UDP",
            Self::SipOverTcp => "SIP over TCP",
            Self::Fragment => "IP fragment",
            Self::Encapsulated => "encapsulated",
            Self::LinkType => "link type that is not read",
            Self::HeaderCut => "cut within its headers",
            Self::Malformed => "malformed headers",
        })
    }
}
