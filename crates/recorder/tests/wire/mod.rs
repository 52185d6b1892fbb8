//! Calls as RTP packets, what a network does to them, and what a recorder makes of what arrives.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_core::{Alaw, Coding, Ulaw};
use cardhush_recorder::{ChannelId, Event, EventKind, Formats, ORIGIN_MS, Output, Payload, Session, SessionConfig};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{Tone, dial};
use std::ops::Range;

pub const START_US: u64 = 1_700_000_000_000_000;

/// Position of a session's begin on a channel of this rate.
pub const fn origin(rate_hz: u32) -> u64 {
    ORIGIN_MS * rate_hz as u64 / 1_000
}

/// A packet and when it arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub at_us: u64,
    pub bytes: Vec<u8>,
}

/// A sender's counters.
pub struct Sender {
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Sender {
    /// One whose numbers wrap soon.
    pub fn new(payload_type: u8, ssrc: u32) -> Self {
        Self { payload_type, sequence: 65_500, timestamp: u32::MAX - 4_000, ssrc }
    }

    pub fn packet(&self, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x80, payload_type];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload);
        packet
    }

    /// `samples` at full scale 1.0 in packets of 20 ms, sent on time.
    pub fn send(&mut self, payload: Payload, samples: &[f64], begins_us: u64) -> Vec<Sent> {
        let rate_hz = payload.rate_hz().unwrap();
        let count = rate_hz as usize / 50;
        let mut sent = Vec::new();
        for (i, chunk) in samples.chunks_exact(count).enumerate() {
            let bytes: Vec<u8> = chunk.iter().flat_map(|x| encode(payload, *x)).collect();
            sent.push(Sent { at_us: begins_us + (i as u64 + 1) * 20_000, bytes: self.packet(self.payload_type, self.timestamp, &bytes) });
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp = self.timestamp.wrapping_add(count as u32);
        }
        sent
    }
}

pub fn encode(payload: Payload, x: f64) -> Vec<u8> {
    match payload {
        Payload::Pcmu => vec![Ulaw::encode(x as f32)],
        Payload::Pcma => vec![Alaw::encode(x as f32)],
        _ => (((x * 32_767.0) as i16).to_be_bytes()).to_vec(),
    }
}

/// Keys of 80 ms and what lies between them, noise at -50 dBFS below all of it; and where each key is.
pub fn keyed(keys: &str, rate_hz: u32, seed: u64) -> (Vec<f64>, Vec<Range<usize>>) {
    let mut rng = Rng::new(seed);
    let tone = Tone { level_dbm0: -9.0, on_ms: 80.0, off_ms: 90.0, ..Tone::default() };
    let dialled = dial(keys, &tone, rate_hz, 1_000.0, &mut rng);
    let mut samples = dialled.samples;
    samples.resize(samples.len() + rate_hz as usize, 0.0);
    samples.iter_mut().for_each(|x| *x += 0.003 * rng.normal());
    (samples, dialled.spans)
}

/// What came out.
#[derive(Default)]
pub struct Stored {
    pub packets: Vec<(ChannelId, u64, Vec<u8>)>,
    pub dropped: usize,
    pub events: Vec<Event>,
    /// Rates of the channels by slot, where they are not 8 kHz.
    pub rates: Vec<u32>,
}

impl Stored {
    /// Positions are counted from the session's begin.
    pub fn take(&mut self, output: Output<'_>) {
        let since =
            |channel: ChannelId, at: u64| at.wrapping_sub(origin(self.rates.get(usize::from(channel.slot())).copied().unwrap_or(8_000)));
        match output {
            Output::Packet(one) if one.dropped => self.dropped += 1,
            Output::Packet(one) => self.packets.push((one.channel, since(one.channel, one.position), one.bytes.to_vec())),
            Output::Event(mut event) => {
                (event.span.start, event.span.end) = (since(event.channel, event.span.start), since(event.channel, event.span.end));
                self.events.push(event);
            }
            _ => {}
        }
    }

    pub fn of(&self, channel: ChannelId) -> Vec<Vec<u8>> {
        self.packets.iter().filter(|one| one.0 == channel).map(|one| one.2.clone()).collect()
    }

    /// Masked spans of a channel.
    pub fn masked(&self, channel: ChannelId) -> Vec<Range<u64>> {
        let spans = self.events.iter().filter(|one| one.channel == channel && matches!(one.kind, EventKind::Redacted(_)));
        spans.map(|one| one.span.start..one.span.end).collect()
    }

    pub fn count(&self, kind: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|one| kind(&one.kind)).count()
    }

    pub fn revealed(&self) -> String {
        self.events.iter().filter_map(|one| if let EventKind::Keyed(digit) = one.kind { Some(digit.reveal()) } else { None }).collect()
    }
}

/// Runs packets of one or more channels through a session, in the order of their arrival.
pub fn run(config: &SessionConfig, channels: &[(Formats, Vec<Sent>)]) -> (Vec<ChannelId>, Stored) {
    let mut session = Session::new(config, START_US).unwrap();
    let ids: Vec<ChannelId> = channels.iter().map(|(formats, _)| session.add(formats).unwrap()).collect();
    let mut all: Vec<(usize, &Sent)> =
        channels.iter().enumerate().flat_map(|(c, (_, sent))| sent.iter().map(move |one| (c, one))).collect();
    all.sort_by_key(|(_, one)| one.at_us);
    let mut stored = Stored { rates: channels.iter().map(|(formats, _)| formats.rate_hz()).collect(), ..Stored::default() };
    for (c, one) in all {
        session.receive(ids[c], one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
        session.advance(one.at_us, &mut |output| stored.take(output));
    }
    session.finish(&mut |output| stored.take(output));
    (ids, stored)
}

/// A session of keyed digits alone, which is quick.
pub fn keyed_alone() -> SessionConfig {
    let mut config = SessionConfig::default();
    config.spoken = None;
    config
}
