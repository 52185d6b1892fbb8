//! Level of the background: what the line sounds like when nobody speaks, by minimum statistics.
//!
//! Fed with the samples that were passed unmasked, and with no others: the level can never follow what a mask hides. Speech has pauses, so the
//! quietest of the last blocks is the background (Martin, Noise power spectral density estimation based on optimal smoothing and minimum
//! statistics, IEEE Trans. Speech Audio Proc. 9(5), 2001). Blocks of 64 ms, the last 64 of them (4 s, so that a long
//! phrase does not pass for the background); one burst of 8 samples in each
//! 8 ms is looked at, so that observing costs next to nothing. Which samples those are is settled by the sample index alone, so the level
//! does not depend on how the call was cut. A block of which a looked-at sample was masked does not count.

use core::num::NonZeroU64;

use crate::coding::Coding;
use crate::event::Span;

/// Samples of a burst, bursts of a block, at 8 kHz from one burst to the next.
const BURST: usize = 8;
const BURSTS: u8 = 8;
const BURST_PERIOD: u64 = 64;
/// Blocks that the minimum is taken over.
const BLOCKS: usize = 64;
/// The least of 64 powers, each of 64 independent samples of white noise, lies this much below their mean (2.0 dB, by simulation).
const MINIMUM_BIAS: f32 = 1.58;

/// Tracker of one channel.
#[derive(Clone)]
pub(super) struct Background {
    /// Samples of the call between two samples of a burst: about 1/8000 s.
    stride: u64,
    block: NonZeroU64,
    /// The next sample to look at, its place in its burst and the burst's place in its block.
    next: u64,
    lane: usize,
    burst: u8,
    /// The block's first sample, taken from the others so that DC takes none of their precision.
    reference: f32,
    /// Sums by place in the burst: each lane adds in the order of time, whatever the cut.
    sums: [f32; BURST],
    squares: [f32; BURST],
    /// Powers of the last blocks; infinite where there was none yet.
    powers: [f32; BLOCKS],
    newest: usize,
}

/// One channel of a chunk of interleaved frames.
pub(super) struct View<'a, U> {
    pub units: &'a [U],
    pub channels: usize,
    pub channel: usize,
    /// Sample index of the first frame.
    pub first: u64,
}

impl Background {
    pub(super) fn new(stride: NonZeroU64) -> Self {
        Self {
            stride: stride.get(),
            block: stride.saturating_mul(const { NonZeroU64::new(BURST_PERIOD * BURSTS as u64).unwrap() }),
            next: 0,
            lane: 0,
            burst: 0,
            reference: 0.0,
            sums: [0.0; BURST],
            squares: [0.0; BURST],
            powers: [f32::INFINITY; BLOCKS],
            newest: 0,
        }
    }

    /// Looks at the samples of `run`, which lie within the view; runs come in order.
    #[inline]
    pub(super) fn observe<C: Coding>(&mut self, view: &View<'_, C::Unit>, run: Span) {
        if run.is_empty() {
            return;
        }
        if self.next < run.start {
            // A sample to be looked at was masked: go on with the next block that is whole.
            self.next = run.start.div_ceil(self.block.get()).saturating_mul(self.block.get());
            self.begin_block();
        }
        while self.next < run.end {
            let offset = (self.next - view.first) as usize * view.channels + view.channel;
            let step = self.stride as usize * view.channels;
            let whole_burst = self.lane == 0 && run.end - self.next > self.stride * (BURST as u64 - 1);
            let run_on = view.units.get(offset..).and_then(<[_]>::first_chunk::<BURST>);
            if let (true, 1, Some(burst)) = (whole_burst, step, run_on) {
                // The same as below, in a form that compiles to a few vector instructions.
                self.look_at_burst(burst.map(C::decode));
            } else if whole_burst {
                self.look_at_burst(core::array::from_fn(|i| view.units.get(offset + i * step).map_or(0.0, |unit| C::decode(*unit))));
            } else {
                self.look_at(view.units.get(offset).map_or(0.0, |unit| C::decode(*unit)));
            }
        }
    }

    /// Power of the background, full scale 1.0; none before the first block.
    pub(super) fn power(&self) -> Option<f32> {
        let least = self.powers.iter().fold(f32::INFINITY, |least, power| least.min(*power));
        (least < f32::INFINITY).then_some(least * MINIMUM_BIAS)
    }

    fn begin_block(&mut self) {
        (self.lane, self.burst) = (0, 0);
        (self.sums, self.squares) = ([0.0; BURST], [0.0; BURST]);
    }

    #[inline(always)]
    fn look_at_burst(&mut self, samples: [f32; BURST]) {
        if self.burst == 0 {
            self.reference = samples[0];
        }
        for ((sum, square), sample) in self.sums.iter_mut().zip(&mut self.squares).zip(samples) {
            let above = sample - self.reference;
            *sum += above;
            *square += above * above;
        }
        self.next = self.next.saturating_add(self.stride * (BURST as u64 - 1));
        self.lane = BURST - 1;
        self.advance();
    }

    fn look_at(&mut self, sample: f32) {
        if self.lane == 0 && self.burst == 0 {
            self.reference = sample;
        }
        let above = sample - self.reference;
        if let (Some(sum), Some(square)) = (self.sums.get_mut(self.lane), self.squares.get_mut(self.lane)) {
            *sum += above;
            *square += above * above;
        }
        self.advance();
    }

    /// On to the next sample of the burst, the next burst, the next block.
    fn advance(&mut self) {
        self.lane += 1;
        if self.lane < BURST {
            self.next = self.next.saturating_add(self.stride);
            return;
        }
        self.lane = 0;
        self.burst += 1;
        self.next = self.next.saturating_add(self.stride * (BURST_PERIOD - (BURST as u64 - 1)));
        if self.burst < BURSTS {
            return;
        }
        const SHARE: f32 = 1.0 / (BURST as f32 * BURSTS as f32);
        let mean = self.sums.iter().sum::<f32>() * SHARE;
        let power = self.squares.iter().sum::<f32>() * SHARE - mean * mean;
        self.newest = (self.newest + 1) % BLOCKS;
        if let Some(slot) = self.powers.get_mut(self.newest) {
            *slot = power.max(0.0);
        }
        self.begin_block();
    }
}
