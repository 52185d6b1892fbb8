//! One look at a part of a file: the engine, fed with the file's bytes, the caller's arming and a transcript, each at its place.

use crate::arms::Arms;
use crate::call::Call;
use crate::error::Error;
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::{Look, Settings};
use crate::transcript::Transcript;
use cardhush_core::{Analyzer, ChannelState, Coding, Event, Nearness, Redaction, Span};
use std::collections::VecDeque;

/// An [`Analyzer`] that is fed a file's bytes and keeps what it finds.
pub(crate) struct Eye<C: Coding> {
    analyzer: Analyzer<Vec<ChannelState>>,
    channels: u8,
    arms: Arms,
    /// What a transcript tells, in the order of the call: the channel, where, and how many digits.
    told: VecDeque<(Option<u8>, Span, u8)>,
    units: Held<C::Unit>,
    found: Found,
    within: Span,
}

/// What an eye has found, in the call's own time.
#[derive(Default)]
pub(crate) struct Found {
    pub redactions: Vec<Redaction>,
    /// Samples at which there are digits beyond doubt, and their channels.
    pub sure: Vec<(u64, u8)>,
}

impl<C: Coding> Eye<C> {
    /// An eye for the part `within` of a call; `None` where what it would look for is not wanted.
    pub fn new(call: &Call, settings: &Settings, look: Look, within: Span) -> Result<Option<Self>, Error> {
        let Some(config) = settings.config(call, look)? else { return Ok(None) };
        let states = (0..config.channels).map(|_| ChannelState::new()).collect();
        let analyzer = Analyzer::new(&config, states).map_err(|source| Error::Config { path: call.path().into(), source })?;
        let arms = Arms::new(&settings.armed, call.rate_hz(), call.channels(), call.frames(), within);
        let arms = arms.map_err(|source| Error::Mask { path: call.path().into(), source })?;
        Ok(Some(Self {
            analyzer,
            channels: config.channels,
            arms,
            told: VecDeque::new(),
            units: Held::default(),
            found: Found::default(),
            within,
        }))
    }

    /// Reads a transcript of the call along with it.
    pub fn read_along(&mut self, transcript: &Transcript, rate_hz: u32) {
        let sample = |s: f64| (s * f64::from(rate_hz)) as u64;
        self.told = transcript.digits().map(|one| (one.channel, Span::new(sample(one.start_s), sample(one.end_s)), one.digits)).collect();
    }

    /// What a plan masks in a piece of the call, which comes next, is no words: there are tones, or what has replaced them. Nor is what lies
    /// within so many samples of that.
    pub fn no_words(&mut self, plan: &Plan, piece: Span, margin: u64) {
        let wide = |span: Span| Span::new(span.start.saturating_sub(margin), span.end.saturating_add(margin));
        for channel in 0..plan.channels() {
            plan.near(channel, wide(piece)).0.iter().for_each(|(span, _)| self.analyzer.tone(channel, wide(*span).overlap(piece)));
        }
    }

    /// Keyed digits are known to be so near to what comes next.
    pub fn near(&mut self, channel: u8, near: Nearness) {
        self.analyzer.near(channel, near);
    }

    /// Looks at whole frames, little-endian.
    pub fn push(&mut self, bytes: &[u8]) {
        let frame_bytes = C::BYTES * usize::from(self.channels);
        let mut rest = bytes;
        loop {
            let (taken, end) = (self.analyzer.taken(), self.analyzer.taken() + (rest.len() / frame_bytes) as u64);
            // Each change and each word has its place, so that what is found does not depend on how the file is cut.
            let word = self.told.front().map(|(_, span, _)| span.start.max(taken));
            let next = word.into_iter().chain(self.arms.next()).min().filter(|next| *next < end);
            let Some(next) = next else { break };
            let (before, behind) = rest.split_at((next - taken) as usize * frame_bytes);
            self.push_whole(before);
            rest = behind;
            match self.arms.take(next + 1) {
                Some(true) => self.analyzer.arm(),
                Some(false) => self.analyzer.disarm(),
                None => {}
            }
            if word == Some(next)
                && let Some((channel, span, digits)) = self.told.pop_front()
            {
                self.analyzer.read(channel, span, digits, &mut |event| self.found.keep(self.within, event));
            }
        }
        self.push_whole(rest);
    }

    fn push_whole(&mut self, bytes: &[u8]) {
        self.units.clear();
        self.units.extend(bytes.chunks_exact(C::BYTES).map(C::from_le_bytes));
        self.analyzer.push::<C>(&self.units, &mut |event| self.found.keep(self.within, event));
    }

    /// All that was found, in the call's own time.
    pub fn finish(mut self) -> Found {
        self.analyzer.finish(&mut |event| self.found.keep(self.within, event));
        self.found
    }
}

impl Found {
    /// A file's samples have not left: what live use could only call exposed is masked as well.
    fn keep(&mut self, within: Span, event: Event) {
        let one = match event {
            Event::Redacted(one) => one,
            Event::Exposed { channel, span, cause } => Redaction { channel, span, cause },
            Event::Keyed { channel, decided, .. } => return self.sure.push((decided.saturating_add(within.start), channel)),
            Event::Card { channel, span } => return self.sure.push((span.end.saturating_add(within.start).saturating_sub(1), channel)),
            _ => return,
        };
        let span = Span::new(one.span.start.saturating_add(within.start), one.span.end.saturating_add(within.start)).overlap(within);
        self.redactions.push(Redaction { span, ..one });
    }
}
