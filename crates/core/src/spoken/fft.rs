//! Fourier transform of 256 complex points, two real frames at a time.
//!
//! Where: first step of [`mel`](super::mel). In: two frames of up to 256 samples as real and imaginary part. Out: the power of both at bins 0 to 128.
//!
//! The 256 points lie as 16 rows of 16. A transform of the columns, a turn of each point, the transposition and again a transform of the columns
//! make the whole one (Gentleman and Sande 1966), and what is done to columns is done to all sixteen at once by plain array loops, whatever the width of the
//! machine's vectors. The order of every sum is that of this source, so the powers are the same bits in each build.

use core::f64::consts::TAU;

/// Points of the transform.
pub const POINTS: usize = 256;
/// Bins of a real frame: 0 to half the sampling rate.
pub const BINS: usize = POINTS / 2 + 1;
/// Rows and columns that they lie in.
pub const SIDE: usize = 16;

/// Sixteen numbers next to each other.
type Lanes = [f32; SIDE];
/// 256 points: rows of sixteen.
pub type Square = [Lanes; SIDE];

/// The turns between the two passes: `exp(-i 2 pi row column / 256)`.
#[derive(Clone, Debug)]
pub struct Turns {
    re: Square,
    im: Square,
}

impl Turns {
    /// Works out the turns, 2 KiB.
    pub fn new() -> Self {
        let mut turns = Self { re: [[0.0; SIDE]; SIDE], im: [[0.0; SIDE]; SIDE] };
        for (row, (re, im)) in turns.re.iter_mut().zip(&mut turns.im).enumerate() {
            for (column, (re, im)) in re.iter_mut().zip(im).enumerate() {
                let angle = TAU * (row * column) as f64 / POINTS as f64;
                (*re, *im) = (libm::cos(angle) as f32, -libm::sin(angle) as f32);
            }
        }
        turns
    }
}

/// Transforms two real frames, given as real and imaginary part; gives their powers.
#[inline(always)]
pub fn powers(turns: &Turns, mut re: Square, mut im: Square) -> [[f32; BINS]; 2] {
    columns(&mut re, &mut im);
    for (((re, im), c), s) in re.iter_mut().zip(&mut im).zip(&turns.re).zip(&turns.im) {
        for j in 0..SIDE {
            (re[j], im[j]) = (re[j] * c[j] - im[j] * s[j], re[j] * s[j] + im[j] * c[j]);
        }
    }
    let (mut re, mut im) = (transposed(&re), transposed(&im));
    columns(&mut re, &mut im);
    // Bin k of the first frame is half of Z[k] + conj Z[256 - k], of the second half of -i times their difference.
    let (mut first, mut second) = ([0.0; BINS], [0.0; BINS]);
    for (k, (first, second)) in first.iter_mut().zip(&mut second).enumerate() {
        let mirror = (POINTS - k) % POINTS;
        let (a, b, c, d) = (at(&re, k), at(&re, mirror), at(&im, k), at(&im, mirror));
        *first = 0.25 * ((a + b) * (a + b) + (c - d) * (c - d));
        *second = 0.25 * ((c + d) * (c + d) + (b - a) * (b - a));
    }
    [first, second]
}

#[inline(always)]
fn at(square: &Square, k: usize) -> f32 {
    square[k / SIDE % SIDE][k % SIDE]
}

/// Transforms each column by four times four: rows 4 apart, a turn, rows next to each other.
#[inline(always)]
fn columns(re: &mut Square, im: &mut Square) {
    /// Cosine of pi / 8 and of 3 pi / 8, and the root of 1/2.
    const C: [f32; 3] = [0.923_879_5, 0.382_683_43, core::f32::consts::FRAC_1_SQRT_2];
    /// `exp(-i 2 pi b c / 16)` for row `4 c + b` behind the first step.
    const TURNS: [[(f32, f32); 4]; 4] = [
        [(1.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 0.0)],
        [(1.0, 0.0), (C[0], -C[1]), (C[2], -C[2]), (C[1], -C[0])],
        [(1.0, 0.0), (C[2], -C[2]), (0.0, -1.0), (-C[2], -C[2])],
        [(1.0, 0.0), (C[1], -C[0]), (-C[2], -C[2]), (-C[0], C[1])],
    ];
    let (mut between_re, mut between_im) = ([[0.0; SIDE]; SIDE], [[0.0; SIDE]; SIDE]);
    for b in 0..4 {
        for j in 0..SIDE {
            let out = four([0, 1, 2, 3].map(|a| (re[4 * a + b][j], im[4 * a + b][j])));
            for c in 0..4 {
                let ((x, y), (cos, sin)) = (out[c], TURNS[b][c]);
                between_re[4 * c + b][j] = x * cos - y * sin;
                between_im[4 * c + b][j] = x * sin + y * cos;
            }
        }
    }
    for c in 0..4 {
        for j in 0..SIDE {
            let out = four([0, 1, 2, 3].map(|b| (between_re[4 * c + b][j], between_im[4 * c + b][j])));
            for d in 0..4 {
                (re[c + 4 * d][j], im[c + 4 * d][j]) = out[d];
            }
        }
    }
}

/// Transform of four points.
#[inline(always)]
fn four(x: [(f32, f32); 4]) -> [(f32, f32); 4] {
    let (sum_02, difference_02) = ((x[0].0 + x[2].0, x[0].1 + x[2].1), (x[0].0 - x[2].0, x[0].1 - x[2].1));
    let (sum_13, difference_13) = ((x[1].0 + x[3].0, x[1].1 + x[3].1), (x[1].0 - x[3].0, x[1].1 - x[3].1));
    [
        (sum_02.0 + sum_13.0, sum_02.1 + sum_13.1),
        (difference_02.0 + difference_13.1, difference_02.1 - difference_13.0),
        (sum_02.0 - sum_13.0, sum_02.1 - sum_13.1),
        (difference_02.0 - difference_13.1, difference_02.1 + difference_13.0),
    ]
}

#[inline(always)]
fn transposed(square: &Square) -> Square {
    let mut turned = [[0.0; SIDE]; SIDE];
    for (i, row) in square.iter().enumerate() {
        for (x, turned) in row.iter().zip(&mut turned) {
            turned[i] = *x;
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardhush_testkit::rng::Rng;
    use rustfft::{FftPlanner, num_complex::Complex};
    use std::println;
    use std::vec::Vec;

    /// A bin is a sum of 256 products on whose way lie about eight steps, each rounding to 2^-24 of at most the frame's whole amplitude; halves of two such bins
    /// make an amplitude. With 16 for the steps of both, an amplitude errs by 16 * 2^-24 of the root of the pair's energy, and a power by twice that times the amplitude.
    const TOLERANCE: f64 = 2.0 * 16.0 / 16_777_216.0;

    #[test]
    fn both_frames_have_the_powers_of_a_foreign_transform() {
        let (turns, mut rng, fft) = (Turns::new(), Rng::new(1), FftPlanner::new().plan_fft_forward(POINTS));
        let mut most = 0.0_f64;
        for (round, scales) in [[1.0, 1.0], [1.0, 1e-3], [0.0, 1.0], [1e-3, 8.0]].into_iter().cycle().take(200).enumerate() {
            let frames = scales.map(|scale| -> Vec<f32> { (0..POINTS).map(|_| (rng.normal() * scale) as f32).collect() });
            let square =
                |frame: &[f32]| -> Square { core::array::from_fn(|row| core::array::from_fn(|column| frame[SIDE * row + column])) };
            let ours = powers(&turns, square(&frames[0]), square(&frames[1]));
            let energy: f64 = frames.iter().flatten().map(|x| f64::from(*x).powi(2)).sum();
            let whole = (POINTS as f64 * energy).sqrt();
            for (ours, frame) in ours.iter().zip(&frames) {
                let mut bins: Vec<Complex<f64>> = frame.iter().map(|x| Complex::new(f64::from(*x), 0.0)).collect();
                fft.process(&mut bins);
                for (k, (ours, bin)) in ours.iter().zip(&bins).enumerate() {
                    // The error's own square counts where the bin is as good as empty.
                    let share = (f64::from(*ours) - bin.norm_sqr()).abs() / (whole * (bin.norm() + TOLERANCE * whole));
                    assert!(share < TOLERANCE, "round {round}, bin {k}: {ours}, rustfft {}", bin.norm_sqr());
                    most = most.max(share);
                }
            }
        }
        println!("powers err by {most:.1e} of amplitude times the pair's whole, at most {TOLERANCE:.1e}");
    }
}
