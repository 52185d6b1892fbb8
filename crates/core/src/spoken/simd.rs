//! The file of the spoken stage with `unsafe`: the network's sums of products in SSE2, which is x86-64's base set, and in AVX2; and the front
//! end's plain loops once more, compiled for AVX2.
//!
//! Sums are of integers and exact, so they are those of the scalar twin, [`net::products`], in whatever order they run. The loops of the front end are the same source,
//! and compilers may not reorder `f32` sums nor fuse them, so their bits are the same as well.

#![allow(unsafe_code)]

use super::mel::{Frame, Level, Mel, SPAN};
use super::model::MAX_CHANNELS;
use super::net;
use crate::config::Isa;

/// `sums[o]` = the sum of `weights[o][i] * x[i]`, i8 and i16, with the instruction set asked for. The inputs' number is a multiple of 16, at most 192.
#[inline(always)]
pub fn products(isa: Isa, weights: &[u8], x: &[i16], sums: &mut [i32; MAX_CHANNELS]) {
    match isa {
        // SAFETY: `Isa::Avx2` is only made by `Isa::detect`, which has asked the processor.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(_) => unsafe { avx2::products(weights, x, sums) },
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        _ => sse2::products(weights, x, sums),
        #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
        _ => net::products(weights, x, sums),
    }
}

/// The two frames that cover `x`, relative to the level that follows them.
#[inline(always)]
pub fn frames(isa: Isa, mel: &Mel, level: &mut Level, x: &[f32; SPAN]) -> [Frame; 2] {
    match isa {
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(_) => unsafe { avx2::frames(mel, level, x) },
        _ => level.frames(&mel.energies(x)),
    }
}

/// Four rows of weights at a time, for as many as there are; what is left over is the twin's.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn by_fours(weights: &[u8], x: &[i16], sums: &mut [i32; MAX_CHANNELS], four: impl Fn(&[u8]) -> [i32; 4]) {
    let rows = weights.chunks_exact((4 * x.len()).max(1));
    let rest = rows.remainder();
    let done = weights.len() - rest.len();
    for (rows, sums) in rows.zip(sums.as_chunks_mut::<4>().0) {
        *sums = four(rows);
    }
    net::products(rest, x, sums.get_mut(done / x.len().max(1)..).unwrap_or(&mut []));
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2 {
    use super::super::model::MAX_CHANNELS;
    use super::super::net::INPUTS;
    use core::arch::x86_64::*;

    /// Bytes become words by shifts if even and odd ones are taken apart, which costs less than to unpack them; so the inputs are taken apart too, once.
    #[inline]
    pub fn products(weights: &[u8], x: &[i16], sums: &mut [i32; MAX_CHANNELS]) {
        let mut apart = [[[0_i16; 8]; 2]; INPUTS / 16];
        for ([even, odd], x) in apart.iter_mut().zip(x.as_chunks::<16>().0) {
            for ((even, odd), [x, y]) in even.iter_mut().zip(odd).zip(x.as_chunks::<2>().0) {
                (*even, *odd) = (*x, *y);
            }
        }
        super::by_fours(weights, x, sums, |rows| {
            // SAFETY: `rows` are four of `x.len()` bytes, of which sixteen are read at each multiple of 16 in front of `x.len()`'s
            // last one.
            unsafe {
                let mut sums = [_mm_setzero_si128(); 4];
                for (i, [even, odd]) in apart.iter().take(x.len() / 16).enumerate() {
                    let (even, odd) = (_mm_loadu_si128(even.as_ptr().cast()), _mm_loadu_si128(odd.as_ptr().cast()));
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let w = _mm_loadu_si128(rows.as_ptr().add(row * x.len() + 16 * i).cast());
                        let low = _mm_madd_epi16(_mm_srai_epi16(_mm_slli_epi16(w, 8), 8), even);
                        *sum = _mm_add_epi32(*sum, _mm_add_epi32(low, _mm_madd_epi16(_mm_srai_epi16(w, 8), odd)));
                    }
                }
                let [a, b, c, d] = sums;
                let ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
                let cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
                let mut out = [0; 4];
                _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd)));
                out
            }
        });
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::super::mel::{Frame, Level, Mel, SPAN};
    use super::super::model::MAX_CHANNELS;
    use core::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub fn products(weights: &[u8], x: &[i16], sums: &mut [i32; MAX_CHANNELS]) {
        super::by_fours(weights, x, sums, |rows| {
            // SAFETY: `rows` are four of `x.len()` bytes, of which sixteen are read at each multiple of 16 in front of `x.len()`'s last one.
            unsafe {
                let mut sums = [_mm256_setzero_si256(); 4];
                for (i, x16) in x.as_chunks::<16>().0.iter().enumerate() {
                    let x16 = _mm256_loadu_si256(x16.as_ptr().cast());
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let w = _mm_loadu_si128(rows.as_ptr().add(row * x.len() + 16 * i).cast());
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(w), x16));
                    }
                }
                let [a, b, c, d] = sums;
                let sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
                let mut out = [0; 4];
                _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums)));
                out
            }
        });
    }

    #[target_feature(enable = "avx2")]
    pub fn frames(mel: &Mel, level: &mut Level, x: &[f32; SPAN]) -> [Frame; 2] {
        level.frames(&mel.energies(x))
    }
}

#[cfg(test)]
mod tests {
    use super::super::net::INPUTS;
    use super::*;
    use cardhush_testkit::rng::Rng;
    use std::vec::Vec;

    /// Every width and count of rows that a model may ask for, at the largest weights and inputs too.
    #[test]
    fn sums_are_those_of_the_scalar_twin() {
        let mut rng = Rng::new(1);
        for inputs in (16..=INPUTS).step_by(16) {
            for (rows, extreme) in [(14, false), (16, true), (64, false), (64, true)] {
                let weights: Vec<u8> = (0..rows * inputs).map(|_| if extreme { 0x80 } else { rng.below(256) as u8 }).collect();
                let x: Vec<i16> = (0..inputs).map(|_| if extreme { i16::MIN } else { rng.below(65_536) as u16 as i16 }).collect();
                let mut sums = [[0; MAX_CHANNELS]; 3];
                net::products(&weights, &x, &mut sums[0]);
                products(Isa::Portable, &weights, &x, &mut sums[1]);
                products(Isa::detect(), &weights, &x, &mut sums[2]);
                assert!(sums[0] == sums[1] && sums[0] == sums[2], "{inputs} inputs, {rows} rows");
                let naive = |row: &[u8]| row.iter().zip(&x).map(|(&w, &x)| i64::from(w as i8) * i64::from(x)).sum::<i64>();
                assert!(sums[0].iter().zip(weights.chunks_exact(inputs)).all(|(&sum, row)| i64::from(sum) == naive(row)));
            }
        }
    }

    /// Loud, quiet, denormal, huge and no samples, and such as are no numbers.
    #[test]
    fn frames_are_those_of_the_plain_loops() {
        let (mel, mut rng) = (Mel::new(), Rng::new(2));
        let (mut levels, mut count) = ([Level::new(); 2], 0);
        for round in 0..400 {
            let scale = [1.0, 1e-4, 1e-39, 8.0, 0.0, 1e38, f64::NAN][round % 7];
            let x: [f32; SPAN] = core::array::from_fn(|_| (rng.normal() * scale) as f32);
            let [ours, other] = [Isa::Portable, Isa::detect()].map(|isa| {
                let level = &mut levels[usize::from(isa == Isa::detect())];
                frames(isa, &mel, level, &x)
                    .map(|frame| frame.features.map(f32::to_bits).into_iter().chain([frame.above.to_bits()]).collect::<Vec<_>>())
            });
            assert_eq!(ours, other, "round {round}");
            count += ours.len();
        }
        assert_eq!(count, 800);
    }
}
