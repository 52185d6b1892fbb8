//! Which UDP flows of a capture are RTP, how they are written, and which belong to one call.
//!
//! In: every packet once. Out: [`Survey`]: the flows with their formats, or why one cannot be read, and what of SIP messages is to be blanked. A flow is RTP where SDP
//! says so, or where its packets count up as RTP's do (RFC 3550, A.1); nothing else of it is guessed but events in a dynamic payload type.

use cardhush_pcap::sip::{Audio, Message};
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

/// What was learned of one flow.
#[derive(Default)]
struct Candidate {
    packets: u64,
    rtp: u64,
    steps: u64,
    last: Option<(u32, u16)>,
    /// Packets of each payload type, and of those the ones that can be events.
    types: BTreeMap<u8, (u64, u64)>,
    first: u64,
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
        let seen = self.seen;
        let one = self
            .candidates
            .entry((datagram.source, datagram.destination))
            .or_insert_with(|| Candidate { first: seen, ..Candidate::default() });
        one.packets += 1;
        let Ok(header) = Header::read(payload).map_err(drop) else { return None };
        // RTCP on the same port (RFC 5761, 4).
        if (72..=76).contains(&header.payload_type) || header.payload.is_empty() {
            return None;
        }
        one.rtp += 1;
        if let Some((ssrc, sequence)) = one.last {
            one.steps += u64::from(ssrc == header.ssrc && (1..=20).contains(&header.sequence.wrapping_sub(sequence)));
        }
        one.last = Some((header.ssrc, header.sequence));
        let (count, events) = one.types.entry(header.payload_type).or_default();
        *count += 1;
        *events += u64::from(header.payload_type >= 96 && could_be_event(payload.get(header.payload).unwrap_or_default()));
        None
    }

    /// The flows that are RTP, in the order in which they began; and those that are and cannot be read.
    pub fn end(self) -> (Vec<Flow>, Vec<Unreadable>) {
        let mut found: Vec<(Ends, &Candidate)> =
            self.candidates.iter().filter(|(ends, one)| self.is_rtp(ends, one)).map(|(ends, one)| (*ends, one)).collect();
        found.sort_by_key(|(_, one)| one.first);
        let (mut flows, mut unreadable) = (Vec::new(), Vec::new());
        let mut calls: Vec<(BTreeSet<SocketAddr>, BTreeSet<String>, usize)> = Vec::new();
        for (ends, one) in found {
            match self.formats(&ends, one) {
                Err(why) => unreadable.push(Unreadable { ends, why }),
                Ok((formats, coding)) => {
                    let names: BTreeSet<String> =
                        [ends.0, ends.1].iter().filter_map(|end| self.media.get(end)).map(|(_, name)| name.clone()).collect();
                    let same = |(addresses, known, count): &(BTreeSet<SocketAddr>, BTreeSet<String>, usize)| {
                        *count < MOST && ((addresses.contains(&ends.0) && addresses.contains(&ends.1)) || !names.is_disjoint(known))
                    };
                    let call = calls.iter().position(same).unwrap_or_else(|| {
                        calls.push((BTreeSet::new(), BTreeSet::new(), 0));
                        calls.len() - 1
                    });
                    if let Some((addresses, known, count)) = calls.get_mut(call) {
                        addresses.extend([ends.0, ends.1]);
                        known.extend(names);
                        *count += 1;
                    }
                    flows.push(Flow { ends, formats, call, coding });
                }
            }
        }
        (flows, unreadable)
    }

    fn is_rtp(&self, ends: &Ends, one: &Candidate) -> bool {
        let offered = self.media.contains_key(&ends.1) && one.rtp > 0;
        offered || (one.steps >= LEAST_STEPS && one.steps * 2 + 2 >= one.packets)
    }

    /// How a flow is written: by the SDP of either end, or by RFC 3551.
    fn formats(&self, ends: &Ends, one: &Candidate) -> Result<(Formats, String), String> {
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

/// Whether a payload can be telephone-events: whole ones, of known events, with the reserved bit clear.
fn could_be_event(payload: &[u8]) -> bool {
    !payload.is_empty()
        && payload.len().is_multiple_of(4)
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
