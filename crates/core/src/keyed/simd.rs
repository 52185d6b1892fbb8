//! The one file with `unsafe`: the bank in AVX2, eight tones to a register.
//!
//! Every sum runs in the order of its scalar twin, [`bank::frames`], and fused multiply-add is left out, so both give the same bits.
//! Detection reads `cpuid` and needs no std.

#![allow(unsafe_code)]

use super::bank::{self, Frame};
use super::tones::Tones;
use crate::config::Isa;

/// Frames made in one go: enough independent sums to keep the adders busy.
pub const BATCH: usize = 4;

/// The first `count` frames (at most [`BATCH`]) of `x`, with the instruction set asked for; the others are left as they are.
#[inline]
pub fn frames(isa: Isa, tones: &Tones, x: &[f32], count: usize, out: &mut [Frame; BATCH]) {
    match isa {
        // SAFETY: `Isa::Avx2` is only made by `Isa::detect`, which has asked the processor.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(_) if count >= BATCH => unsafe { avx2::frames::<BATCH>(tones, x, out) },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(_) => {
            for (i, frame) in out.iter_mut().enumerate().take(count) {
                // SAFETY: as above.
                unsafe { avx2::frames::<1>(tones, x.get(i * super::tones::HOP..).unwrap_or(&[]), core::array::from_mut(frame)) }
            }
        }
        _ => bank::frames(tones, x, &mut out[..count.min(BATCH)]),
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::super::bank::Frame;
    use super::super::tones::{HOP, Tones, WINDOW};
    use core::arch::x86_64::*;

    /// Sums and differences of the samples at equal distance from the middle of a window.
    #[repr(align(32))]
    struct Folded {
        sum: [f32; HOP],
        difference: [f32; HOP],
    }

    #[target_feature(enable = "avx2")]
    pub fn frames<const B: usize>(tones: &Tones, x: &[f32], out: &mut [Frame; B]) {
        let mut folded = [const { Folded { sum: [0.0; HOP], difference: [0.0; HOP] } }; B];
        let reverse = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
        for (b, (frame, folded)) in out.iter_mut().zip(folded.iter_mut()).enumerate() {
            let Some(x) = x.get(b * HOP..).and_then(|x| x.first_chunk::<{ WINDOW + 2 }>()) else { return };
            // SAFETY: every index is below `WINDOW + 2`, and the folded arrays hold `HOP` each.
            unsafe {
                let x = x.as_ptr();
                let y = |i: usize| _mm256_sub_ps(_mm256_loadu_ps(x.add(8 * i + 2)), _mm256_loadu_ps(x.add(8 * i)));
                let mut energy = _mm256_setzero_ps();
                for i in 0..HOP / 8 {
                    let newer = y(4 + i);
                    let older = _mm256_permutevar8x32_ps(y(3 - i), reverse);
                    energy = _mm256_add_ps(energy, _mm256_mul_ps(newer, newer));
                    _mm256_store_ps(folded.sum.as_mut_ptr().add(8 * i), _mm256_add_ps(newer, older));
                    _mm256_store_ps(folded.difference.as_mut_ptr().add(8 * i), _mm256_sub_ps(newer, older));
                }
                let mut lanes = [0.0_f32; 8];
                _mm256_storeu_ps(lanes.as_mut_ptr(), energy);
                frame.energy = super::super::bank::mean_square(lanes);
            }
        }
        let mut re = [_mm256_setzero_ps(); B];
        let mut im = [_mm256_setzero_ps(); B];
        for j in 0..HOP {
            // SAFETY: rows of eight.
            let (c, s) = unsafe { (_mm256_loadu_ps(tones.cosine[j].as_ptr()), _mm256_loadu_ps(tones.sine[j].as_ptr())) };
            for b in 0..B {
                re[b] = _mm256_add_ps(re[b], _mm256_mul_ps(_mm256_set1_ps(folded[b].sum[j]), c));
                im[b] = _mm256_sub_ps(im[b], _mm256_mul_ps(_mm256_set1_ps(folded[b].difference[j]), s));
            }
        }
        for (b, frame) in out.iter_mut().enumerate() {
            let power = _mm256_add_ps(_mm256_mul_ps(re[b], re[b]), _mm256_mul_ps(im[b], im[b]));
            // SAFETY: arrays of eight.
            unsafe {
                _mm256_storeu_ps(frame.re.as_mut_ptr(), re[b]);
                _mm256_storeu_ps(frame.im.as_mut_ptr(), im[b]);
                _mm256_storeu_ps(frame.power.as_mut_ptr(), power);
            }
        }
    }
}

/// Whether processor and operating system support AVX2.
#[cfg(target_arch = "x86_64")]
pub fn has_avx2() -> bool {
    use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    const OSXSAVE_AVX: u32 = 1 << 27 | 1 << 28;
    const AVX2: u32 = 1 << 5;
    #[target_feature(enable = "xsave")]
    fn saved_registers() -> u64 {
        // SAFETY: register 0 exists wherever OSXSAVE is set.
        unsafe { _xgetbv(0) }
    }
    #[allow(unused_unsafe, reason = "newer compilers hold cpuid to be safe, and Rust 1.90 does not")]
    // SAFETY: cpuid is part of every x86-64 processor; `saved_registers` is called only where OSXSAVE is set.
    unsafe {
        __cpuid(0).eax >= 7
            && __cpuid(1).ecx & OSXSAVE_AVX == OSXSAVE_AVX
            && saved_registers() & 6 == 6
            && __cpuid_count(7, 0).ebx & AVX2 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::bank::LEAD;
    use super::super::tones::HOP;
    use super::*;
    use cardhush_testkit::rng::Rng;
    use std::vec::Vec;

    /// Loud, quiet, denormal and huge samples; as many frames as may be asked for.
    #[test]
    fn every_instruction_set_gives_the_bits_of_the_scalar_twin() {
        let (tones, mut rng) = (Tones::new(), Rng::new(1));
        let bits = |frame: &Frame| {
            [frame.re, frame.im, frame.power].concat().into_iter().chain([frame.energy]).map(f32::to_bits).collect::<Vec<_>>()
        };
        for round in 0..400 {
            let scale = [1.0, 1e-4, 1e-39, 8.0][round % 4];
            let x: Vec<f32> = (0..LEAD + HOP * BATCH).map(|_| (rng.normal() * scale) as f32).collect();
            for count in 0..=BATCH {
                let (mut portable, mut detected) = ([Frame::ZERO; BATCH], [Frame::ZERO; BATCH]);
                frames(Isa::Portable, &tones, &x, count, &mut portable);
                frames(Isa::detect(), &tones, &x, count, &mut detected);
                assert!(portable.iter().map(bits).eq(detected.iter().map(bits)), "round {round}, {count} frames, {:?}", Isa::detect());
                assert!(portable.iter().filter(|frame| frame.energy > 0.0).count() == count || scale < 1e-30);
            }
        }
    }
}
