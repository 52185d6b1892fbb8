//! One channel of a session: its packets, where their samples lie, and what comes out of them once it is settled.
//!
//! In: RTP packets. Out: samples at 8 kHz in order, for the analysis; later the same packets, in the order in which they came, with what is masked
//! of their payloads replaced and the digits of their events rewritten.

use crate::config::{EventFate, Formats, Payload, SessionConfig};
use crate::encrypted::Evenness;
use crate::error::{PacketError, SessionError};
use crate::keys::Keys;
use crate::masks::Masks;
use crate::parts::{Kind, MAX_PARTS, Part, STAR, parts};
use crate::place::{Arrival, Placer};
use crate::rtp::Header;
use crate::store::{Store, Waiting, at_hand, room};
use crate::timeline::{Put, Timeline};
use cardhush_core::{Alaw, Coding, Digit, FrontParams, FrontState, Linear16, Span, Suppressor, Ulaw, g711, suppress::FILL_SEED};

/// Bytes of the longest packet that is taken: an Ethernet frame's.
pub const MAX_PACKET: usize = 1_500;
/// Samples at 8 kHz that are made in one go.
pub const PIECE: usize = 160;
/// Bytes before the payload of a packet that storage is reckoned with, and packets a second: of 5 ms.
const HEADER: usize = 60;
const PACKETS_A_SECOND: usize = 200;
/// Times that a sample is sent where there is redundancy (RFC 2198).
const TIMES_SENT: usize = 3;
/// Seconds beside the reach of the timeline by which a copy that waits may be behind what is settled.
const MEMORY_S: u64 = 2;
/// Milliseconds for which a source that sent audio keeps the channel for itself.
const OWNED_MS: u64 = 60;
/// Milliseconds of a new source that are masked behind what was replaced of it.
const SEAM_MS: u64 = 40;
/// Samples of the channel that one piece takes at most, with what the resampler is late: 48 kHz.
const OWN_PIECE: usize = 2_048;

/// A key that an event tells of.
#[derive(Clone, Copy)]
pub struct Key {
    /// Samples of the channel in which it is pressed, as far as known.
    pub span: Span,
    /// Which.
    pub digit: Digit,
    /// Told for the first time.
    pub begins: bool,
}

/// What a packet was taken for.
pub struct Taken {
    /// Keys in it.
    pub keys: [Option<Key>; MAX_PARTS],
    /// Samples that could not be read any more, and will be replaced whole.
    pub unread: Option<Span>,
    /// The first samples of a source that was replaced until now: the rest of a key may be in them.
    pub torn: Option<Span>,
}

/// A packet that comes out.
pub struct Leaving<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Position of its timestamp.
    pub position: u64,
    /// When it came, in microseconds.
    pub arrived_us: u64,
    /// The caller's mark.
    pub token: u64,
    /// Whether it is to be left out of what is stored.
    pub dropped: bool,
}

/// See the module.
pub struct Stream {
    formats: Formats,
    events: EventFate,
    front: FrontParams,
    resampler: FrontState,
    /// Samples at 8 kHz that were made and not read, from position `read` on.
    made: Vec<f32>,
    read: u64,
    placer: Placer,
    timeline: Timeline,
    evenness: Evenness,
    ssrc: Option<u32>,
    encrypted: bool,
    /// Where a payload is decoded.
    linear: Box<[i16]>,
    store: Store,
    masks: Masks,
    suppressor: Suppressor,
    /// The position after the last sample that came out in order.
    out: u64,
    /// Keys that were told, to tell each once.
    pub keys: Keys,
    /// Samples behind what is settled for which masks are remembered: as far as a copy that waits may reach.
    memory: u64,
    /// The source that sends audio, when it last did, and how many samples of others came since. Of two at one time the other's cannot be read: a channel is one voice.
    owner: Option<(u32, u64, u64)>,
    /// It takes no packets any more.
    pub closed: bool,
}

impl Stream {
    /// A channel whose first packet comes when the analysis, at 8 kHz, has read up to `read`. Packets wait for up to `hold_s` seconds; missing ones are waited for `wait_s`.
    pub fn new(formats: Formats, config: &SessionConfig, slot: u8, read: u64, wait_s: u64, hold_s: u64) -> Result<Self, SessionError> {
        let rate_hz = formats.rate_hz();
        let front = FrontParams::new(rate_hz)?;
        let position = front.to_call_ceil(read);
        let times = if formats.is_redundant() { TIMES_SENT } else { 1 };
        let a_second = rate_hz as usize * formats.sample_bytes() * times + HEADER * PACKETS_A_SECOND;
        let hold_s = hold_s as usize;
        let timeline = Timeline::new(rate_hz, wait_s, position)?;
        let memory = timeline.reach() + MEMORY_S * u64::from(rate_hz);
        Ok(Self {
            formats,
            events: config.events,
            resampler: FrontState::new(),
            made: room(4 * PIECE)?,
            read,
            placer: Placer::default(),
            timeline,
            evenness: Evenness::new(),
            ssrc: None,
            encrypted: false,
            linear: at_hand(MAX_PACKET)?,
            store: Store::new(a_second * hold_s + MAX_PACKET, PACKETS_A_SECOND * hold_s)?,
            masks: Masks::new()?,
            suppressor: Suppressor::new(config.fill, rate_hz, 0, FILL_SEED ^ u64::from(slot)),
            out: position,
            keys: Keys::default(),
            memory,
            owner: None,
            closed: false,
            front,
        })
    }

    /// The channel's rate and its place on the line of 8 kHz.
    pub const fn front(&self) -> &FrontParams {
        &self.front
    }

    /// Samples a second.
    pub const fn rate_hz(&self) -> u32 {
        self.formats.rate_hz()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Bytes and packets that there is room for.
    pub const fn capacity(&self) -> (usize, usize) {
        self.store.capacity()
    }

    /// Takes a packet that came at `now` (8 kHz) and `arrived_us`.
    pub fn take(&mut self, packet: &[u8], now: u64, arrived_us: u64, token: u64) -> Result<Taken, PacketError> {
        if self.closed {
            return Err(PacketError::NoChannel);
        }
        if self.encrypted {
            return Err(PacketError::Encrypted);
        }
        if packet.len() > MAX_PACKET {
            return Err(PacketError::TooLong { len: packet.len(), most: MAX_PACKET });
        }
        let header = Header::read(packet)?;
        if header.is_rtcp() {
            return Err(PacketError::Rtcp);
        }
        let mut found: [Part; MAX_PARTS] = Default::default();
        let count = parts(packet, header.payload.clone(), header.payload_type, &self.formats, &mut found)?;
        let found = found.get(..count).unwrap_or_default();
        if !self.store.has_room(packet.len()) {
            return Err(PacketError::Flooded { held: self.store.held() });
        }
        if self.ssrc != Some(header.ssrc) {
            self.ssrc = Some(header.ssrc);
            self.evenness.another();
        }
        self.encrypted = found
            .iter()
            .any(|part| matches!(part.kind, Kind::Audio { .. }) && self.evenness.count(packet.get(part.bytes.clone()).unwrap_or_default()));
        if self.encrypted {
            return Err(PacketError::Encrypted);
        }
        let samples = found.iter().filter(|part| part.earlier == 0).find_map(|part| match part.kind {
            Kind::Audio { samples, .. } if samples > 0 => Some(samples),
            _ => None,
        });
        let lasted = found.iter().map(|part| if let Kind::Key { after, duration, .. } = part.kind { after + duration } else { 0 });
        let now = self.front.to_call_floor(now);
        let (intrudes, takes_over) = samples.map_or((false, false), |samples| self.intrudes(header.ssrc, now, samples.into()));
        let position = if intrudes {
            now.saturating_sub(samples.unwrap_or(0).into())
        } else {
            self.placer.place(&Arrival {
                ssrc: header.ssrc,
                sequence: header.sequence,
                timestamp: header.timestamp,
                samples,
                lasted: lasted.max().unwrap_or(0),
                now,
                unread: self.timeline.unread(),
                rate_hz: self.rate_hz(),
            })
        };
        let mut waiting = Waiting::new(arrived_us, token, position);
        let mut taken = Taken { keys: [None; MAX_PARTS], unread: None, torn: None };
        if takes_over {
            // What it said before was replaced: a key across the seam is too short to be heard.
            taken.torn = Some(Span::new(position, position + SEAM_MS * u64::from(self.rate_hz()) / 1_000));
        }
        for (i, part) in found.iter().enumerate() {
            let start = position.saturating_sub(part.earlier.into());
            match part.kind {
                Kind::Audio { payload, samples } => {
                    let span = Span::new(start, start + u64::from(samples));
                    waiting.span = hull(waiting.span, span);
                    let bytes = packet.get(part.bytes.clone()).unwrap_or_default();
                    if intrudes || self.timeline.put(start, decode(payload, bytes, &mut self.linear)) == Put::Unread {
                        waiting.unread |= 1 << i;
                        taken.unread = Some(taken.unread.map_or(span, |other| hull(other, span)));
                    }
                }
                Kind::Key { digit, after, duration, .. } => {
                    let begins = self.keys.event((header.ssrc, header.timestamp.wrapping_sub(part.earlier).wrapping_add(after)));
                    let start = start + u64::from(after);
                    let key = Key { span: Span::new(start, start + u64::from(duration)), digit, begins };
                    taken.keys.iter_mut().skip(i).take(1).for_each(|place| *place = Some(key));
                }
                Kind::Other => {}
            }
        }
        if !self.store.push(packet, waiting) {
            return Err(PacketError::Flooded { held: self.store.held() });
        }
        Ok(taken)
    }

    /// Whether a source sends so many samples at `now` while another one does; and whether it takes over from that one, which has been silent by the clock or by what others sent meanwhile.
    fn intrudes(&mut self, ssrc: u32, now: u64, samples: u64) -> (bool, bool) {
        let owned = OWNED_MS * u64::from(self.rate_hz()) / 1_000;
        if let Some((owner, last, others)) = &mut self.owner
            && *owner != ssrc
            && now < *last + owned
            && *others + samples <= owned
        {
            *others += samples;
            return (true, false);
        }
        let takes_over = self.owner.is_some_and(|(owner, _, others)| owner != ssrc && others > 0);
        self.owner = Some((ssrc, now, 0));
        (false, takes_over)
    }

    /// The position at 8 kHz up to which all packets are there.
    pub fn whole(&self) -> u64 {
        self.front.to_analysis_floor(self.timeline.whole().saturating_sub(self.front.latency() as u64))
    }

    /// The position at 8 kHz after its last sample.
    pub fn end(&self) -> u64 {
        self.front.to_analysis_ceil(self.placer.end()) + PIECE as u64
    }

    /// Samples at 8 kHz by which its packets are ahead of `now`.
    pub fn ahead(&self, now: u64) -> u64 {
        self.front.to_analysis_floor(self.placer.end()).saturating_sub(now)
    }

    /// The next samples at 8 kHz, at most [`PIECE`].
    pub fn samples(&mut self, out: &mut [f32]) {
        let count = out.len().min(PIECE);
        if self.front.is_identity() {
            self.timeline.read(out);
        } else {
            let mut own = [0.0; OWN_PIECE];
            // The resampler is late by its latency: what it has not made yet comes with the next samples.
            while self.made.len() < count {
                let end = self.front.to_call_ceil(self.read + count as u64) + self.front.latency() as u64 + 1;
                let take = (end.saturating_sub(self.timeline.unread()) as usize).clamp(1, OWN_PIECE);
                let own = own.get_mut(..take).unwrap_or_default();
                self.timeline.read(own);
                let mut rest = &*own;
                while !rest.is_empty() {
                    let mut made = [0.0; PIECE];
                    let progress = self.resampler.push(&self.front, rest, &mut made);
                    self.made.extend_from_slice(made.get(..progress.made).unwrap_or_default());
                    rest = rest.get(progress.taken..).unwrap_or_default();
                    if progress.taken == 0 && progress.made == 0 {
                        break;
                    }
                }
            }
            for (out, made) in out.iter_mut().zip(self.made.drain(..count.min(self.made.len()))) {
                *out = made;
            }
        }
        self.read += count as u64;
    }

    /// A span at 8 kHz is masked, and all of it has left the analysis.
    pub fn mask(&mut self, span: Span) {
        self.masks.add(Span::new(self.front.to_call_floor(span.start), self.front.to_call_ceil(span.end)));
    }

    /// Once it is known that its payloads are encrypted: lets go of all packets that wait, and says what they span; once.
    pub fn withheld(&mut self) -> Option<Span> {
        let mut span = None;
        while let Some((waiting, _)) = self.store.first().filter(|_| self.encrypted) {
            span = Some(span.map_or(waiting.span, |span| hull(span, waiting.span)));
            self.store.pop();
        }
        span
    }

    /// Hands out the packets whose samples lie before `settled`, at 8 kHz.
    pub fn leave(&mut self, settled: u64, mut each: impl FnMut(Leaving<'_>)) {
        let settled = self.front.to_call_floor(settled);
        while let Some((waiting, bytes)) = self.store.first() {
            if waiting.span.end > settled || waiting.position > settled {
                break;
            }
            let (position, arrived_us, token, unread) = (waiting.position, waiting.arrived_us, waiting.token, waiting.unread);
            let mut job = Job { formats: &self.formats, masks: &self.masks, suppressor: &mut self.suppressor, out: &mut self.out };
            let keys_alone = job.replace(bytes, position, unread);
            each(Leaving { bytes, position, arrived_us, token, dropped: keys_alone && self.events == EventFate::Drop });
            self.store.pop();
            // Copies of what came out may still wait.
            self.masks.forget(settled.saturating_sub(self.memory));
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.linear.fill(0);
        // What was drained lies behind its end.
        self.made.clear();
        self.made.resize(self.made.capacity(), 0.0);
        self.keys = Keys::default();
        std::hint::black_box((&self.linear, &self.made, &self.keys));
    }
}

/// What the replacing of one packet needs.
struct Job<'a> {
    formats: &'a Formats,
    masks: &'a Masks,
    suppressor: &'a mut Suppressor,
    out: &'a mut u64,
}

impl Job<'_> {
    /// Replaces what is masked of a packet; whether it holds keys and nothing else.
    fn replace(&mut self, bytes: &mut [u8], position: u64, unread: u8) -> bool {
        // It was read when it came.
        let Ok(header) = Header::read(bytes) else { return false };
        let mut found: [Part; MAX_PARTS] = Default::default();
        let count = parts(bytes, header.payload, header.payload_type, self.formats, &mut found).unwrap_or(0);
        let (mut keys, mut audio, mut other) = (false, false, false);
        for (i, part) in found.into_iter().take(count).enumerate() {
            let Some(bytes) = bytes.get_mut(part.bytes) else { continue };
            match part.kind {
                Kind::Audio { payload, samples } => {
                    audio = true;
                    let start = position.saturating_sub(part.earlier.into());
                    let span = Span::new(start, start + u64::from(samples));
                    let whole = [span];
                    let spans = if unread & (1 << i) == 0 { self.masks.of(span) } else { &whole };
                    // The fill goes by what came before: what comes out of order gets that of its own.
                    if start >= *self.out {
                        *self.out = span.end;
                        fill(self.suppressor, payload, bytes, start, spans);
                    } else if !spans.is_empty() {
                        fill(&mut self.suppressor.clone(), payload, bytes, start, spans);
                    }
                }
                Kind::Key { .. } => {
                    keys = true;
                    bytes.iter_mut().take(1).for_each(|event| *event = STAR);
                }
                Kind::Other => other = true,
            }
        }
        keys && !audio && !other
    }
}

/// Replaces `spans` of a payload whose first sample lies at `start`.
fn fill(suppressor: &mut Suppressor, payload: Payload, bytes: &mut [u8], start: u64, spans: &[Span]) {
    match payload {
        Payload::Pcmu => suppressor.apply::<Ulaw>(bytes, 1, start, spans),
        Payload::Pcma => suppressor.apply::<Alaw>(bytes, 1, start, spans),
        _ => {
            let mut units = [0_i16; MAX_PACKET / 2];
            let count = bytes.len() / 2;
            let units = units.get_mut(..count).unwrap_or_default();
            for (unit, two) in units.iter_mut().zip(bytes.chunks_exact(2)) {
                *unit = two.first_chunk().map_or(0, |two| i16::from_be_bytes(*two));
            }
            suppressor.apply::<Linear16>(units, 1, start, spans);
            for (unit, two) in units.iter().zip(bytes.chunks_exact_mut(2)) {
                two.copy_from_slice(&unit.to_be_bytes());
            }
            units.fill(Linear16::SILENCE);
            std::hint::black_box(units);
        }
    }
}

/// The linear samples of a payload, into `out`.
fn decode<'a>(payload: Payload, bytes: &[u8], out: &'a mut [i16]) -> &'a [i16] {
    let count = match payload {
        Payload::Pcmu | Payload::Pcma => {
            let decode = if payload == Payload::Pcmu { g711::ulaw_to_linear } else { g711::alaw_to_linear };
            out.iter_mut().zip(bytes).for_each(|(out, code)| *out = decode(*code));
            bytes.len()
        }
        _ => {
            out.iter_mut()
                .zip(bytes.chunks_exact(2))
                .for_each(|(out, two)| *out = two.first_chunk().map_or(0, |two| i16::from_be_bytes(*two)));
            bytes.len() / 2
        }
    };
    out.get(..count).unwrap_or_default()
}

/// The smallest span that holds both; an empty one counts as nothing.
fn hull(one: Span, other: Span) -> Span {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other,
        (_, true) => one,
        _ => Span::new(one.start.min(other.start), one.end.max(other.end)),
    }
}
