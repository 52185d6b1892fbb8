//! One resampling stage: a windowed-sinc low-pass read at every step of a rational ratio.
//!
//! [`Stage`] is the shared table, [`Line`] one channel's samples. The response is a sinc under a Kaiser window (Oppenheim and Schafer,
//! Discrete-Time Signal Processing, 7.6), symmetric round the output's own instant, so its group delay is compensated in full. Where the ratio's
//! denominator is small, the table holds one row for each fraction of a sample; else rows of an oversampled prototype, between two of which the
//! output is interpolated in a straight line. Each row is scaled to unity at 0 Hz.

use core::cell::Cell;

use crate::wipe::wipe;

/// Coefficients and steps of one stage; `TABLE` is the room for coefficients.
#[derive(Clone)]
pub(super) struct Stage<const TABLE: usize> {
    table: [f32; TABLE],
    /// Coefficients of a row, a multiple of 8: an even number round the output's instant.
    taps: usize,
    /// Whole samples from one output to the next.
    step: usize,
    /// What the step has beyond whole samples, in parts of `parts`.
    step_part: u32,
    parts: u32,
    /// Rows of the table in a part.
    rows_per_part: f32,
}

/// What one low-pass must do, in Hz and seconds.
pub(super) struct LowPass {
    /// Middle of the transition.
    pub cutoff_hz: f64,
    /// Half the length of the response.
    pub half_width_s: f64,
    /// Shape of the Kaiser window.
    pub beta: f64,
}

impl<const TABLE: usize> Stage<TABLE> {
    /// A stage whose input has `rate_hz` and whose outputs stand `whole / parts` input samples apart (in lowest terms).
    pub(super) fn new(low_pass: &LowPass, rate_hz: f64, whole: u32, parts: u32) -> Self {
        let half_width = low_pass.half_width_s * rate_hz;
        // The limits are never met; they show that no divisor below is 0.
        let taps = (libm::ceil(half_width / 4.0) as usize).clamp(1, TABLE / 8) * 8;
        let parts = parts.max(1);
        let most = TABLE / taps;
        let exact = parts as usize <= most;
        let rows = if exact { parts as usize } else { most };
        // Interpolated rows include both ends, fraction 0 and fraction 1.
        let rows_per_part = if exact { 1.0 } else { (most - 1) as f32 / parts as f32 };

        let mut table = [0.0; TABLE];
        for (row, coefficients) in table.chunks_exact_mut(taps).take(rows).enumerate() {
            let fraction = row as f64 / (f64::from(rows_per_part) * f64::from(parts));
            let instant = fraction + (taps / 2 - 1) as f64;
            let at = |tap: usize| low_pass.response(instant - tap as f64, half_width, rate_hz);
            let sum: f64 = (0..taps).map(at).sum();
            for (tap, coefficient) in coefficients.iter_mut().enumerate() {
                *coefficient = (at(tap) / sum) as f32;
            }
        }
        Self { table, taps, step: (whole / parts) as usize, step_part: whole % parts, parts, rows_per_part }
    }

    /// Samples that an output needs beyond the sample at or before its instant.
    pub(super) const fn half(&self) -> usize {
        self.taps / 2
    }

    /// The output at `part` parts after the middle of `window`.
    #[inline(always)]
    fn output(&self, window: &[f32], part: u32) -> f32 {
        let position = part as f32 * self.rows_per_part;
        let row = position as usize;
        let blend = position - row as f32;
        let near = dot(window, self.row(row));
        if blend == 0.0 { near } else { near + blend * (dot(window, self.row(row + 1)) - near) }
    }

    #[inline(always)]
    fn row(&self, row: usize) -> &[f32] {
        self.table.get(row * self.taps..(row + 1) * self.taps).unwrap_or_default()
    }
}

impl LowPass {
    /// Response at `t` samples from the middle.
    fn response(&self, t: f64, half_width: f64, rate_hz: f64) -> f64 {
        let edge = t / half_width;
        if edge * edge >= 1.0 {
            return 0.0;
        }
        let x = core::f64::consts::PI * 2.0 * self.cutoff_hz / rate_hz * t;
        let sinc = if x == 0.0 { 1.0 } else { libm::sin(x) / x };
        sinc * bessel_i0(self.beta * libm::sqrt(1.0 - edge * edge))
    }
}

/// Modified Bessel function of the first kind and order 0, by its power series; 30 terms leave less than 1e-16 of it up to `x` = 10.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..30 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// Sum of products, in eight lanes that the compiler can hold in vector registers. The order of the sums is fixed, so the bits are the same
/// on every machine. Both lengths are multiples of 8.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    // A plain chain: a tree of pairs tempts the compiler into pairs in the loop above.
    lanes.iter().sum()
}

/// The samples of one channel that a stage still needs, in order in one slice, so that every window is contiguous. They move to the front
/// when the end is reached. `HALF` is the most that [`Stage::half`] may be; `LENGTH` must be well above twice that.
#[derive(Clone)]
pub(super) struct Line<const HALF: usize, const LENGTH: usize> {
    samples: [f32; LENGTH],
    filled: usize,
    /// Where the sample at or before the next output's instant lies or will lie, and what the instant has beyond it.
    middle: usize,
    part: u32,
}

impl<const HALF: usize, const LENGTH: usize> Line<HALF, LENGTH> {
    /// The line before the first sample of a call, with silence behind it; the first output stands at that sample.
    pub(super) const fn new() -> Self {
        Self { samples: [0.0; LENGTH], filled: HALF, middle: HALF, part: 0 }
    }

    /// Overwrites the samples; the line is as new.
    pub(super) fn reset(&mut self) {
        wipe(&mut self.samples, 0.0);
        (self.filled, self.middle, self.part) = (HALF, HALF, 0);
    }

    /// Makes outputs until `out` is full or samples are missing; returns how many.
    #[inline(always)]
    pub(super) fn run<const TABLE: usize>(&mut self, stage: &Stage<TABLE>, out: &mut [f32]) -> usize {
        let filled = self.samples.get(..self.filled).unwrap_or_default();
        let mut made = 0;
        for slot in out {
            let start = (self.middle + 1).saturating_sub(stage.half());
            let Some(window) = filled.get(start..start + stage.taps) else { break };
            *slot = stage.output(window, self.part);
            made += 1;
            self.middle += stage.step;
            self.part += stage.step_part;
            if self.part >= stage.parts {
                self.part -= stage.parts;
                self.middle += 1;
            }
        }
        made
    }

    /// Room for further samples, never empty after [`run`](Self::run) wanted more. What was written is kept by [`grow`](Self::grow).
    pub(super) fn room(&mut self) -> &mut [f32] {
        if self.filled >= LENGTH {
            let gone = (self.middle + 1).saturating_sub(HALF).min(LENGTH);
            let cells = Cell::from_mut(&mut self.samples[..]).as_slice_of_cells();
            for (to, from) in cells.iter().zip(cells.get(gone..).unwrap_or_default()) {
                to.set(from.get());
            }
            self.middle -= gone;
            self.filled = LENGTH - gone;
        }
        self.samples.get_mut(self.filled..).unwrap_or_default()
    }

    /// Keeps the first `count` samples that were written to the room.
    pub(super) fn grow(&mut self, count: usize) {
        self.filled = (self.filled + count).min(LENGTH);
    }

    /// Takes samples while there is room; returns how many.
    pub(super) fn fill(&mut self, input: &[f32]) -> usize {
        let room = self.room();
        let count = room.len().min(input.len());
        room.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
        self.grow(count);
        count
    }
}
