//! Which UDP flows of a capture are RTP, how they are written, and which belong to one call.
//!
//! In: every packet once. Out: [`Survey`]: the flows with their formats, or why one cannot be read, and what of SIP messages is to be blanked. A flow is RTP where SDP
//! says so, or where its packets count up as RTP's do (RFC 3550, A.1); nothing else of it is guessed but events in a dynamic payload type.

use cardhush_pcap::sip::{Audio, Message, RtpMap};
use cardhush_pcap::{Datagram, Packet};
use cardhush_recorder::{Formats, Payload, rtp::Header};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

/// Steps in sequence from which a flow is RTP without SDP: three packets, as the end of an event comes.
const LEAST_STEPS: u64 = 2;
/// Channels of a session at most.
const MOST: usize = 8;

/// Source and destination.
pub type Ends = (SocketAddr, SocketAddr);

/// Sources of a flow that are told apart.
const SOURCES: usize = 8;

/// What was learned of one flow.
#[derive(Default)]
struct Candidate {
    rtp: u64,
    sources: Vec<Source>,
    /// Packets that the snap length cut.
    cut: u64,
    /// Packets of each payload type, and of those the ones that can be events.
    types: BTreeMap<u8, (u64, u64)>,
    first: u64,
}

/// One source of a flow, by its SSRC.
#[derive(Clone, Copy)]
struct Source {
    ssrc: u32,
    sequence: u16,
    packets: u64,
    /// Packets whose number goes on from the one before, and copies of that.
    steps: u64,
    copies: u64,
}

/// One RTP stream of a capture.
#[derive(Debug)]
pub struct Flow {
    /// Where it comes from and goes to.
    pub ends: Ends,
    /// How it is written.
    pub formats: Formats,
    /// Its call, from 0.
    pub call: usize,
    /// The names of its audio codings.
    pub coding: String,
}

/// A flow that cannot be read, and why.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Where it comes from and goes to.
    pub ends: Ends,
    /// Why.
    pub why: String,
}

/// See the module. First [`see`](Self::see) every packet, then [`end`](Self::end).
#[derive(Default)]
pub struct Survey {
    candidates: HashMap<Ends, Candidate>,
    /// Audio that SDP offered at an address, and the call's name.
    media: HashMap<SocketAddr, (Vec<Audio>, String)>,
    seen: u64,
}

impl Survey {
    /// Takes one datagram; its SIP message, if it is one.
    pub fn see<'p>(&mut self, packet: &Packet<'p>, datagram: &Datagram) -> Option<Message<'p>> {
        self.seen += 1;
        let payload = datagram.payload(packet.bytes);
        if let Some(message) = Message::parse(payload) {
            let call = message.call_id().unwrap_or_default().into_owned();
            for audio in message.audio() {
                // Without an address it is where the message came from.
                let address = SocketAddr::new(audio.address.unwrap_or(datagram.source.ip()), audio.port);
                let (known, name) = self.media.entry(address).or_default();
                name.clone_from(&call);
                known.push(audio);
            }
            return Some(message);
        }
        let header = if datagram.quoted { quoted_header(payload) } else { rtp_header(payload) }?;
        let seen = self.seen;
        let one = self
            .candidates
            .entry((datagram.source, datagram.destination))
            .or_insert_with(|| Candidate { first: seen, ..Candidate::default() });
        one.rtp += 1;
        // What an ICMP error quotes is a part, and blanked whole.
        one.cut += u64::from(datagram.cut && !datagram.quoted);
        one.count(&header);
        let (count, events) = one.types.entry(header.payload_type).or_default();
        *count += 1;
        *events += u64::from(header.payload_type >= 96 && could_be_event(payload.get(header.payload).unwrap_or_default(), datagram.quoted));
        None
    }

    /// The flows that are RTP, in the order in which they began; and those that are and cannot be read.
    pub fn end(self) -> (Vec<Flow>, Vec<Unreadable>) {
        let mut found: Vec<(Ends, &Candidate)> =
            self.candidates.iter().filter(|(ends, one)| self.is_rtp(ends, one)).map(|(ends, one)| (*ends, one)).collect();
        found.sort_by_key(|(_, one)| one.first);
        let (mut flows, mut unreadable) = (Vec::new(), Vec::new());
        for (ends, one) in found {
            match self.formats(&ends, one) {
                Err(why) => unreadable.push(Unreadable { ends, why }),
                Ok((formats, coding)) => flows.push(Flow { ends, formats, call: flows.len(), coding }),
            }
        }
        // Flows between the same addresses, or of the same Call-ID, are one call; whoever joins two calls makes them one.
        let names = |flow: &Flow| -> BTreeSet<&String> {
            [flow.ends.0, flow.ends.1].iter().filter_map(|end| self.media.get(end)).map(|(_, name)| name).collect()
        };
        for i in 0..flows.len() {
            for k in 0..i {
                let (Some(one), Some(other)) = (flows.get(i), flows.get(k)) else { continue };
                let reverse = one.ends == (other.ends.1, other.ends.0);
                if (reverse || !names(one).is_disjoint(&names(other))) && one.call != other.call {
                    let (from, to) = (one.call.max(other.call), one.call.min(other.call));
                    flows.iter_mut().filter(|flow| flow.call == from).for_each(|flow| flow.call = to);
                }
            }
        }
        // Numbered without gaps.
        let calls: BTreeSet<usize> = flows.iter().map(|flow| flow.call).collect();
        for (number, call) in calls.into_iter().enumerate() {
            let members: Vec<&mut Flow> = flows.iter_mut().filter(|flow| flow.call == call).collect();
            if members.len() > MOST {
                let why = format!("its call has {} RTP streams, and at most {MOST} are taken", members.len());
                unreadable.extend(members.first().map(|flow| Unreadable { ends: flow.ends, why }));
            }
            members.into_iter().for_each(|flow| flow.call = number);
        }
        (flows, unreadable)
    }

    fn is_rtp(&self, ends: &Ends, one: &Candidate) -> bool {
        self.media.contains_key(&ends.1)
            || one.sources.iter().any(|source| source.steps >= LEAST_STEPS && (source.steps + source.copies) * 2 + 2 >= source.packets)
    }

    /// How a flow is written: by the SDP of either end, or by RFC 3551.
    fn formats(&self, ends: &Ends, one: &Candidate) -> Result<(Formats, String), String> {
        if one.cut > 0 {
            return Err(format!("{} of {} packets are cut by the snap length", one.cut, one.rtp));
        }
        let offers: Vec<&Audio> = [ends.1, ends.0].iter().filter_map(|end| self.media.get(end)).flat_map(|(audio, _)| audio).collect();
        if offers.iter().any(|audio| audio.encrypted) {
            return Err("SRTP by its SDP: it must be decrypted first".into());
        }
        let said = |number: u8| {
            offers
                .iter()
                .flat_map(|audio| &audio.payloads)
                .filter(|payload| payload.number == number)
                .find_map(|payload| payload.map.as_ref())
        };
        for (i, one) in offers.iter().enumerate() {
            for payload in &one.payloads {
                let others = offers.iter().skip(i + 1).flat_map(|audio| &audio.payloads).filter(|other| other.number == payload.number);
                if others.filter_map(|other| other.map.as_ref()).any(|other| payload.map.as_ref().is_some_and(|map| !same(map, other))) {
                    return Err(format!("payload type {} is one coding in one SDP and another in the next", payload.number));
                }
            }
        }
        let mut formats: Vec<(u8, Payload)> = Vec::new();
        for (number, (count, events)) in &one.types {
            let payload = match said(*number) {
                Some(map) => match (map.encoding.to_ascii_uppercase().as_str(), map.channels) {
                    ("PCMU", 0 | 1) if map.rate_hz == 8_000 => Payload::Pcmu,
                    ("PCMA", 0 | 1) if map.rate_hz == 8_000 => Payload::Pcma,
                    ("L16", 0 | 1) => Payload::L16 { rate_hz: map.rate_hz },
                    ("TELEPHONE-EVENT", _) => Payload::Event,
                    ("CN", _) => Payload::ComfortNoise,
                    ("RED", _) => Payload::Redundant,
                    _ => return Err(format!("payload type {number} ({}) cannot be read", name(&map.encoding))),
                },
                None => match number {
                    0 => Payload::Pcmu,
                    8 => Payload::Pcma,
                    13 => Payload::ComfortNoise,
                    _ if count == events => Payload::Event,
                    _ => return Err(format!("payload type {number} cannot be read")),
                },
            };
            formats.push((*number, payload));
        }
        // What redundant blocks may hold, and a clock for events by themselves.
        if formats.iter().any(|(_, payload)| *payload == Payload::Redundant) {
            for number in offers.iter().flat_map(|audio| &audio.payloads).map(|payload| payload.number) {
                let payload = match said(number).map(|map| map.encoding.to_ascii_uppercase()).as_deref() {
                    Some("PCMU") => Payload::Pcmu,
                    Some("PCMA") => Payload::Pcma,
                    Some("TELEPHONE-EVENT") => Payload::Event,
                    _ => continue,
                };
                if formats.iter().all(|(known, _)| *known != number) {
                    formats.push((number, payload));
                }
            }
        }
        if formats.iter().all(|(_, payload)| payload.rate_hz().is_none()) {
            formats.push((0, Payload::Pcmu));
        }
        let mut codings: Vec<String> =
            formats.iter().filter(|(number, _)| one.types.contains_key(number)).map(|(_, payload)| coding(*payload)).collect();
        codings.dedup();
        Formats::new(&formats).map(|formats| (formats, codings.join(", "))).map_err(|error| error.to_string())
    }
}

impl Candidate {
    fn count(&mut self, header: &Header) {
        let Some(source) = self.sources.iter_mut().find(|source| source.ssrc == header.ssrc) else {
            if self.sources.len() == SOURCES {
                let least = self.sources.iter().enumerate().min_by_key(|(_, source)| source.steps).map_or(0, |(i, _)| i);
                self.sources.swap_remove(least);
            }
            self.sources.push(Source { ssrc: header.ssrc, sequence: header.sequence, packets: 1, steps: 0, copies: 0 });
            return;
        };
        source.packets += 1;
        match header.sequence.wrapping_sub(source.sequence) {
            0 => source.copies += 1,
            1..=20 => (source.steps, source.sequence) = (source.steps + 1, header.sequence),
            // Overtaken: a copy, or late.
            step if step > u16::MAX - 100 => source.copies += 1,
            _ => source.sequence = header.sequence,
        }
    }
}

/// The header of a payload that can be RTP, and is no RTCP, STUN or DTLS on the same port (RFC 5761, 4; RFC 7983).
pub fn rtp_header(payload: &[u8]) -> Option<Header> {
    Header::read(payload).ok().filter(|header| !header.is_rtcp() && !header.payload.is_empty())
}

/// The same of a part of a packet that an ICMP error quotes: where its padding ends cannot be told.
pub fn quoted_header(payload: &[u8]) -> Option<Header> {
    let mut head = payload.to_vec();
    head.first_mut().into_iter().for_each(|flags| *flags &= !0x20);
    rtp_header(&head)
}

/// Whether two names of a coding mean the same.
fn same(one: &RtpMap, other: &RtpMap) -> bool {
    one.encoding.eq_ignore_ascii_case(&other.encoding) && one.rate_hz == other.rate_hz
}

/// Whether a payload can be telephone-events: whole ones, of known events, with the reserved bit clear; `part`: it may be cut.
fn could_be_event(payload: &[u8], part: bool) -> bool {
    !payload.is_empty()
        && (part || payload.len().is_multiple_of(4))
        && payload.len() <= 32
        && payload.chunks(4).all(|event| matches!(event, [0..=16, flags, ..] if flags & 0x40 == 0))
}

/// A coding as SDP names it.
fn coding(payload: Payload) -> String {
    match payload {
        Payload::Pcmu => "PCMU".into(),
        Payload::Pcma => "PCMA".into(),
        Payload::L16 { rate_hz } => format!("L16/{rate_hz}"),
        Payload::ComfortNoise => "CN".into(),
        Payload::Event => "telephone-event".into(),
        _ => "red".into(),
    }
}

/// What a capture says, as far as it is a name.
fn name(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).take(24).collect()
}
