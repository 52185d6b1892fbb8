//! Checks of one tone pair over windows of 12 to 60 ms: how much of the energy it is, and how steady.
//!
//! Where: between bank and timing. In: the ring of frames. Out: [`Evidence`] for the windows that end at a frame. Ratios are of
//! powers, 0..~1. Two figures a window: *fraction* = energy of the least-squares pair over all energy in the window (1 is a pure
//! tone pair), *coherence* = power of the coherent mean over the mean power in the tone's own band, the poorer of the two tones
//! (1 is a tone of constant amplitude and frequency, noise gives about 1/frames). The frequency of each tone is followed within
//! [`OFFSET_LIMIT_PERCENT`] by the phase it gains per hop (pulse-pair estimator, Lank et al. 1973).

use super::bank::Frame;
use super::tones::{TONES, Tones};

/// Frames a channel remembers: 256 ms.
pub const HISTORY: usize = 64;
/// Window lengths in frames; `n` frames span `4 (n + 1)` ms.
pub const WINDOWS: [usize; 6] = [2, 3, 4, 6, 9, 14];
/// Frequency offset that is followed, in percent. Q.24 asks for 1.8 to be accepted; masking goes further.
pub const OFFSET_LIMIT_PERCENT: f32 = 2.8;

/// The last [`HISTORY`] frames by absolute number.
#[derive(Clone)]
pub struct Ring {
    frames: [Frame; HISTORY],
}

impl Ring {
    /// All silent.
    pub const fn new() -> Self {
        Self { frames: [Frame::ZERO; HISTORY] }
    }

    /// Frame `t`, which must be one of the last [`HISTORY`] less those made ahead.
    #[inline(always)]
    pub fn at(&self, t: u64) -> &Frame {
        &self.frames[(t as usize) & (HISTORY - 1)]
    }

    /// Frame `t`, or silence where `t` has wrapped: counted back from the first frames of a call.
    pub fn at_or_before(&self, t: u64) -> &Frame {
        if t > u64::MAX / 2 { &Frame::ZERO } else { self.at(t) }
    }

    /// Overwrites every frame.
    pub fn wipe(&mut self) {
        crate::wipe::wipe(&mut self.frames, Frame::ZERO);
    }

    /// Replaces what lies in the place of frame `t`.
    #[inline(always)]
    pub fn put(&mut self, t: u64, frame: &Frame) {
        self.frames[(t as usize) & (HISTORY - 1)] = *frame;
    }
}

/// Frames of the longest window that shares its frequency estimate with the shorter ones (28 ms).
const SHORT: usize = 6;
/// Its place among the windows.
const SHORT_WINDOW: usize = 3;
/// Least share of a steady tone's products in its power, twice over: half of each counts twice.
const LEAST_STEADY: f32 = 0.2;
/// Room for noise beside the greatest angle of a tone, as a tangent.
const ANGLE_SLACK: f32 = 0.3;

/// A tone pair: lane of the low-group tone (0..4) and of the high-group tone (4..8).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    low: u8,
    high: u8,
}

impl Pair {
    /// Lane of the low tone.
    #[inline(always)]
    pub const fn low(self) -> usize {
        (self.low & 3) as usize
    }
    /// Lane of the high tone.
    #[inline(always)]
    pub const fn high(self) -> usize {
        4 + (self.high & 3) as usize
    }
    /// The strongest tone of each group.
    #[inline(always)]
    pub const fn strongest(power: &[f32; TONES]) -> Self {
        let (mut low, mut high) = (0, 4);
        let mut k = 1;
        while k < 4 {
            if power[k] > power[low] {
                low = k;
            }
            if power[4 + k] > power[high] {
                high = 4 + k;
            }
            k += 1;
        }
        Self { low: low as u8, high: high as u8 }
    }
}

/// What one window says.
#[derive(Clone, Copy, Default)]
pub struct Evidence {
    /// Share of the window's energy that the pair explains.
    pub fraction: f32,
    /// Coherence of the poorer tone.
    pub coherence: f32,
    /// Mean-square power of the low and the high tone behind the front filter.
    pub power: [f32; 2],
}

impl Evidence {
    /// Fraction times coherence: the figure that thresholds are set on.
    #[inline(always)]
    pub fn score(&self) -> f32 {
        self.fraction * self.coherence
    }
}

/// A tone's frames turned to the phase of the newest, added up.
struct Rotated {
    re: f32,
    im: f32,
    total: f32,
    turn: [f32; 2],
}

impl Rotated {
    #[inline(always)]
    fn at(frame: &Frame, lane: usize) -> Self {
        Self { re: frame.re[lane & 7], im: frame.im[lane & 7], total: frame.power[lane & 7], turn: [1.0, 0.0] }
    }

    /// Adds the frame before those added so far: it lags by one more advance.
    #[inline(always)]
    fn add(&mut self, frame: &Frame, lane: usize, advance: [f32; 2]) {
        let lane = lane & 7;
        let [ur, ui] = self.turn;
        let (ur, ui) = (ur * advance[0] - ui * advance[1], ur * advance[1] + ui * advance[0]);
        self.re += frame.re[lane] * ur - frame.im[lane] * ui;
        self.im += frame.re[lane] * ui + frame.im[lane] * ur;
        self.total += frame.power[lane];
        self.turn = [ur, ui];
    }
}

/// What `n` frames up to `t` say; `energy` is that of all hops but the first and the last.
#[inline(always)]
fn evidence(ring: &Ring, t: u64, n: usize, energy: f32, sums: &[Rotated; 2]) -> Evidence {
    // A sum of Hann windows: weight 1 inside, sin^4 (mean 3/8) over the first and the last hop.
    let ends = 0.375 * (ring.at(t).energy + ring.at(t.wrapping_sub(n as u64)).energy);
    let mean_square = (energy + ends) / (n as f32 - 0.25) + 1e-12;
    let scale = 1.0 / n as f32;
    let mut power = [0.0; 2];
    let mut coherence = 1.0_f32;
    for (sum, power) in sums.iter().zip(power.iter_mut()) {
        let coherent = (sum.re * sum.re + sum.im * sum.im) * scale * scale;
        *power = 0.5 * coherent;
        coherence = coherence.min(coherent / (sum.total * scale + 1e-15));
    }
    Evidence { fraction: (power[0] + power[1]) / mean_square, coherence, power }
}

/// Phase advance limits per tone.
#[derive(Clone, Debug)]
pub struct Checks {
    limit: [[f32; 2]; TONES],
    tangent: [f32; TONES],
}

impl Checks {
    /// For the tones of `tones`.
    pub fn new(tones: &Tones) -> Self {
        let mut checks = Self { limit: [[1.0, 0.0]; TONES], tangent: [0.0; TONES] };
        for k in 0..TONES {
            let angle = tones.radians_per_percent[k] * OFFSET_LIMIT_PERCENT;
            checks.limit[k] = [libm::cosf(angle), libm::sinf(angle)];
            checks.tangent[k] = libm::tanf(angle);
        }
        checks
    }

    /// The windows that end with frame `t` and hold at most `frames` frames. Longer ones say nothing; nor do those above 28 ms where
    /// that one scores below `least_long`.
    pub fn windows(&self, tones: &Tones, ring: &Ring, pair: Pair, t: u64, frames: usize, least_long: f32) -> [Evidence; WINDOWS.len()] {
        let mut all = [Evidence::default(); WINDOWS.len()];
        let lanes = [pair.low(), pair.high()];
        // Short windows share the frequency of the 28 ms one; longer ones resolve their own.
        let short = [0, 1].map(|i| self.advance(tones, ring, lanes[i], t, frames.min(SHORT)));
        let mut sums = [Rotated::at(ring.at(t), lanes[0]), Rotated::at(ring.at(t), lanes[1])];
        let mut energy = 0.0;
        for i in 1..frames.min(SHORT) {
            let frame = ring.at(t.wrapping_sub(i as u64));
            for (sum, (lane, advance)) in sums.iter_mut().zip(lanes.into_iter().zip(short)) {
                sum.add(frame, lane, advance);
            }
            energy += frame.energy;
            if let Some(window) = WINDOWS.iter().position(|n| *n == i + 1) {
                all[window] = evidence(ring, t, i + 1, energy, &sums);
            }
        }
        if frames > SHORT && all[SHORT_WINDOW].score() >= least_long {
            for (window, n) in WINDOWS.into_iter().enumerate() {
                if n > SHORT && n <= frames {
                    all[window] = self.window(tones, ring, pair, t, n);
                }
            }
        }
        all
    }

    /// The window of `n` frames that ends with frame `t`.
    pub fn window(&self, tones: &Tones, ring: &Ring, pair: Pair, t: u64, n: usize) -> Evidence {
        let lanes = [pair.low(), pair.high()];
        let advance = [0, 1].map(|i| self.advance(tones, ring, lanes[i], t, n));
        let mut sums = [Rotated::at(ring.at(t), lanes[0]), Rotated::at(ring.at(t), lanes[1])];
        let mut energy = 0.0;
        for i in 1..n as u64 {
            let frame = ring.at(t.wrapping_sub(i));
            for (sum, (lane, advance)) in sums.iter_mut().zip(lanes.into_iter().zip(advance)) {
                sum.add(frame, lane, advance);
            }
            energy += frame.energy;
        }
        evidence(ring, t, n, energy, &sums)
    }

    /// The pair whose phases run on most steadily over 28 ms, at frequencies that may be a tone's; `None` where either group has no
    /// such tone, or both together cannot come near `least_score`. What is steady shows though something louder moves past it.
    pub fn steadiest(&self, tones: &Tones, ring: &Ring, t: u64, least_score: f32) -> Option<Pair> {
        let (mut re, mut im, mut power) = ([0.0_f32; TONES], [0.0_f32; TONES], [1e-15_f32; TONES]);
        let mut newer = ring.at(t);
        let mut energy = 1e-12;
        for i in 1..SHORT as u64 {
            let older = ring.at(t.wrapping_sub(i));
            energy += newer.energy;
            for k in 0..TONES {
                re[k] += newer.re[k] * older.re[k] + newer.im[k] * older.im[k];
                im[k] += newer.im[k] * older.re[k] - newer.re[k] * older.im[k];
                power[k] += newer.power[k] + older.power[k];
            }
            newer = older;
        }
        let mut steady = [0.0_f32; TONES];
        for k in 0..TONES {
            let (ar, ai) = (tones.advance_re[k], tones.advance_im[k]);
            let (cr, ci) = (re[k] * ar + im[k] * ai, im[k] * ar - re[k] * ai);
            // The products of a steady tone add up to its power, at an angle that its offset gives; noise widens that angle.
            // Bitwise and, so that the lanes need no branches; an angle above 90 degrees fails the first test.
            let right = (ci.abs() < cr * (self.tangent[k] + ANGLE_SLACK)) & (cr > LEAST_STEADY * power[k]);
            steady[k] = if right { cr } else { 0.0 };
        }
        let pair = Pair::strongest(&steady);
        let (low, high) = (steady[pair.low()], steady[pair.high()]);
        // An estimate of fraction times coherence, the square root of the poorer tone's ratio left out.
        let coherence = (low / power[pair.low()]).min(high / power[pair.high()]) * 2.0;
        (low > 0.0 && high > 0.0 && 0.5 * (low + high) * coherence > least_score * energy).then_some(pair)
    }

    /// Phase advance per hop of tone `lane`, as a unit vector, within the offset limit.
    pub fn advance(&self, tones: &Tones, ring: &Ring, lane: usize, t: u64, n: usize) -> [f32; 2] {
        let lane = lane & 7;
        let (re, im) = pulse_pair(ring, lane, t, n);
        // Against the nominal advance.
        let (ar, ai) = (tones.advance_re[lane], tones.advance_im[lane]);
        let (cr, ci) = (re * ar + im * ai, im * ar - re * ai);
        let [mut ur, mut ui] = self.limit[lane];
        if cr > 0.0 && ci.abs() <= cr * self.tangent[lane] {
            let scale = 1.0 / libm::sqrtf(cr * cr + ci * ci + 1e-30);
            (ur, ui) = (cr * scale, ci * scale);
        } else if ci < 0.0 {
            ui = -ui;
        }
        [ur * ar - ui * ai, ur * ai + ui * ar]
    }

    /// Frequency offset of tone `lane` over `n` frames, in percent; beyond what one hop can tell it wraps.
    pub fn offset_percent(tones: &Tones, ring: &Ring, lane: usize, t: u64, n: usize) -> f32 {
        let lane = lane & 7;
        let (re, im) = pulse_pair(ring, lane, t, n);
        let (ar, ai) = (tones.advance_re[lane], tones.advance_im[lane]);
        libm::atan2f(im * ar - re * ai, re * ar + im * ai) / tones.radians_per_percent[lane]
    }
}

/// Sum of the products of each frame with the conjugate of the one before.
fn pulse_pair(ring: &Ring, lane: usize, t: u64, n: usize) -> (f32, f32) {
    let (mut re, mut im) = (0.0, 0.0);
    let mut newer = ring.at(t);
    for i in 1..n as u64 {
        let older = ring.at(t.wrapping_sub(i));
        re += newer.re[lane] * older.re[lane] + newer.im[lane] * older.im[lane];
        im += newer.im[lane] * older.re[lane] - newer.re[lane] * older.im[lane];
        newer = older;
    }
    (re, im)
}

/// Power of the mean of `n` frames turned to a common phase, and their mean power.
pub fn coherent(ring: &Ring, lane: usize, t: u64, n: usize, advance: [f32; 2]) -> (f32, f32) {
    let lane = lane & 7;
    let (mut re, mut im, mut total) = (0.0, 0.0, 0.0);
    let (mut ur, mut ui) = (1.0, 0.0);
    for i in 0..n as u64 {
        let frame = ring.at(t.wrapping_sub(i));
        // An older frame lags by i advances: turn it forward.
        re += frame.re[lane] * ur - frame.im[lane] * ui;
        im += frame.re[lane] * ui + frame.im[lane] * ur;
        total += frame.power[lane];
        (ur, ui) = (ur * advance[0] - ui * advance[1], ur * advance[1] + ui * advance[0]);
    }
    let scale = 1.0 / n as f32;
    ((re * re + im * im) * scale * scale, total * scale)
}

#[cfg(test)]
mod tests {
    use super::super::bank::{self, LEAD};
    use super::super::limits;
    use super::super::tones::{HOP, TONE_HZ};
    use super::*;
    use cardhush_testkit::rng::Rng;
    use std::f64::consts::TAU;
    use std::vec::Vec;

    /// Calls `at` with the ring after each frame, and with the frame's number, once the longest window is full.
    fn each_frame(x: &[f32], mut at: impl FnMut(&Ring, u64)) {
        let (tones, mut ring) = (Tones::new(), Ring::new());
        for t in 0..(x.len() - LEAD) / HOP {
            let mut frame = [Frame::ZERO];
            bank::frames(&tones, &x[t * HOP..], &mut frame);
            ring.put(t as u64, &frame[0]);
            if t >= WINDOWS[WINDOWS.len() - 1] {
                at(&ring, t as u64);
            }
        }
    }

    fn pair(row: u8, column: u8) -> Pair {
        Pair { low: row, high: 4 + column }
    }

    /// 0.4 s of a pair of amplitude 0.1 and 0.05 at this offset.
    fn tone(row: usize, column: usize, percent: f64) -> Vec<f32> {
        let turn = |hz: f32| TAU * f64::from(hz) * (1.0 + percent / 100.0) / 8e3;
        let (low, high) = (turn(TONE_HZ[row]), turn(TONE_HZ[4 + column]));
        (0..3_200).map(|n| (0.1 * (low * f64::from(n)).sin() + 0.05 * (high * f64::from(n) + 1.0).sin()) as f32).collect()
    }

    fn noise(seconds: usize) -> Vec<f32> {
        let mut rng = Rng::new(6);
        (0..seconds * 8_000).map(|_| 0.1 * rng.normal() as f32).collect()
    }

    #[test]
    fn a_steady_pair_is_all_there_is_and_has_its_level_and_offset() {
        let (tones, checks) = (Tones::new(), Checks::new(&Tones::new()));
        for (row, column, percent) in [(0, 0, 0.0), (0, 1, 1.8), (1, 2, -1.8), (2, 3, 2.5), (3, 0, -2.5)] {
            let pair = pair(row, column);
            each_frame(&tone(row.into(), column.into(), percent), |ring, t| {
                for n in WINDOWS {
                    let evidence = checks.window(&tones, ring, pair, t, n);
                    // A short window holds few periods of the pair's beat, and not whole ones.
                    let beat = if n < 4 { 0.15 } else { 0.1 };
                    assert!((evidence.fraction - 1.0).abs() < beat, "{n} frames, {percent} %: fraction {}", evidence.fraction);
                    assert!(evidence.coherence > 0.97, "{n} frames, {percent} %: coherence {}", evidence.coherence);
                }
                let evidence = checks.window(&tones, ring, pair, t, 14);
                // The front filter's gain is taken to be that of the nominal tone; the rest is the window, 0.6 dB down at 41 Hz.
                let (low, high) = limits::line_power(&tones, pair, evidence.power);
                for (found, power, lane) in [(low, 0.005, pair.low()), (high, 0.001_25, pair.high())] {
                    let gain = |percent: f64| (TAU * f64::from(TONE_HZ[lane]) * (1.0 + percent / 100.0) / 8e3).sin().powi(2);
                    let ratio = f64::from(found) / power * gain(0.0) / gain(percent);
                    assert!((0.85..1.06).contains(&ratio), "lane {lane}, {percent} %: {ratio} of its power");
                }
                for lane in [pair.low(), pair.high()] {
                    let found = f64::from(Checks::offset_percent(&tones, ring, lane, t, 9));
                    assert!((found - percent).abs() < 0.1, "lane {lane}: {found} of {percent} %");
                }
                assert!(checks.steadiest(&tones, ring, t, 0.1) == Some(pair));
            });
        }
    }

    #[test]
    fn all_windows_at_once_are_each_by_itself() {
        let (tones, checks) = (Tones::new(), Checks::new(&Tones::new()));
        let mut x = tone(1, 1, 1.0);
        x.iter_mut().zip(noise(1)).for_each(|(x, noise)| *x += 0.2 * noise);
        each_frame(&x, |ring, t| {
            let all = checks.windows(&tones, ring, pair(1, 1), t, 14, 0.0);
            for (n, one) in WINDOWS.into_iter().zip(all) {
                let alone = checks.window(&tones, ring, pair(1, 1), t, n);
                // The short ones take the frequency of the 28 ms window: that moves a score a little, and the level not at all.
                assert!((one.score() - alone.score()).abs() < 0.1, "{n} frames: {} {}", one.score(), alone.score());
                assert!(n <= SHORT || one.score() == alone.score(), "{n} frames");
            }
            let cut = checks.windows(&tones, ring, pair(1, 1), t, 4, 0.0);
            assert!(cut[3..].iter().all(|none| none.score() == 0.0), "longer windows than asked for say nothing");
        });
    }

    /// What [`limits::copy_coherence`] says of noise: 1.3 / n on average; above the threshold in both lanes in one window of ten thousand.
    #[test]
    fn noise_passes_for_a_copy_once_in_ten_thousand_windows() {
        let tones = Tones::new();
        let lanes = [(0, 4), (1, 5), (2, 6), (3, 7)];
        for n in [9, 14] {
            let (mut mean, mut passes, mut windows) = (0.0_f64, 0, 0);
            each_frame(&noise(60), |ring, t| {
                for (low, high) in lanes {
                    let [low, high] = [low, high].map(|lane| {
                        let (power, total) = coherent(ring, lane, t, n, [tones.advance_re[lane], tones.advance_im[lane]]);
                        power / (total + 1e-15)
                    });
                    mean += f64::from(low);
                    passes += usize::from(low.min(high) > limits::copy_coherence(n));
                    windows += 1;
                }
            });
            let mean = mean / windows as f64;
            std::println!("{n} frames: mean coherence of noise {:.2} / n, {passes} of {windows} windows pass for a copy", mean * n as f64);
            assert!((mean * n as f64 - 1.3).abs() < 0.3, "{n} frames: mean {mean}");
            assert!(passes * 10_000 <= 2 * windows, "{n} frames: {passes} of {windows}");
        }
    }
}
