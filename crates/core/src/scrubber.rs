//! The live face: an [`Analyzer`] beside a delay line. Audio goes round the detectors, not through them.
//!
//! In and out: interleaved samples in the caller's coding, in place, any chunk length; what comes out is what came in
//! [`latency`](Scrubber::latency) samples ago, with the masked spans filled. Before the first samples come out, silence does.
//! Outside the spans that are reported the output is the caller's own bits. No allocation: the caller gives the storage.

use crate::analyzer::{Analyzer, ChannelState};
use crate::coding::Coding;
use crate::config::{Config, MAX_CHANNELS};
use crate::error::ConfigError;
use crate::event::{Event, Span};
use crate::suppress::{DelayLine, FILL_SEED, Suppressor};

/// Frames that are analysed, exchanged and filled in one go.
const PIECE: usize = 160;
/// Masked spans of one channel that are filled in one go.
const SPANS: usize = 8;

/// See the module. `S` holds one [`ChannelState`] a channel, `D` the delay line. Dropped, it leaves nothing of the call in either.
pub struct Scrubber<C: Coding, S: AsMut<[ChannelState]>, D: AsMut<[C::Unit]>> {
    analyzer: Analyzer<S>,
    delay: DelayLine<C, D>,
    suppressors: [Suppressor; MAX_CHANNELS],
    channels: usize,
    /// Frames that have come out, silence before the call's first sample included.
    out: u64,
    finished: bool,
}

impl<C: Coding, S: AsMut<[ChannelState]>, D: AsMut<[C::Unit]>> Scrubber<C, S, D> {
    /// Units of delay storage that this configuration needs.
    ///
    /// # Errors
    /// A value of `config` outside of its limits.
    pub fn storage_len(config: &Config) -> Result<usize, ConfigError> {
        config.check()?;
        Ok(config.latency() as usize * usize::from(config.channels))
    }

    /// A scrubber for calls of this form; resets `states` and `storage`.
    ///
    /// # Errors
    /// A value of `config` outside of its limits; too few states or too small a storage.
    pub fn new(config: &Config, states: S, storage: D) -> Result<Self, ConfigError> {
        let analyzer = Analyzer::new(config, states)?;
        let channels = usize::from(config.channels);
        let delay = DelayLine::new(storage, config.latency() as usize, channels)?;
        let suppressors = core::array::from_fn(|channel| Suppressor::new(config.fill, config.rate_hz, channel, FILL_SEED));
        Ok(Self { analyzer, delay, suppressors, channels, out: 0, finished: false })
    }

    /// Delay of the output in samples.
    #[must_use]
    pub fn latency(&self) -> u64 {
        self.analyzer.latency()
    }

    /// Takes a chunk of whole frames and gives back as many, `latency` samples older. A trailing part of a frame is left as it is.
    pub fn process(&mut self, pcm: &mut [C::Unit], sink: &mut impl FnMut(Event)) {
        let channels = self.channels.max(1);
        // The limit is never met: the compiler shall see that the length is not 0.
        for piece in pcm.chunks_mut((PIECE * channels).max(1)) {
            let frames = piece.len().checked_div(channels).unwrap_or(0);
            let Some(piece) = piece.get_mut(..frames * channels) else { continue };
            self.analyzer.push::<C>(piece, sink);
            self.delay.exchange(piece);
            self.fill(piece, frames);
        }
    }

    /// The call ends: fills `rest` with the last samples of the call, which are still in the delay line, `latency` frames in all, in
    /// one call or one after the other. The first settles every fate; nothing is processed after it but by [`reset`](Self::reset).
    pub fn finish(&mut self, rest: &mut [C::Unit], sink: &mut impl FnMut(Event)) {
        if !self.finished {
            self.analyzer.finish(sink);
            self.finished = true;
        }
        let channels = self.channels.max(1);
        for piece in rest.chunks_mut((PIECE * channels).max(1)) {
            let frames = piece.len().checked_div(channels).unwrap_or(0);
            let Some(piece) = piece.get_mut(..frames * channels) else { continue };
            piece.fill(C::SILENCE);
            self.delay.exchange(piece);
            self.fill(piece, frames);
        }
    }

    /// Masks `span` (samples of the input) on one channel, or on all; what of it has left already is exposed.
    pub fn mask(&mut self, channel: Option<u8>, span: Span, sink: &mut impl FnMut(Event)) {
        self.analyzer.mask(channel, span, sink);
    }

    /// A key was pressed in `span` (samples of the input) of a channel, as signalling tells; see [`Analyzer::signalled`].
    pub fn signalled(&mut self, channel: u8, span: Span, sink: &mut impl FnMut(Event)) {
        self.analyzer.signalled(channel, span, sink);
    }

    /// From the next sample on, every run of spoken digits is masked, until [`disarm`](Self::disarm): the agent asks for the card now.
    pub fn arm(&mut self) {
        self.analyzer.arm();
    }

    /// From the next sample on, spoken digits are masked as the preset says.
    pub fn disarm(&mut self) {
        self.analyzer.disarm();
    }

    /// Forgets the call and wipes the delay line.
    pub fn reset(&mut self) {
        self.analyzer.reset();
        self.out = 0;
        self.finished = false;
        self.delay.reset();
        for suppressor in &mut self.suppressors {
            suppressor.reset();
        }
    }

    /// Fills what is masked of a piece that has just come out of the delay line.
    fn fill(&mut self, piece: &mut [C::Unit], frames: usize) {
        let first = self.out;
        self.out += frames as u64;
        // Before the call's first sample comes out, silence does: there is nothing to fill.
        let lead = self.latency().saturating_sub(first).min(frames as u64) as usize;
        let Some(piece) = piece.get_mut(lead * self.channels..) else { return };
        let window = Span::new((first + lead as u64).wrapping_sub(self.latency()), self.out.wrapping_sub(self.latency()));
        if piece.is_empty() {
            return;
        }
        for (channel, suppressor) in self.suppressors.iter_mut().enumerate().take(self.channels) {
            let mut rest = &mut *piece;
            let mut window = window;
            loop {
                let mut spans = [Span::new(0, 0); SPANS];
                let mut count = 0;
                let mut next = None;
                for span in self.analyzer.masked(channel, window) {
                    if let Some(place) = spans.get_mut(count) {
                        *place = span;
                        count += 1;
                    } else {
                        next = Some(span.start);
                        break;
                    }
                }
                // What comes before the first span that found no place, and that one with the next round.
                let cut = next.map_or(window.end, |next| next.max(window.start).min(window.end));
                let units = (cut - window.start) as usize * self.channels;
                let (now, later) = rest.split_at_mut_checked(units).unwrap_or((&mut [], &mut []));
                suppressor.apply::<C>(now, self.channels, window.start, spans.get(..count).unwrap_or(&[]));
                if next.is_none() || later.is_empty() {
                    break;
                }
                rest = later;
                window.start = cut;
            }
        }
    }
}

impl<C: Coding, S: AsMut<[ChannelState]>, D: AsMut<[C::Unit]>> core::fmt::Debug for Scrubber<C, S, D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Holds audio: shows nothing of it.
        f.debug_struct("Scrubber").finish_non_exhaustive()
    }
}
