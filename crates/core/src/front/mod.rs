//! Front end of one channel: decoded samples at the call's rate in, samples at 8 kHz out.
//!
//! Sits between [`coding`](crate::coding) and the detectors. In: `f32` at any whole rate from 8,000 to 192,000 Hz. Out: `f32` at 8,000 Hz, flat within
//! 0.1 dB up to 3.4 kHz; whatever would be folded to below 3.6 kHz is at least 70 dB down, since an unfiltered decimator would fold speech and
//! hiss into the tone band. At 8,000 Hz it is the identity and can be left out ([`FrontParams::is_identity`]).
//!
//! Output `m` stands for the instant `m * rate / 8000` of the input exactly: the response is symmetric and its delay compensated, so a span is
//! mapped by the ratio alone ([`FrontParams::to_call_floor`] and its fellows). What is left is [`FrontParams::latency`], at most 2.6 ms.
//!
//! Rates of 32 kHz and more are brought to 16..24 kHz by a short integer decimator first, whose wide transition the second stage cleans up;
//! the long response then runs at the low rate alone. The output depends on the samples only, not on how they were cut into chunks.

mod stage;

use core::num::NonZeroU64;

use crate::config::{ANALYSIS_RATE_HZ, MAX_RATE_HZ};
use crate::error::ConfigError;
use stage::{Line, LowPass, Stage};

/// End of the pass band.
const PASS_HZ: f64 = 3_400.0;
/// End of the band that must stay free of what is folded; the detectors do not look above.
const CLEAN_HZ: f64 = 3_600.0;
/// The long response of the second stage. Its transition from 3.4 to 4.4 kHz (which folds to 3.6 kHz) is not taken in the middle: 0.1 dB at the one
/// end is reached sooner than 70 dB at the other, which saves an eighth of the length. Found by search; the sweep in the tests is the proof.
const SECOND: LowPass = LowPass { cutoff_hz: 3_850.0, half_width_s: 2.15e-3, beta: 7.25 };
/// Kaiser's formulas for 72 dB: shape, and half width times width of the transition.
const FIRST_BETA: f64 = 0.1102 * (72.0 - 8.7);
const FIRST_HALF_WIDTH: f64 = (72.0 - 7.95) / (2.285 * 4.0 * core::f64::consts::PI);
/// Lowest rate between the stages.
const BETWEEN_HZ: u32 = 16_000;

/// Longest half responses: 2.15 ms just below 32 kHz, and the first stage at 192 kHz; both rounded up to a multiple of 4.
const SECOND_HALF: usize = 72;
const FIRST_HALF: usize = 48;

/// What all channels of a call share: rates and coefficients, about 17 KiB.
#[derive(Clone)]
pub struct FrontParams {
    rate_hz: NonZeroU64,
    /// Decimation of the first stage; 1 where there is none.
    divisor: usize,
    first: Stage<{ 2 * FIRST_HALF }>,
    second: Stage<4_096>,
}

/// What moves in one channel: the samples that the responses still reach, 2.5 KiB.
#[derive(Clone)]
pub struct FrontState {
    first: Line<FIRST_HALF, 256>,
    second: Line<SECOND_HALF, 384>,
}

/// How far a [`FrontState::push`] came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Samples of the input that were taken.
    pub taken: usize,
    /// Samples of the output that were made.
    pub made: usize,
}

impl FrontParams {
    /// Works out the stages for a call at `rate_hz`.
    ///
    /// # Errors
    /// [`ConfigError::Rate`] outside of 8,000..=192,000 Hz.
    pub fn new(rate_hz: u32) -> Result<Self, ConfigError> {
        let refused = ConfigError::Rate { rate_hz };
        if !(ANALYSIS_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
            return Err(refused);
        }
        let divisor = (rate_hz / BETWEEN_HZ).max(1);
        let between_hz = f64::from(rate_hz) / f64::from(divisor);
        let stop_hz = between_hz - CLEAN_HZ;
        let first =
            LowPass { cutoff_hz: 0.54 * PASS_HZ + 0.46 * stop_hz, half_width_s: FIRST_HALF_WIDTH / (stop_hz - PASS_HZ), beta: FIRST_BETA };
        let (whole, parts) = lowest_terms(rate_hz, ANALYSIS_RATE_HZ * divisor);
        Ok(Self {
            rate_hz: NonZeroU64::new(u64::from(rate_hz)).ok_or(refused)?,
            divisor: divisor as usize,
            first: Stage::new(&first, f64::from(rate_hz), divisor, 1),
            second: Stage::new(&SECOND, between_hz, whole, parts),
        })
    }

    /// Whether input and output are the same samples, so that [`FrontState::push`] would only copy.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        self.rate_hz.get() == ANALYSIS_RATE_HZ as u64
    }

    /// Delay in samples of the input: once samples `0..n` have been pushed (and the output was taken), every output whose instant plus this
    /// latency is less than `n` has been made. To get the last ones of a call, push as many zeros.
    #[must_use]
    pub const fn latency(&self) -> usize {
        match (self.is_identity(), self.divisor) {
            (true, _) => 0,
            (false, 1) => self.second.half(),
            (false, divisor) => self.second.half() * divisor + self.first.half(),
        }
    }

    /// The last sample of the call at or before the instant of output `analysis`. Saturates, as its fellows do.
    #[must_use]
    pub fn to_call_floor(&self, analysis: u64) -> u64 {
        let rate = self.rate_hz.get();
        let (seconds, rest) = (analysis / EIGHT_K, analysis % EIGHT_K);
        seconds.saturating_mul(rate).saturating_add(rest * rate / EIGHT_K)
    }

    /// The first sample of the call at or after the instant of output `analysis`.
    #[must_use]
    pub fn to_call_ceil(&self, analysis: u64) -> u64 {
        let rate = self.rate_hz.get();
        let (seconds, rest) = (analysis / EIGHT_K, analysis % EIGHT_K);
        seconds.saturating_mul(rate).saturating_add((rest * rate).div_ceil(EIGHT_K))
    }

    /// The last output whose instant is at or before sample `call`.
    #[must_use]
    pub fn to_analysis_floor(&self, call: u64) -> u64 {
        let (seconds, rest) = (call / self.rate_hz, call % self.rate_hz);
        seconds.saturating_mul(EIGHT_K).saturating_add(rest * EIGHT_K / self.rate_hz)
    }

    /// The first output whose instant is at or after sample `call`.
    #[must_use]
    pub fn to_analysis_ceil(&self, call: u64) -> u64 {
        let (seconds, rest) = (call / self.rate_hz, call % self.rate_hz);
        seconds.saturating_mul(EIGHT_K).saturating_add((rest * EIGHT_K + (self.rate_hz.get() - 1)) / self.rate_hz)
    }
}

const EIGHT_K: u64 = ANALYSIS_RATE_HZ as u64;

impl FrontState {
    /// The state before the first sample of a call, for any rate.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: Line::new(), second: Line::new() }
    }

    /// Overwrites what is left of the call's audio; the state is as new.
    pub fn reset(&mut self) {
        self.first.reset();
        self.second.reset();
    }

    /// Takes samples until `input` is used up or `out` is full, whichever comes first; call again with the rest. Nothing that could have been
    /// made is held back.
    #[inline]
    pub fn push(&mut self, params: &FrontParams, input: &[f32], out: &mut [f32]) -> Progress {
        let mut progress = Progress::default();
        if params.is_identity() {
            let count = input.len().min(out.len());
            out.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
            return Progress { taken: count, made: count };
        }
        loop {
            progress.made += self.second.run(&params.second, out.get_mut(progress.made..).unwrap_or_default());
            let rest = input.get(progress.taken..).unwrap_or_default();
            if progress.made >= out.len() {
                return progress;
            }
            if params.divisor > 1 {
                let between = self.first.run(&params.first, self.second.room());
                self.second.grow(between);
                if between > 0 {
                    continue;
                }
                let taken = self.first.fill(rest);
                progress.taken += taken;
                if taken == 0 {
                    return progress;
                }
            } else {
                let taken = self.second.fill(rest);
                progress.taken += taken;
                if taken == 0 {
                    return progress;
                }
            }
        }
    }
}

impl Drop for FrontState {
    fn drop(&mut self) {
        self.reset();
    }
}

impl Default for FrontState {
    fn default() -> Self {
        Self::new()
    }
}

/// `a / b` in lowest terms.
fn lowest_terms(a: u32, b: u32) -> (u32, u32) {
    let (mut divisor, mut rest) = (a, b);
    while let Some(next) = divisor.checked_rem(rest) {
        (divisor, rest) = (rest, next);
    }
    (a.checked_div(divisor).unwrap_or(a), b.checked_div(divisor).unwrap_or(b))
}
