//! Log-mel front end: 8 kHz samples -> 40 log energies per 10 ms, less a level that follows the call.
//!
//! Where: between [`vad`](super::vad) and [`net`](super::net). In: f32, full scale 1.0. Out: features of about -5 to 6, and how far the frame stands above the level. Frame `t` covers samples
//! `80 t - 120 .. 80 t + 79` and is complete with the last of them; two are made at a time, by one transform. Source:
//! `model/train/front.py`, whose arithmetic this repeats; every constant here is one that the network was trained with.

use super::fft::{self, BINS, POINTS, SIDE, Square, Turns};
use super::model::BANDS;

/// Samples between two frames, 10 ms.
pub const HOP: usize = 80;
/// Samples of a frame, 25 ms.
pub const WINDOW: usize = 200;
/// Samples that two frames cover.
pub const SPAN: usize = WINDOW + HOP;

const LOW_HZ: f64 = 100.0;
const HIGH_HZ: f64 = 3_800.0;
/// Added to every energy before its logarithm.
const FLOOR: f32 = 1e-6;
/// Log power of silence: that of the floor.
pub const SILENCE: f32 = -13.815_511;
/// Share of the way to a louder frame that the level goes at once.
const RISE: f32 = 0.2;
/// What the level loses per frame otherwise, in nepers of power: 1.7 dB/s.
const FALL: f32 = 0.004;
/// Lowest level, in nepers of power: about -62 dBFS.
const LEVEL_MIN: f32 = -5.0;
const OFFSET: f32 = 6.0;
const SCALE: f32 = 1.0 / 3.0;

/// Window, turns and triangles.
#[derive(Clone, Debug)]
pub struct Mel {
    window: [f32; WINDOW],
    turns: Turns,
    /// Weight of each bin in the band whose triangle rises there.
    rising: [f32; BINS],
    /// Weight of each bin in the band before, whose triangle falls there.
    falling: [f32; BINS],
    /// First bin at or above each edge: between edges `b` and `b + 1` band `b` rises and band `b - 1` falls.
    edges: [usize; BANDS + 2],
}

impl Mel {
    /// Works out the tables, 4 KiB.
    pub fn new() -> Self {
        let mut mel = Self { window: [0.0; WINDOW], turns: Turns::new(), rising: [0.0; BINS], falling: [0.0; BINS], edges: [0; BANDS + 2] };
        for (i, w) in mel.window.iter_mut().enumerate() {
            *w = (0.5 - 0.5 * libm::cos(core::f64::consts::TAU * i as f64 / WINDOW as f64)) as f32;
        }
        let (low, high) = (mel_of(LOW_HZ), mel_of(HIGH_HZ));
        let edge_hz = |i: usize| hz_of(low + (high - low) * i as f64 / (BANDS + 1) as f64);
        let bin_hz = |k: usize| k as f64 * 8_000.0 / POINTS as f64;
        for (i, edge) in mel.edges.iter_mut().enumerate() {
            *edge = (0..BINS).take_while(|&k| bin_hz(k) < edge_hz(i)).count();
        }
        for (k, (rising, falling)) in mel.rising.iter_mut().zip(&mut mel.falling).enumerate() {
            let above = (0..BANDS + 2).take_while(|&i| edge_hz(i) <= bin_hz(k)).count();
            if (1..BANDS + 2).contains(&above) {
                let (from, to, hz) = (edge_hz(above - 1), edge_hz(above), bin_hz(k));
                (*rising, *falling) = (((hz - from) / (to - from)) as f32, ((to - hz) / (to - from)) as f32);
            }
        }
        mel
    }

    /// Mel energies of the two frames that cover these samples.
    #[inline(always)]
    pub fn energies(&self, x: &[f32; SPAN]) -> [[f32; BANDS]; 2] {
        let mut re: Square = [[0.0; SIDE]; SIDE];
        let mut im = re;
        let points = re.as_flattened_mut().iter_mut().zip(im.as_flattened_mut());
        for ((((re, im), older), newer), w) in points.zip(x).zip(&x[HOP..]).zip(&self.window) {
            (*re, *im) = (older * w, newer * w);
        }
        let [older, newer] = fft::powers(&self.turns, re, im);
        [self.bands(&older), self.bands(&newer)]
    }

    #[inline(always)]
    fn bands(&self, power: &[f32; BINS]) -> [f32; BANDS] {
        let mut bands = [0.0; BANDS + 2];
        for (i, edges) in self.edges.windows(2).enumerate() {
            let (from, to) = (edges[0], edges[1]);
            let (mut up, mut down) = (0.0, 0.0);
            for ((power, rising), falling) in
                part(power, from, to).iter().zip(part(&self.rising, from, to)).zip(part(&self.falling, from, to))
            {
                up += rising * power;
                down += falling * power;
            }
            // Band `i` at `i + 1`; what falls in front of the first band and rises behind the last is nobody's.
            bands[i] += down;
            bands[i + 1] = up;
        }
        let mut inner = [0.0; BANDS];
        inner.copy_from_slice(&bands[1..=BANDS]);
        inner
    }
}

#[inline(always)]
fn part(bins: &[f32; BINS], from: usize, to: usize) -> &[f32] {
    bins.get(from..to).unwrap_or(&[])
}

/// A frame as the network takes it.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Log energies of the bands, less the level, scaled.
    pub features: [f32; BANDS],
    /// Log energy of all bands, less the level, in nepers of power.
    pub above: f32,
    /// Its log power, in nepers.
    pub loudness: f32,
}

/// The level of what sounds on a channel: rises fast, falls slowly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level(f32);

impl Level {
    /// The level at the start of a call, in nepers of power.
    pub const fn new() -> Self {
        Self(LEVEL_MIN)
    }

    /// Follows the frames of these energies, and gives them relative to the level.
    #[inline(always)]
    pub fn frames(&mut self, energies: &[[f32; BANDS]; 2]) -> [Frame; 2] {
        let [older, newer] = energies;
        [self.push(older), self.push(newer)]
    }

    /// Follows a frame of these energies, and gives it relative to the level. Whatever the energies are, the level stays finite.
    #[inline(always)]
    pub fn push(&mut self, energies: &[f32; BANDS]) -> Frame {
        let loud = ln(energies.iter().sum::<f32>() + FLOOR);
        self.0 = if loud > self.0 { self.0 + RISE * (loud - self.0) } else { greater(self.0 - FALL, LEVEL_MIN) };
        let mut features = [0.0; BANDS];
        for (feature, energy) in features.iter_mut().zip(energies) {
            *feature = (ln(energy + FLOOR) - self.0 + OFFSET) * SCALE;
        }
        Frame { features, loudness: loud, above: loud - self.0 }
    }
}

/// Not f32::max: it looks for NaN, and there is none.
#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Natural logarithm of a positive normal number, to 2^-23 of itself or of 1, whichever is greater; of anything else some finite number.
///
/// The mantissa, brought to between the roots of 1/2 and 2, by the polynomial of Cephes' `logf`; ln 2 in two parts. Without branches, so that it goes through the bands in
/// vectors, and without library calls, so that it gives the same bits everywhere.
#[inline(always)]
fn ln(x: f32) -> f32 {
    const ROOT_HALF: u32 = 0x3f35_04f3;
    const P: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    let bits = x.to_bits().wrapping_sub(ROOT_HALF);
    let exponent = (bits as i32 >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff) + ROOT_HALF) - 1.0;
    let square = m * m;
    let mut polynomial = P[0];
    for p in &P[1..] {
        polynomial = polynomial * m + p;
    }
    let rest = polynomial * m * square + exponent * -2.121_944_4e-4 - 0.5 * square;
    (m + rest) + exponent * 0.693_359_4
}

fn mel_of(hz: f64) -> f64 {
    2_595.0 * libm::log10(1.0 + hz / 700.0)
}

fn hz_of(mel: f64) -> f64 {
    700.0 * (libm::exp10(mel / 2_595.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over all that energies can be, and beyond; the sum of the parts is rounded four times to 2^-24 of what it holds.
    #[test]
    fn the_logarithm_is_that_of_std() {
        let mut most = 0.0_f64;
        for step in 0..2_000_000_u32 {
            let x = f32::from_bits(0x0080_0000 + step * 1_060);
            let exact = f64::from(x).ln();
            most = most.max((f64::from(ln(x)) - exact).abs() / exact.abs().max(1.0));
        }
        std::println!("the logarithm errs by {most:.1e}");
        assert!(most < 1.0 / 8_388_608.0, "{most}");
        assert!([0.0, -1.0, f32::NAN, f32::INFINITY, 1e-45].into_iter().all(|x| ln(x).is_finite()));
    }

    /// Triangles that overlap by halves: between the middles of the first and the last band, each bin is given away whole.
    #[test]
    fn each_bin_goes_to_two_bands() {
        let mel = Mel::new();
        let bands = |bin: usize| mel.bands(&core::array::from_fn(|k| if k == bin { 1.0 } else { 0.0 }));
        for bin in 0..BINS {
            let bands = bands(bin);
            let given = bands.iter().sum::<f32>();
            let heard = bands.iter().filter(|share| **share > 0.0).count();
            match bin {
                6..=115 => assert!((given - 1.0).abs() < 1e-6 && (1..=2).contains(&heard), "bin {bin}: {given}, {heard} bands"),
                0..=3 | 122.. => assert!(heard == 0, "bin {bin}"),
                _ => assert!(given <= 1.0 + 1e-6),
            }
        }
    }
}
