//! One call: its channels, one analysis over all of them, and the packets that wait for it.
//!
//! In: RTP packets with the instant at which each came. Out: the same packets in the same order, what is masked replaced, [`latency_ms`](Session::latency_ms) later at the
//! latest, and events. Everything is taken from the allocator when the session is made and when a channel is added; nothing after that.
//!
//! All channels share one timeline at 8 kHz. Each packet lies on it by its timestamp, the first one by its arrival. The analysis goes on as soon as every channel has its
//! samples, and waits [`wait_ms`](SessionConfig::wait_ms) for what is missing; what comes later than that cannot be read, and is replaced whole.

use crate::channel::ChannelId;
use crate::config::{Formats, SessionConfig};
use crate::error::{PacketError, SessionError};
use crate::event::{Event, EventKind, Output, Packet};
use crate::keys::By;
use crate::store::room;
use crate::stream::{Leaving, PIECE, Stream};
use cardhush_core::{Analyzer, ChannelState, Digit, Event as Found, Span};

/// Samples a millisecond at 8 kHz.
const A_MS: u64 = 8;
/// By how much a channel may run ahead of the clock before the session's time follows it: a sender's clock is faster, or packets came all at once.
const AHEAD: u64 = 500 * A_MS;
const STEP: u64 = 250 * A_MS;
/// Around a key that an event tells of: what a gateway measures of its tone, it measures to a packet or two. What is left of a tone farther off is found by its sound.
const KEY_MARGIN: u64 = 40 * A_MS;
/// Microseconds of a sample at 8 kHz.
const US: u64 = 125;
/// Events of one piece for which there is room from the start: more than eight channels' plans have spans.
const FOUND: usize = 1_024;
/// Spans of the whole call that are remembered.
const KEPT: usize = 64;
/// Silence behind a call that settles what began in it: the longest tail of a mask, with room.
const SETTLING: u64 = 1_000 * A_MS;
/// Milliseconds by which the timeline begins before the session, so that packets that were overtaken at its start have their places.
pub const ORIGIN_MS: u64 = 2_000;
/// The longest time that passes at once: a clock that jumps farther, or a caller who was away, is followed by so much.
const LEAP: u64 = 60_000 * A_MS;

/// See the module.
pub struct Session {
    config: SessionConfig,
    analyzer: Analyzer<Vec<ChannelState>>,
    slots: Vec<Option<Slot>>,
    /// What the analysis found in a piece.
    found: Vec<Found>,
    start_us: u64,
    /// Samples at 8 kHz by which the timeline is ahead of the clock.
    lead: i64,
    /// Newest instant at 8 kHz; samples that were read; samples that have left.
    now: u64,
    read: u64,
    left: u64,
    number: u32,
    /// Spans that are masked on every channel, whoever is on it.
    masks: Vec<Span>,
    /// When the call is to be disarmed.
    disarm_at: Option<u64>,
}

struct Slot {
    id: ChannelId,
    stream: Stream,
}

impl Session {
    /// A call that begins at `start_us` microseconds since the epoch.
    ///
    /// # Errors
    /// A setting outside of its limits.
    pub fn new(config: &SessionConfig, start_us: u64) -> Result<Self, SessionError> {
        let engine = config.engine()?;
        let channels = usize::from(config.channels);
        let (mut states, mut slots) = (room(channels)?, room(channels)?);
        states.resize_with(channels, ChannelState::new);
        slots.resize_with(channels, || None);
        Ok(Self {
            analyzer: Analyzer::new(&engine, states)?,
            slots,
            found: room(FOUND)?,
            config: config.clone(),
            start_us,
            lead: (ORIGIN_MS * A_MS) as i64,
            now: ORIGIN_MS * A_MS,
            read: 0,
            left: 0,
            // From 1, so that no name is 0, which a caller may have for none.
            number: 1,
            masks: room(KEPT)?,
            disarm_at: None,
        })
    }

    /// How long a packet waits at most until it comes out, in ms: the look-ahead, and the wait for those that are missing.
    #[must_use]
    pub fn latency_ms(&self) -> u64 {
        self.analyzer.latency() / A_MS + u64::from(self.config.wait_ms) + PIECE as u64 / A_MS
    }

    /// Bytes and packets that wait in the session at most, with the channels that it has now: no one call gives out more.
    #[must_use]
    pub fn capacity(&self) -> (usize, usize) {
        let stores = self.slots.iter().flatten().map(|slot| slot.stream.capacity());
        stores.fold((0, 0), |(bytes, packets), (more_bytes, more_packets)| (bytes + more_bytes, packets + more_packets))
    }

    /// When position 0 is, in microseconds since the epoch: [`ORIGIN_MS`] before the call's begin, and so before the epoch where a clock begins with the call.
    #[must_use]
    pub fn origin_us(&self) -> i64 {
        self.start_us.min(i64::MAX as u64) as i64 - (ORIGIN_MS * 1_000) as i64
    }

    /// A channel joins the call.
    ///
    /// # Errors
    /// [`SessionError::Full`].
    pub fn add(&mut self, formats: &Formats) -> Result<ChannelId, SessionError> {
        let full = SessionError::Full { channels: self.config.channels };
        let slot = self.slots.iter().position(Option::is_none).ok_or(full)? as u8;
        let id = ChannelId { slot, number: self.number };
        let wait_s = u64::from(self.config.wait_ms).div_ceil(1_000);
        let hold_s = self.latency_ms().div_ceil(1_000) + 2;
        let stream = Stream::new(*formats, &self.config, slot, self.read, wait_s, hold_s)?;
        if let Some(place) = self.slots.get_mut(usize::from(slot)) {
            *place = Some(Slot { id, stream });
        }
        self.number += 1;
        Ok(id)
    }

    /// Whether a channel is in the call, or its last packets are.
    #[must_use]
    pub fn has(&self, channel: ChannelId) -> bool {
        self.slots.get(usize::from(channel.slot)).and_then(Option::as_ref).is_some_and(|slot| slot.id == channel)
    }

    /// A channel leaves the call: it takes nothing any more, and its place is free once its last packet has come out.
    pub fn remove(&mut self, channel: ChannelId) {
        if let Some(slot) = self.slot(channel) {
            slot.stream.closed = true;
        }
    }

    /// Takes a packet that came on a channel at `now_us`; `token` comes out with it. Tells at once of keys that events in it speak of, and of what came too late to be read.
    ///
    /// # Errors
    /// Why it was not taken: nothing of it will come out.
    pub fn receive(
        &mut self,
        channel: ChannelId,
        now_us: u64,
        packet: &[u8],
        token: u64,
        sink: &mut impl FnMut(Output<'_>),
    ) -> Result<(), PacketError> {
        // Where a packet lies depends on how far the analysis is: it must not have stayed behind the clock.
        self.advance(now_us, sink);
        let mut now = self.now;
        let slot = self.slot(channel).ok_or(PacketError::NoChannel)?;
        let taken = slot.stream.take(packet, now, now_us, token);
        if let Some(span) = slot.stream.withheld() {
            self.tell(channel.slot, span, EventKind::Withheld, sink);
        }
        let taken = taken?;
        let slot = self.slot(channel).ok_or(PacketError::NoChannel)?;
        while slot.stream.ahead(now) > AHEAD {
            now += STEP;
        }
        self.lead += (now - self.now) as i64;
        self.now = now;
        if let Some(span) = taken.torn {
            let span = self.analysed(channel.slot, span);
            self.analyzer.mask(Some(channel.slot), span, &mut |event| self.found.push(event));
        }
        if let Some(span) = taken.unread {
            self.tell(channel.slot, span, EventKind::Unread, sink);
        }
        for key in taken.keys.iter().flatten() {
            if key.begins && self.is_news(channel.slot, By::Event, key.span.start, key.digit) {
                self.tell(channel.slot, key.span, EventKind::Keyed(key.digit), sink);
            }
            let span = self.analysed(channel.slot, key.span);
            let span = Span::new(span.start.saturating_sub(KEY_MARGIN), span.end + KEY_MARGIN);
            self.analyzer.signalled(channel.slot, span, &mut |event| self.found.push(event));
        }
        self.tell_found(sink);
        Ok(())
    }

    /// It is `now_us`: reads what can be read, and hands out what is settled. To be called every 20 ms or so, or after every packet.
    pub fn advance(&mut self, now_us: u64, sink: &mut impl FnMut(Output<'_>)) {
        self.clock(now_us);
        let open = self.slots.iter().flatten().filter(|slot| !slot.stream.closed);
        let whole = open.map(|slot| slot.stream.whole()).min().unwrap_or(self.now);
        let waited = self.now.saturating_sub(u64::from(self.config.wait_ms) * A_MS);
        self.read_up_to(whole.max(waited), sink);
        self.free(sink);
    }

    /// The call is over: reads what has come, and hands out all that waits.
    pub fn finish(&mut self, sink: &mut impl FnMut(Output<'_>)) {
        let end = self.slots.iter().flatten().map(|slot| slot.stream.end()).max().unwrap_or(0).max(self.read);
        for slot in self.slots.iter_mut().flatten() {
            slot.stream.closed = true;
        }
        // Silence, until all that began in the call is settled.
        while self.left < end + SETTLING || self.slots.iter().flatten().any(|slot| !slot.stream.is_empty()) {
            self.read_up_to(self.read + PIECE as u64, sink);
        }
        // What reaches beyond that is told as far as it goes.
        self.analyzer.finish(&mut |event| self.found.push(event));
        self.tell_found(sink);
        self.free(sink);
    }

    /// Every run of spoken digits is masked from `now_us` on, until [`disarm`](Self::disarm): the agent asks for the card.
    pub fn arm(&mut self, now_us: u64) {
        self.clock(now_us);
        // What was read last is up to `wait_ms` old: armed a little earlier rather than later.
        self.disarm_at = None;
        self.analyzer.arm();
    }

    /// From `now_us` on, spoken digits are masked as the preset says.
    pub fn disarm(&mut self, now_us: u64) {
        self.clock(now_us);
        self.disarm_at = Some(self.now);
    }

    /// Masks what was or will be said between two instants, in microseconds since the epoch, on one channel or on all; what has come out of it is exposed. A channel whose packets are
    /// ahead of the clock is masked for as much longer.
    pub fn mask(&mut self, channel: Option<ChannelId>, from_us: u64, to_us: u64, sink: &mut impl FnMut(Output<'_>)) {
        let slot = channel.filter(|id| self.slot(*id).is_some()).map(ChannelId::slot);
        if (channel.is_some() && slot.is_none()) || to_us <= from_us || self.instant(to_us) == 0 {
            return;
        }
        let ahead = self.slots.iter().flatten().map(|slot| slot.stream.ahead(self.now)).max().unwrap_or(0);
        let span = Span::new(self.instant(from_us), self.instant(to_us).saturating_add(1 + ahead));
        if slot.is_none() {
            self.keep(span);
        }
        self.analyzer.mask(slot, span, &mut |event| self.found.push(event));
        self.tell_found(sink);
    }

    /// A key was pressed on a channel between two instants, in microseconds since the epoch, as signalling beside the packets tells (SIP INFO, the switch): masked with 40 ms round it, there and, where
    /// channels are linked, on all, whatever is heard; what has come out of it is exposed.
    pub fn signalled(&mut self, channel: ChannelId, from_us: u64, to_us: u64, sink: &mut impl FnMut(Output<'_>)) {
        if !self.has(channel) || to_us <= from_us {
            return;
        }
        let ahead = self.slots.iter().flatten().map(|slot| slot.stream.ahead(self.now)).max().unwrap_or(0);
        let span = Span::new(self.instant(from_us).saturating_sub(KEY_MARGIN), self.instant(to_us).saturating_add(1 + ahead + KEY_MARGIN));
        self.analyzer.signalled(channel.slot, span, &mut |event| self.found.push(event));
        self.tell_found(sink);
    }

    /// Remembers a span that is masked on every channel; those that touch are one, and where there are too many it is one with the last.
    fn keep(&mut self, mut span: Span) {
        let read = self.read;
        self.masks.retain(|mask| {
            let touches = mask.start <= span.end && span.start <= mask.end;
            if touches {
                span = Span::new(span.start.min(mask.start), span.end.max(mask.end));
            }
            !touches && mask.end > read
        });
        if self.masks.len() == KEPT
            && let Some(other) = self.masks.pop()
        {
            span = Span::new(span.start.min(other.start), span.end.max(other.end));
        }
        self.masks.push(span);
    }

    /// The position at 8 kHz of the instant `us`.
    fn instant(&self, us: u64) -> u64 {
        let since = (us.min(i64::MAX as u64) as i64).saturating_sub(self.start_us.min(i64::MAX as u64) as i64);
        (since / US as i64).saturating_add(self.lead).max(0) as u64
    }

    /// The instant of a position at 8 kHz, in microseconds since the epoch.
    fn wall(&self, position: u64) -> u64 {
        let samples = (position as i64).saturating_sub(self.lead);
        self.start_us.saturating_add_signed(samples.saturating_mul(US as i64))
    }

    fn clock(&mut self, now_us: u64) {
        // A clock that is set back does not turn the call back.
        let passed = self.instant(now_us).saturating_sub(self.now);
        if passed > LEAP {
            self.lead = self.lead.saturating_sub_unsigned(passed - LEAP);
        }
        self.now += passed.min(LEAP);
    }

    /// Whether a key is to be told, and was not yet by the other way of telling.
    fn is_news(&mut self, slot: u8, by: By, position: u64, digit: Digit) -> bool {
        let slot = self.slots.get_mut(usize::from(slot)).and_then(Option::as_mut);
        slot.is_some_and(|slot| {
            let rate_hz = slot.stream.rate_hz().into();
            slot.stream.keys.tell(by, position, digit, rate_hz)
        })
    }

    fn slot(&mut self, channel: ChannelId) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(channel.slot))?.as_mut().filter(|slot| slot.id == channel)
    }

    fn read_up_to(&mut self, target: u64, sink: &mut impl FnMut(Output<'_>)) {
        while self.read < target {
            let count = (target - self.read).min(PIECE as u64) as usize;
            if self.disarm_at.is_some_and(|at| at <= self.read) {
                self.disarm_at = None;
                self.analyzer.disarm();
            }
            self.read_piece(count);
            self.tell_found(sink);
            self.hand_out(sink);
        }
    }

    /// Reads the next `count` samples of every channel, and takes down what is masked of those that leave with it.
    fn read_piece(&mut self, count: usize) {
        let slots = &mut self.slots;
        let mut read = |c: usize, out: &mut [f32]| match slots.get_mut(c).and_then(Option::as_mut) {
            Some(slot) => slot.stream.samples(out),
            None => out.fill(0.0),
        };
        self.analyzer.push_apart(count, &mut read, &mut |event| self.found.push(event));
        self.read += count as u64;
        let leaves = Span::new(self.left, self.analyzer.settled().min(self.read));
        if leaves.is_empty() {
            return;
        }
        self.left = leaves.end;
        for (c, slot) in self.slots.iter_mut().enumerate() {
            let Some(slot) = slot else { continue };
            for span in self.analyzer.masked(c, leaves) {
                slot.stream.mask(span.overlap(leaves));
            }
        }
    }

    /// Frees the places of channels that were removed, and whose last packet has come out. What was asked for beyond that ends there.
    fn free(&mut self, sink: &mut impl FnMut(Output<'_>)) {
        for c in 0..self.slots.len() {
            let over = |slot: &Slot| slot.stream.closed && slot.stream.is_empty() && self.left >= slot.stream.end() + SETTLING;
            if self.slots.get(c).and_then(Option::as_ref).is_some_and(over) {
                self.analyzer.cut(c as u8, &mut |event| self.found.push(event));
                self.tell_found(sink);
                // What is asked for of the whole call goes on for whoever comes next.
                for mask in self.masks.iter().filter(|mask| mask.end > self.read) {
                    self.analyzer.mask(Some(c as u8), Span::new(mask.start.max(self.read), mask.end), &mut |_| ());
                }
                if let Some(place) = self.slots.get_mut(c) {
                    *place = None;
                }
            }
        }
    }

    fn hand_out(&mut self, sink: &mut impl FnMut(Output<'_>)) {
        let left = self.left;
        for place in &mut self.slots {
            let Some(slot) = place else { continue };
            let channel = slot.id;
            slot.stream.leave(left, |one| {
                let Leaving { bytes, position, arrived_us, token, dropped } = one;
                sink(Output::Packet(Packet { channel, bytes, position, arrived_us, token, dropped }));
            });
        }
    }

    /// Tells what the analysis found, in the channels' own samples.
    fn tell_found(&mut self, sink: &mut impl FnMut(Output<'_>)) {
        if self.found.is_empty() {
            return;
        }
        let mut found = std::mem::take(&mut self.found);
        for found in found.drain(..) {
            let (slot, span, kind) = match found {
                Found::Redacted(one) => (one.channel, one.span, EventKind::Redacted(one.cause)),
                Found::Exposed { channel, span, cause } => (channel, span, EventKind::Exposed(cause)),
                Found::Keyed { channel, digit, decided } => (channel, Span::new(decided, decided), EventKind::Keyed(digit)),
                _ => continue,
            };
            let Some(front) = self.slots.get(usize::from(slot)).and_then(Option::as_ref).map(|slot| slot.stream.front()) else { continue };
            let span = Span::new(front.to_call_floor(span.start), front.to_call_ceil(span.end));
            match kind {
                EventKind::Keyed(digit) if !self.is_news(slot, By::Tone, span.start, digit) => {}
                kind => self.tell(slot, span, kind, sink),
            }
        }
        self.found = found;
    }

    /// Tells of a span of a channel's own samples.
    fn tell(&self, slot: u8, span: Span, kind: EventKind, sink: &mut impl FnMut(Output<'_>)) {
        let begins_us = self.wall(self.analysed(slot, span).start);
        if let Some(slot) = self.slots.get(usize::from(slot)).and_then(Option::as_ref) {
            sink(Output::Event(Event { channel: slot.id, span, begins_us, kind }));
        }
    }

    /// A span of a channel's own samples at 8 kHz.
    fn analysed(&self, slot: u8, span: Span) -> Span {
        let slot = self.slots.get(usize::from(slot)).and_then(Option::as_ref);
        slot.map_or(span, |slot| {
            let front = slot.stream.front();
            Span::new(front.to_analysis_floor(span.start), front.to_analysis_ceil(span.end))
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What was found holds digits: overwritten, what was told included.
        let blank = Found::Exposed { channel: 0, span: Span::new(0, 0), cause: cardhush_core::Cause::Manual };
        self.found.clear();
        self.found.resize(self.found.capacity(), blank);
        std::hint::black_box(&self.found);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Holds audio and digits: shows nothing of them.
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
