//! Everything up to the redactions: reads audio of all channels of a call and says what is to be masked. Writes nothing.
//!
//! In: interleaved samples in the caller's coding, any chunk length. Out: [`Event`]s. The output depends only on the samples, not
//! on how they were cut. A sample's fate is settled [`latency`](Analyzer::latency) samples after it came in; what is found later is
//! reported as [`Event::Exposed`]. With `look_ahead_ms: None` that is as long as the stages ask for.

mod link;

use crate::coding::Coding;
use crate::config::{Config, Linking, Nearness};
use crate::error::ConfigError;
use crate::event::{Cause, Event, Span};
use crate::front::{FrontParams, FrontState};
use crate::keyed::tones::HOP;
use crate::keyed::{BLOCK, Params, Receiver};
use crate::policy::plan::Plan;
use crate::policy::window::{Ask, Window};
use crate::spoken::ear::Ear;
use crate::spoken::{self, SLOT};
use crate::wipe::seen;

/// Samples at 8 kHz of silence after a call that settle every track, tail and echo of it; and every run of digits, with what sounds next to it.
const SETTLING: u64 = 8_000;
const SETTLING_SPOKEN: u64 = 16_000;
/// Frames of the keyed stage, the clock of the analysis, in a slot of the spoken one.
const FRAMES_OF_SLOT: u64 = (SLOT / HOP) as u64;

/// Samples of one channel that are decoded in one go.
const PIECE: usize = BLOCK;

/// What one channel carries from chunk to chunk. Fixed in size; the caller provides one for each channel.
#[derive(Clone)]
pub struct ChannelState {
    front: FrontState,
    receiver: Receiver,
    ear: Ear,
    plan: Plan,
}

impl ChannelState {
    /// The state before the first sample.
    #[must_use]
    pub const fn new() -> Self {
        Self::at_start(0)
    }

    const fn at_start(kept: u64) -> Self {
        Self { front: FrontState::new(), receiver: Receiver::new(), ear: Ear::new(), plan: Plan::new(kept) }
    }
}

impl Default for ChannelState {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for ChannelState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Holds audio and digits: shows nothing of them.
        f.debug_struct("ChannelState").finish_non_exhaustive()
    }
}

/// See the module. `S` holds one [`ChannelState`] a channel: an array, a slice or a `Vec`. Dropped, it leaves nothing of the call in them, whose
/// ever they are.
pub struct Analyzer<S: AsMut<[ChannelState]>> {
    states: S,
    channels: usize,
    front: FrontParams,
    keyed: Option<Params>,
    spoken: Option<spoken::Params>,
    window: Window,
    linked: bool,
    latency: u64,
    /// Samples for which the plans remember what has left.
    kept: u64,
    /// Frames that every channel was stepped through.
    stepped: u64,
    /// Samples that came in; and samples at 8 kHz that were made of them.
    taken: u64,
    analysed: u64,
    /// The first sample that has not left.
    left: u64,
}

impl<S: AsMut<[ChannelState]>> Analyzer<S> {
    /// An analyzer for calls of this form; resets `states`.
    ///
    /// # Errors
    /// A value of `config` outside of its limits; fewer states than channels.
    pub fn new(config: &Config, mut states: S) -> Result<Self, ConfigError> {
        config.check()?;
        let channels = usize::from(config.channels);
        let given = states.as_mut().len();
        if given < channels {
            return Err(ConfigError::Storage { what: "channel states", given, needed: channels });
        }
        let front = FrontParams::new(config.rate_hz)?;
        let latency = config.latency();
        let keyed = config.keyed.map(|keyed| Params::new(config.isa, keyed));
        let spoken = config.spoken.map(|spoken| spoken::Params::new(config.isa, spoken.model));
        let window = Window::new(config.spoken.map_or_else(Default::default, |spoken| spoken.preset));
        let linked = config.linking == Linking::Linked;
        // What left a moment ago may still be in the hands of a scrubber: a piece of it, and what frames have settled ahead.
        let kept = u64::from(config.rate_hz) * 4 * HOP as u64 / 8_000 + PIECE as u64;
        let mut analyzer =
            Self { states, channels, front, keyed, spoken, window, linked, latency, kept, stepped: 0, taken: 0, analysed: 0, left: 0 };
        analyzer.reset();
        Ok(analyzer)
    }

    /// Samples after which a sample's fate is settled, at the call's rate.
    #[must_use]
    pub const fn latency(&self) -> u64 {
        self.latency
    }

    /// The first sample that has not left: every one before it is settled.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.left
    }

    /// Samples a channel that came in so far.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Forgets the call: every state is replaced whole.
    pub fn reset(&mut self) {
        for state in self.states.as_mut() {
            // Part by part: as a whole it takes 38 kB of the caller's stack.
            state.front = FrontState::new();
            state.receiver = Receiver::new();
            state.ear = Ear::new();
            state.plan = Plan::new(self.kept);
        }
        self.window.reset();
        (self.stepped, self.taken, self.analysed, self.left) = (0, 0, 0, 0);
        seen(self.states.as_mut());
    }

    /// Masks `span` of one channel, or of all; what of it has left already is exposed. A channel that the call lacks stands for all, so
    /// that a wrong number never leaves audio in.
    pub fn mask(&mut self, channel: Option<u8>, span: Span, sink: &mut impl FnMut(Event)) {
        for (c, state) in (0_u8..).zip(self.states.as_mut().iter_mut().take(self.channels)) {
            if channel.is_none_or(|wanted| wanted == c || usize::from(wanted) >= self.channels) {
                state.plan.add(c, span, span.start, Cause::Manual, sink);
            }
        }
    }

    /// Nothing that was asked for of a channel reaches beyond what has come in: whoever was on it is gone. What is masked of it is told.
    pub fn cut(&mut self, channel: u8, sink: &mut impl FnMut(Event)) {
        if let Some(state) = self.states.as_mut().iter_mut().take(self.channels).nth(channel.into()) {
            state.plan.cut(channel, self.taken, sink);
        }
    }

    /// A key was pressed in `span` of a channel, as signalling tells ([RFC 4733](https://www.rfc-editor.org/rfc/rfc4733) telephone-event): masked there and,
    /// where channels are linked, on every other one, whatever is heard; what of it has left already is exposed. Asked for again as it grows. A channel that
    /// the call lacks stands for all.
    pub fn signalled(&mut self, channel: u8, span: Span, sink: &mut impl FnMut(Event)) {
        let (from, to) = (self.front.to_analysis_floor(span.start), self.front.to_analysis_ceil(span.end));
        for (c, state) in (0_u8..).zip(self.states.as_mut().iter_mut().take(self.channels)) {
            let own = channel == c || usize::from(channel) >= self.channels;
            if own || self.linked {
                state.plan.add(c, span, span.start, if own { Cause::Event } else { Cause::Linked }, sink);
                state.ear.tone(from, to);
            }
        }
    }

    /// From the next sample on, every run of spoken digits is masked, until [`disarm`](Self::disarm): the agent asks for the card now.
    pub fn arm(&mut self) {
        self.window.arm(self.slot_of(self.taken));
    }

    /// From the next sample on, spoken digits are masked as the preset says.
    pub fn disarm(&mut self) {
        self.window.disarm(self.slot_of(self.taken));
    }

    /// A transcript has so many digits in `span` of one channel, or of whichever. Words come in the order of their starts, each when its sound comes, give
    /// or take a second. A channel that the call lacks stands for all.
    pub fn read(&mut self, channel: Option<u8>, span: Span, digits: u8, sink: &mut impl FnMut(Event)) {
        let (start, end) = (self.slot_of(span.start), self.slot_of(span.end).saturating_add(1));
        let left = self.slot_of(self.left);
        for (c, state) in (0_u8..).zip(self.states.as_mut().iter_mut().take(self.channels)) {
            let meant = channel.is_none_or(|wanted| wanted == c || usize::from(wanted) >= self.channels);
            if meant && let Some(ask) = state.ear.read(&mut self.window, start, end, f32::from(digits), left) {
                mask(&self.front, &mut state.plan, c, ask, Cause::Transcript, sink);
            }
        }
    }

    /// Tones are known to sound in `span` of a channel, so no words do: what a look for keyed digits tells a look for spoken ones. Up to 2 s before it
    /// comes; a channel that the call lacks is left out.
    pub fn tone(&mut self, channel: u8, span: Span) {
        let (from, to) = (self.front.to_analysis_floor(span.start), self.front.to_analysis_ceil(span.end));
        if let Some(state) = self.states.as_mut().iter_mut().take(self.channels).nth(channel.into()) {
            state.ear.tone(from, to);
        }
    }

    /// Keyed digits are known to be so near to the samples that come next on this channel: what a first look at a file tells the second.
    /// A channel that the call lacks is left out.
    pub fn near(&mut self, channel: u8, near: Nearness) {
        if let Some(state) = self.states.as_mut().iter_mut().take(self.channels).nth(channel.into()) {
            state.receiver.give(near);
        }
    }

    /// Reads a chunk of interleaved samples; a trailing part of a frame is left out.
    pub fn push<C: Coding>(&mut self, pcm: &[C::Unit], sink: &mut impl FnMut(Event)) {
        let channels = self.channels.max(1);
        // The limit is never met: the compiler shall see that the length is not 0.
        for piece in pcm.chunks((self.piece() * channels).max(1)) {
            let frames = piece.len().checked_div(channels).unwrap_or(0);
            self.push_piece(frames, &mut |c, out| decode::<C>(piece, channels, c, out), sink);
        }
    }

    /// The same for `frames` samples of every channel that lie apart: `read` is asked for each channel, by its number from 0, in turn and piece by piece, to write the next of its
    /// samples, full scale 1.0; what is no number or beyond 8 is read as [`Float32`](crate::Float32) is.
    pub fn push_apart(&mut self, mut frames: usize, read: &mut impl FnMut(usize, &mut [f32]), sink: &mut impl FnMut(Event)) {
        while frames > 0 {
            let piece = frames.min(self.piece());
            let mut finite = |c: usize, out: &mut [f32]| {
                read(c, out);
                out.iter_mut().for_each(|x| *x = crate::Float32::decode(*x));
            };
            self.push_piece(piece, &mut finite, sink);
            frames -= piece;
        }
    }

    /// Samples of a channel that are taken in one go.
    fn piece(&self) -> usize {
        // The resampler may give one sample more than it takes.
        if self.front.is_identity() { PIECE } else { PIECE - HOP }
    }

    /// Takes at most [`piece`](Self::piece) samples of every channel.
    fn push_piece(&mut self, frames: usize, read: &mut impl FnMut(usize, &mut [f32]), sink: &mut impl FnMut(Event)) {
        let (mut made, mut analysed) = (0, self.analysed);
        for (c, state) in self.states.as_mut().iter_mut().take(self.channels).enumerate() {
            let count = if self.front.is_identity() {
                read(c, state.receiver.room(frames));
                frames
            } else {
                let mut samples = [0.0_f32; PIECE];
                let samples = samples.get_mut(..frames).unwrap_or_default();
                read(c, samples);
                state.front.push(&self.front, samples, state.receiver.room(BLOCK)).made
            };
            if let Some(spoken) = &self.spoken {
                state.ear.push(spoken, state.receiver.room(count));
            }
            made = match &self.keyed {
                Some(keyed) => state.receiver.advance(keyed, count),
                None => ((self.analysed + count as u64) / HOP as u64).saturating_sub(self.stepped) as usize,
            };
            analysed = self.analysed + count as u64;
        }
        self.analysed = analysed;
        self.taken += frames as u64;
        self.step(made, sink);
    }

    /// The call ends here: settles every fate up to the last sample.
    pub fn finish(&mut self, sink: &mut impl FnMut(Event)) {
        let end = self.taken;
        let mut clipped = |event: Event| match event {
            Event::Redacted(mut redaction) => {
                redaction.span.end = redaction.span.end.min(end);
                if !redaction.span.is_empty() {
                    sink(Event::Redacted(redaction));
                }
            }
            Event::Exposed { channel, span, cause } => {
                let span = Span::new(span.start, span.end.min(end));
                if !span.is_empty() {
                    sink(Event::Exposed { channel, span, cause });
                }
            }
            other => sink(other),
        };
        if self.keyed.is_some() || self.spoken.is_some() {
            // Silence until nothing that began in the call is in doubt.
            let settling = if self.spoken.is_some() { SETTLING_SPOKEN } else { SETTLING };
            let rest = self.front.to_call_ceil(settling) + self.front.latency() as u64 + self.latency;
            let silence = [0_i16; PIECE];
            let mut left = rest * self.channels as u64;
            while left > 0 {
                let whole = PIECE - PIECE % self.channels.max(1);
                let n = left.min(whole as u64) as usize;
                self.push::<crate::coding::Linear16>(silence.get(..n).unwrap_or(&[]), &mut clipped);
                left -= n as u64;
            }
        }
        self.advance(u64::MAX, &mut clipped);
    }

    /// The masked spans of `channel` that touch `window`, as far as they are known now: final for the samples that left with the last chunk, which must be asked for
    /// before the next. What a [`Scrubber`](crate::Scrubber) fills.
    pub fn masked(&mut self, channel: usize, window: Span) -> impl Iterator<Item = Span> + '_ {
        self.states.as_mut().get(channel).into_iter().flat_map(move |state| state.plan.masked(window))
    }

    /// Steps every channel through the frames that were just made, in time order.
    fn step(&mut self, made: usize, sink: &mut impl FnMut(Event)) {
        for index in 0..made {
            let t = self.stepped;
            // Frame t + 1 is not there before this many samples came in; what is older than the latency by then has left.
            let settled = (self.front.to_call_ceil((t + 2) * HOP as u64) + self.front.latency() as u64).saturating_sub(self.latency);
            if self.keyed.is_some() && self.states.as_mut().iter().take(self.channels).any(|state| !state.receiver.is_idle(index, made)) {
                self.step_frame(index, made, settled, sink);
            }
            self.stepped = t + 1;
            if self.stepped.is_multiple_of(FRAMES_OF_SLOT) {
                self.step_slot(settled, sink);
            }
            self.advance(settled, sink);
        }
    }

    /// Steps every channel through the slot that was just completed; what leaves with it leaves before `settled`.
    fn step_slot(&mut self, settled: u64, sink: &mut impl FnMut(Event)) {
        let Some(spoken) = &self.spoken else { return };
        let now = (self.stepped / FRAMES_OF_SLOT).checked_sub(1 + u64::from(spoken.shift()));
        let left = self.slot_of(settled);
        for (c, state) in (0_u8..).zip(self.states.as_mut().iter_mut().take(self.channels)) {
            if let Some(ask) = state.ear.step(&mut self.window, now, left) {
                mask(&self.front, &mut state.plan, c, ask, Cause::Spoken, sink);
            }
            if let Some(ask) = state.ear.told(&self.window) {
                mask(&self.front, &mut state.plan, c, ask, Cause::Transcript, sink);
            }
            if let Some((from, to)) = state.ear.card() {
                sink(Event::Card { channel: c, span: span_of(&self.front, from, to) });
            }
        }
        if self.linked {
            self.link_cards(sink);
        }
    }

    /// The slot of the spoken stage in which a sample of the call lies.
    fn slot_of(&self, sample: u64) -> u64 {
        self.front.to_analysis_ceil(sample) / SLOT as u64
    }

    fn advance(&mut self, settled: u64, sink: &mut impl FnMut(Event)) {
        self.left = settled;
        for (c, state) in (0_u8..).zip(self.states.as_mut().iter_mut().take(self.channels)) {
            state.plan.advance(c, settled, sink);
        }
    }
}

impl<S: AsMut<[ChannelState]>> Drop for Analyzer<S> {
    fn drop(&mut self) {
        self.reset();
    }
}

/// Asks the plan of channel `c` for what the policy asks for.
fn mask(front: &FrontParams, plan: &mut Plan, c: u8, ask: Ask, cause: Cause, sink: &mut impl FnMut(Event)) {
    let span = span_of(front, ask.from, ask.to);
    plan.add(c, span, span_of(front, ask.sounds, ask.sounds).start, cause, sink);
}

/// Slots of the spoken stage in samples of the call.
fn span_of(front: &FrontParams, from: u64, to: u64) -> Span {
    let sample = |slot: u64| slot.saturating_mul(SLOT as u64);
    Span::new(front.to_call_floor(sample(from)), front.to_call_ceil(sample(to)))
}

/// The samples of one channel of interleaved ones.
#[inline(always)]
fn decode<C: Coding>(interleaved: &[C::Unit], channels: usize, channel: usize, out: &mut [f32]) {
    if channels == 1 {
        for (place, unit) in out.iter_mut().zip(interleaved) {
            *place = C::decode(*unit);
        }
    } else {
        for (place, unit) in out.iter_mut().zip(interleaved.iter().skip(channel).step_by(channels)) {
            *place = C::decode(*unit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::Linear16;
    use cardhush_testkit::{rng::Rng, signal::to_i16, tone};
    use std::{vec, vec::Vec};

    const RATES_HZ: [u32; 3] = [8_000, 11_025, 48_000];

    /// A call that ends in the middle of a digit, two channels of it.
    fn call(rate_hz: u32) -> Vec<i16> {
        let dialled = tone::dial("4111", &tone::Tone::default(), rate_hz, 100.0, &mut Rng::new(33));
        let end = dialled.spans.last().map_or(0, |last| last.start.midpoint(last.end));
        to_i16(&dialled.samples[..end]).into_iter().flat_map(|x| [x, x / 2]).collect()
    }

    /// Whether audio, tracks or spans can be told from the state: what the receiver has of samples and frames, what the front end's responses
    /// still reach, and what is planned.
    fn holds_something(state: &mut ChannelState, rate_hz: u32) -> bool {
        let front = FrontParams::new(rate_hz).unwrap();
        let mut out = [0.0; 64];
        let made = state.front.push(&front, &[0.0; 512], &mut out).made;
        out[..made].iter().any(|x| *x != 0.0)
            || state.receiver.room(BLOCK).iter().any(|x| *x != 0.0)
            || !state.receiver.is_idle(0, 0)
            || state.plan.masked(Span::new(0, u64::MAX)).next().is_some()
            || !state.ear.is_blank()
    }

    /// What a channel costs for keyed digits, the delay line and the spoken stage aside.
    #[test]
    fn keyed_digits_cost_at_most_16_kib_a_channel() {
        let (ear, suppressor) = (size_of::<Ear>(), size_of::<crate::Suppressor>());
        let keyed = size_of::<ChannelState>() - ear + suppressor;
        std::println!("keyed digits take {keyed} bytes a channel, spoken ones {ear}");
        assert!(keyed <= 16 * 1024, "{keyed} bytes");
    }

    /// States that the caller lent are the caller's again: what they held of the call must be gone by then.
    #[test]
    fn lent_states_hold_nothing_after_reset_and_drop() {
        for rate_hz in RATES_HZ {
            let mut states = vec![ChannelState::new(); 2];
            let mut analyzer = Analyzer::new(&Config::new(rate_hz, 2), &mut states[..]).unwrap();
            analyzer.push::<Linear16>(&call(rate_hz), &mut |_| ());
            let mut copies = analyzer.states.to_vec();
            assert!(copies.iter_mut().all(|state| holds_something(state, rate_hz)), "{rate_hz} Hz: else nothing is shown below");
            analyzer.reset();
            let mut copies = analyzer.states.to_vec();
            assert!(!copies.iter_mut().any(|state| holds_something(state, rate_hz)), "{rate_hz} Hz: after a reset");
            analyzer.push::<Linear16>(&call(rate_hz), &mut |_| ());
            drop(analyzer);
            assert!(!states.iter_mut().any(|state| holds_something(state, rate_hz)), "{rate_hz} Hz: after the drop");
        }
    }
}
