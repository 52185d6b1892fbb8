//! [`Datagram`]: the UDP datagram in a packet, behind link layer, IP options and extension headers; or in the quote of an ICMP error.
//!
//! The lengths in the headers say where the payload ends, so that padding of short Ethernet frames is none of it. Fragments are not put together:
//! neither is the first one read, although it has a UDP header, since the end of the message is elsewhere.
//!
//! Source: RFC 768 (UDP), RFC 791 and RFC 8200 (IP, read by `etherparse`), RFC 792 and RFC 4443 (errors that quote a packet), RFC 4884
//! (where the quote ends).

use std::net::SocketAddr;
use std::ops::Range;

use etherparse::err::ip::LaxHeaderSliceError;
use etherparse::{IpNumber, LaxIpSlice, LenSource, ip_number};

use crate::link::ip_at;
use crate::packet::Packet;
use crate::tunnel::is_tunnel;
use crate::unread::Unread;

/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;
/// Bytes of an ICMP header, before what it quotes.
const ICMP_HEADER: usize = 8;
/// Ports whose TCP is taken for SIP.
const SIP_PORTS: [u16; 2] = [5060, 5061];

/// A UDP datagram: who sent it to whom, and where its payload lies in the packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub source: SocketAddr,
    /// Who is to get it.
    pub destination: SocketAddr,
    /// Its payload, as far as it was captured, within [`Packet::bytes`].
    pub payload: Range<usize>,
    /// Whether the payload goes on behind what is here: the snap length cut it, or the quote ends.
    pub cut: bool,
    /// Whether this is no datagram but the quote of one in an ICMP error, as where a phone has hung up and the other still talks. It is
    /// a copy, of a datagram that may also be in the capture, and holds the same digits.
    pub quoted: bool,
    /// Where its header starts in the packet.
    pub(crate) udp_at: usize,
    /// Where the ICMP header starts that quotes it.
    pub(crate) icmp_at: Option<usize>,
}

impl Datagram {
    /// Finds the datagram of a packet.
    ///
    /// # Errors
    /// Why there is none, or why it is not read.
    pub fn of(packet: &Packet<'_>) -> Result<Self, Unread> {
        let datagram = ip_at(packet.link, packet.bytes).and_then(|at| in_ip(packet.bytes, at, None));
        match datagram {
            // Where nothing was cut off, there is nobody else to blame.
            Err(Unread::HeaderCut) if !packet.is_cut() => Err(Unread::Malformed),
            other => other,
        }
    }

    /// The payload, of the bytes of the packet.
    #[must_use]
    pub fn payload<'b>(&self, packet: &'b [u8]) -> &'b [u8] {
        packet.get(self.payload.clone()).unwrap_or_default()
    }
}

/// Finds the datagram in the IP packet that starts at `at`, quoted by the ICMP header at `icmp_at`.
fn in_ip(bytes: &[u8], at: usize, icmp_at: Option<usize>) -> Result<Datagram, Unread> {
    let rest = bytes.get(at..).unwrap_or_default();
    let (ip, stop) = LaxIpSlice::from_slice(rest).map_err(|error| match error {
        LaxHeaderSliceError::Len(_) => Unread::HeaderCut,
        LaxHeaderSliceError::Content(_) => Unread::Malformed,
    })?;
    let (payload, protocol) = (ip.payload(), ip.payload_ip_number());
    if ip.is_fragmenting_payload() {
        let echo = [ip_number::ICMP, ip_number::IPV6_ICMP].contains(&protocol);
        return Err(if echo { Unread::NotUdp } else { Unread::Fragment });
    }
    // Where the header ends too early: because the packet was cut, or by its own lengths.
    let short = if payload.incomplete { Unread::HeaderCut } else { Unread::Malformed };
    if stop.is_some() {
        return Err(short);
    }
    let start = at + headers_len(&ip);
    match protocol {
        ip_number::UDP => {}
        ip_number::TCP => {
            let ports = ports(payload.payload).ok_or(short)?;
            return Err(if ports.iter().any(|port| SIP_PORTS.contains(port)) { Unread::SipOverTcp } else { Unread::NotUdp });
        }
        ip_number::ICMP | ip_number::IPV6_ICMP if icmp_at.is_none() => {
            let quote = quote(protocol, payload.payload).ok_or(Unread::NotUdp)?;
            let bytes = bytes.get(..start + quote.end).unwrap_or_default();
            return match in_ip(bytes, start + quote.start, Some(start)) {
                // Nobody need quote more.
                Err(Unread::HeaderCut) => Err(Unread::NotUdp),
                other => other,
            };
        }
        // 115 is L2TP version 3.
        ip_number::IPV4 | ip_number::IPV6 | ip_number::GRE | IpNumber(115) | ip_number::MPLS_IN_IP => return Err(Unread::Encapsulated),
        _ => return Err(Unread::NotUdp),
    }

    let header: &[u8; UDP_HEADER] = payload.payload.first_chunk().ok_or(short)?;
    let [source, destination] = ports(header).ok_or(short)?;
    let declared = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let present = payload.payload.len();
    // Whether IP does not say where it ends within these bytes.
    let open = payload.incomplete || payload.len_source == LenSource::Slice || icmp_at.is_some();
    let (len, cut) = match declared {
        // More than 16 bits hold (RFC 2675), or not filled in by the sender's own machine.
        0 => (present, payload.incomplete || icmp_at.is_some()),
        1..UDP_HEADER => return Err(Unread::Malformed),
        _ if declared <= present => (declared, false),
        _ if open => (present, true),
        _ => return Err(Unread::Malformed),
    };
    let range = start + UDP_HEADER..start + len;
    if is_tunnel([source, destination], bytes.get(range.clone()).unwrap_or_default()) {
        return Err(Unread::Encapsulated);
    }
    Ok(Datagram {
        source: SocketAddr::new(ip.source_addr(), source),
        destination: SocketAddr::new(ip.destination_addr(), destination),
        payload: range,
        cut,
        quoted: icmp_at.is_some(),
        udp_at: start,
        icmp_at,
    })
}

/// Bytes of IP headers with all that extends them.
fn headers_len(ip: &LaxIpSlice<'_>) -> usize {
    match ip {
        LaxIpSlice::Ipv4(ip) => ip.header().slice().len() + ip.extensions().auth.map_or(0, |auth| auth.slice().len()),
        LaxIpSlice::Ipv6(ip) => ip.header().slice().len() + ip.extensions().slice().len(),
    }
}

/// Source and destination port, which UDP and TCP headers start with.
fn ports(header: &[u8]) -> Option<[u16; 2]> {
    let [a, b, c, d] = *header.first_chunk()?;
    Some([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])])
}

/// Where the packet lies that an ICMP message quotes; `None` where it quotes none.
fn quote(protocol: IpNumber, message: &[u8]) -> Option<Range<usize>> {
    let [kind, _, _, _, v6_len, v4_len, ..]: [u8; ICMP_HEADER] = *message.first_chunk()?;
    // Length of the quote where something follows it, in the few types that allow for it.
    let len = match (protocol, kind) {
        (ip_number::ICMP, 3 | 11 | 12) => usize::from(v4_len) * 4,
        (ip_number::IPV6_ICMP, 1 | 3) => usize::from(v6_len) * 8,
        (ip_number::ICMP, 4 | 5) | (ip_number::IPV6_ICMP, 2 | 4) => 0,
        _ => return None,
    };
    let present = message.len() - ICMP_HEADER;
    Some(ICMP_HEADER..ICMP_HEADER + if len == 0 { present } else { len.min(present) })
}
