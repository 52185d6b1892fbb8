//! Suppression: replaces the samples of given spans, in the caller's own coding, and leaves every other sample alone.
//!
//! Sits last, on the delay line's output in a live call and on the file's own samples offline; both give the same bits. In: interleaved frames, in
//! place, with the sample index of the first, and the spans of one channel. It sees no digit. Samples outside of the spans are only looked at, for
//! the level of the background. The output depends on the samples, the spans and the seed, not on the cut, and not on when a span's end became
//! known. No latency.

mod background;
mod delay;
mod fill;

use core::num::NonZeroU64;

use crate::coding::Coding;
use crate::config::{ANALYSIS_RATE_HZ, Fill};
use crate::event::Span;
use background::{Background, View};
pub use delay::DelayLine;
use fill::{Noise, marker, noise_power, span_key};

/// Seed of the fill of both faces: the noise hides nothing by being unknown, and equal calls give equal bytes.
pub const FILL_SEED: u64 = 0x6361_7264_6875_7368;

/// Suppressor of one channel.
#[derive(Clone)]
pub struct Suppressor {
    fill: Fill,
    rate_hz: NonZeroU64,
    /// Samples in about 1/8000 s.
    stride: NonZeroU64,
    seed: u64,
    channel: usize,
    background: Background,
    /// Start of the span that was filled last, and the noise's power in it: settled once, at its first sample.
    current: Option<(u64, f32)>,
}

impl core::fmt::Debug for Suppressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Holds a sample and sums of audio: shows nothing of them.
        f.debug_struct("Suppressor").finish_non_exhaustive()
    }
}

impl Suppressor {
    /// The suppressor of channel `channel` (from 0; one of those in the chunks) of a call. `seed` settles the noise; it need not be secret, since the noise is no key to
    /// anything.
    #[must_use]
    pub fn new(fill: Fill, rate_hz: u32, channel: usize, seed: u64) -> Self {
        let rate_hz = NonZeroU64::new(u64::from(rate_hz)).unwrap_or(NonZeroU64::MIN);
        let stride =
            NonZeroU64::new((rate_hz.get() + u64::from(ANALYSIS_RATE_HZ) / 2) / u64::from(ANALYSIS_RATE_HZ)).unwrap_or(NonZeroU64::MIN);
        Self { fill, rate_hz, stride, seed, channel, background: Background::new(stride), current: None }
    }

    /// Replaces the samples of this channel that lie in `spans`.
    ///
    /// `chunk` holds interleaved frames of `channels` channels, the first of which has sample index `first`; chunks come in order. `spans` are
    /// sorted and disjoint and may reach beyond the chunk at both ends; a span that goes on in the next chunk is given again, with the same
    /// start and an end that may have moved.
    #[inline]
    pub fn apply<C: Coding>(&mut self, chunk: &mut [C::Unit], channels: usize, first: u64, spans: &[Span]) {
        let channels = channels.max(1);
        let whole = Span::new(first, first.saturating_add((chunk.len() / channels) as u64));
        let mut kept_from = first;
        let near = spans.get(spans.partition_point(|span| span.end <= first)..).unwrap_or_default();
        for span in near.iter().take_while(|span| span.start < whole.end) {
            let masked = span.overlap(whole);
            if masked.is_empty() {
                continue;
            }
            self.observe::<C>(chunk, channels, first, Span::new(kept_from, masked.start));
            let from = (masked.start - first) as usize * channels;
            let to = (masked.end - first) as usize * channels;
            self.fill::<C>(chunk.get_mut(from..to).unwrap_or_default(), channels, span.start, masked.start);
            kept_from = masked.end;
        }
        self.observe::<C>(chunk, channels, first, Span::new(kept_from, whole.end));
    }

    /// Forgets the call: the state is as new.
    pub fn reset(&mut self) {
        (self.background, self.current) = (Background::new(self.stride), None);
    }

    #[inline]
    fn observe<C: Coding>(&mut self, chunk: &[C::Unit], channels: usize, first: u64, run: Span) {
        if self.fill == Fill::ComfortNoise {
            self.background.observe::<C>(&View { units: chunk, channels, channel: self.channel, first }, run);
        }
    }

    /// Replaces this channel in all of `frames`, the first of which has sample index `at`, in the span that starts at `start`.
    fn fill<C: Coding>(&mut self, frames: &mut [C::Unit], channels: usize, start: u64, at: u64) {
        let (channel, rate_hz) = (self.channel, self.rate_hz);
        let units = frames.chunks_exact_mut(channels.max(1)).filter_map(|frame| frame.get_mut(channel));
        match self.fill {
            Fill::ComfortNoise => {
                let noise = Noise::new(span_key(self.seed, channel, start), self.power(start), self.stride, at);
                units.zip(noise).for_each(|(unit, value)| *unit = C::encode(value));
            }
            Fill::Silence => units.for_each(|unit| *unit = C::SILENCE),
            Fill::Marker => units.zip(at..).for_each(|(unit, at)| *unit = C::encode(marker(start, at, rate_hz))),
        }
    }

    /// Power of the noise in the span that starts at `start`.
    fn power(&mut self, start: u64) -> f32 {
        match self.current {
            Some((known, power)) if known == start => power,
            _ => {
                let power = noise_power(self.background.power());
                self.current = Some((start, power));
                power
            }
        }
    }
}
