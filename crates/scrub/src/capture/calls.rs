//! The calls of a capture, each through a session of its own, in the order of the capture.
//!
//! In: the packets of the flows, and when each was captured. Out: what of each packet is to be written, and the spans that it is for. A call that is silent for
//! [`IDLE_US`] is ended, so that memory goes by the calls at one time.

use super::flow::Flow;
use crate::mask::{Instant, Mask};
use crate::settings::Settings;
use cardhush_core::Span;
use cardhush_recorder::{ChannelId, Event, EventKind, Output, Session, SessionConfig, SessionError};
use std::collections::HashMap;

/// Microseconds without a packet after which a call is over.
const IDLE_US: u64 = 60_000_000;
/// Look-ahead in ms, of any stage: nothing leaves a file.
const LOOK_AHEAD_MS: u32 = 8_000;

/// A span of one stream: samples since the capture began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Number of the flow.
    pub stream: usize,
    /// Samples of it since the capture began.
    pub span: Span,
    /// Why, as reports say it; `unread`: it could not be read.
    pub cause: &'static str,
}

/// What is told while packets go through.
pub enum Told<'a> {
    /// The bytes of the payload of the packet with this mark.
    Payload(u64, &'a [u8]),
    /// A span that is replaced.
    Found(Found),
    /// A span would have had to be, and had come out.
    Exposed,
}

/// See the module.
pub struct Calls<'a> {
    flows: &'a [Flow],
    config: SessionConfig,
    masks: &'a [Mask],
    armed: &'a [Mask],
    begin_us: u64,
    live: HashMap<usize, Live>,
}

struct Live {
    session: Session,
    last_us: u64,
    channels: HashMap<usize, ChannelId>,
    armed: bool,
}

impl<'a> Calls<'a> {
    /// Of a capture that begins at `begin_us`.
    pub fn new(flows: &'a [Flow], settings: &'a Settings, begin_us: u64) -> Self {
        let mut config = SessionConfig::default();
        config.look_ahead_ms = Some(LOOK_AHEAD_MS);
        config.keyed = settings.keyed.then(Default::default);
        config.spoken = settings.spoken;
        config.linking = settings.linking;
        config.fill = settings.fill;
        Self { flows, config, masks: &settings.masks, armed: &settings.armed, begin_us, live: HashMap::new() }
    }

    /// Takes a packet of a flow, captured at `now_us`.
    ///
    /// # Errors
    /// A packet that cannot be read.
    pub fn take(&mut self, stream: usize, now_us: u64, payload: &[u8], token: u64, mut tell: impl FnMut(Told<'_>)) -> Result<(), String> {
        let Some(flow) = self.flows.get(stream) else { return Err("no such stream".into()) };
        // A call that was silent for long is another one; no time passes in between.
        if self.live.get(&flow.call).is_some_and(|live| live.last_us + IDLE_US < now_us) {
            self.end_call(flow.call, &mut tell);
        }
        if !self.live.contains_key(&flow.call) {
            let members = self.flows.iter().enumerate().filter(|(_, one)| one.call == flow.call);
            let live = self.begin(members, now_us).map_err(|error| error.to_string())?;
            self.live.insert(flow.call, live);
        }
        let Some(live) = self.live.get_mut(&flow.call) else { return Err("no such call".into()) };
        live.last_us = live.last_us.max(now_us);
        let arm = self.armed.iter().any(|one| covers(one, now_us.saturating_sub(self.begin_us)));
        if arm != live.armed {
            live.armed = arm;
            if arm { live.session.arm(now_us) } else { live.session.disarm(now_us) }
        }
        let channel = live.channels.get(&stream).copied().ok_or("no such channel")?;
        let mut teller = Teller::new(&live.channels, self.flows, live.session.origin_us(), self.begin_us, &mut tell);
        let taken = live.session.receive(channel, now_us, payload, token, &mut |output| teller.hear(output));
        live.session.advance(now_us, &mut |output| teller.hear(output));
        taken.map_err(|error| error.to_string())
    }

    /// Ends the calls that are silent at `now_us`; all of them where that is `None`.
    pub fn end(&mut self, now_us: Option<u64>, mut tell: impl FnMut(Told<'_>)) {
        let over: Vec<usize> =
            self.live.iter().filter(|(_, live)| now_us.is_none_or(|now| live.last_us + IDLE_US < now)).map(|(call, _)| *call).collect();
        over.into_iter().for_each(|call| self.end_call(call, &mut tell));
    }

    fn end_call(&mut self, call: usize, tell: &mut impl FnMut(Told<'_>)) {
        if let Some(mut live) = self.live.remove(&call) {
            let mut teller = Teller::new(&live.channels, self.flows, live.session.origin_us(), self.begin_us, tell);
            live.session.finish(&mut |output| teller.hear(output));
        }
    }

    fn begin<'f>(&self, members: impl Iterator<Item = (usize, &'f Flow)>, start_us: u64) -> Result<Live, SessionError> {
        let members: Vec<(usize, &Flow)> = members.collect();
        let mut config = self.config.clone();
        config.channels = members.len().max(1) as u8;
        let mut session = Session::new(&config, start_us)?;
        let mut channels = HashMap::new();
        for (stream, flow) in members {
            channels.insert(stream, session.add(&flow.formats)?);
        }
        for mask in self.masks {
            let us = |instant: Instant| self.begin_us.saturating_add(since_begin_us(instant));
            let channel = mask.channel.map(usize::from);
            let named = channel.and_then(|stream| channels.get(&stream).copied());
            if channel.is_none() || named.is_some() {
                session.mask(named, us(mask.from), us(mask.to), &mut |_| ());
            }
        }
        Ok(Live { session, last_us: start_us, channels, armed: false })
    }
}

/// An instant in microseconds since the capture began; samples are those of 8 kHz.
fn since_begin_us(instant: Instant) -> u64 {
    match instant {
        Instant::Seconds(seconds) => (seconds * 1e6) as u64,
        Instant::Sample(sample) => sample.saturating_mul(125),
        Instant::End => u64::MAX,
    }
}

/// Whether an instant, in microseconds since the capture began, lies in a span that was given by hand.
fn covers(mask: &Mask, at_us: u64) -> bool {
    (since_begin_us(mask.from)..since_begin_us(mask.to)).contains(&at_us)
}

/// Turns what a session says into spans of the capture.
struct Teller<'a, F: FnMut(Told<'_>)> {
    channels: &'a HashMap<usize, ChannelId>,
    flows: &'a [Flow],
    /// The session's origin, in microseconds since the capture began; before that where negative.
    behind_us: i64,
    tell: &'a mut F,
}

impl<'a, F: FnMut(Told<'_>)> Teller<'a, F> {
    fn new(channels: &'a HashMap<usize, ChannelId>, flows: &'a [Flow], origin_us: i64, begin_us: u64, tell: &'a mut F) -> Self {
        Self { channels, flows, behind_us: origin_us - begin_us as i64, tell }
    }

    fn hear(&mut self, output: Output<'_>) {
        match output {
            Output::Packet(packet) => (self.tell)(Told::Payload(packet.token, packet.bytes)),
            Output::Event(Event { channel, span, kind, .. }) => {
                let Some((stream, _)) = self.channels.iter().find(|(_, id)| **id == channel) else { return };
                let rate_hz = self.flows.get(*stream).map_or(8_000, |flow| i64::from(flow.formats.rate_hz()));
                let behind = self.behind_us / 1_000 * rate_hz / 1_000 + self.behind_us % 1_000 * rate_hz / 1_000_000;
                let since = |at: u64| at.saturating_add_signed(behind);
                let found = |cause| Found { stream: *stream, span: Span::new(since(span.start), since(span.end)), cause };
                match kind {
                    EventKind::Redacted(cause) => (self.tell)(Told::Found(found(cause.name()))),
                    EventKind::Unread => (self.tell)(Told::Found(found("unread"))),
                    EventKind::Exposed(_) => (self.tell)(Told::Exposed),
                    // Of what is withheld the next packet is refused.
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
