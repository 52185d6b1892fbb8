//! What is left of each planted digit, and whether anything else changed. Of the samples alone: it asks the engine for nothing but the spans that it told.

use super::plant::Placed;
use super::{Kind, Measured};
use crate::call::Call;
use crate::error::Error;
use crate::evidence::sound;
use crate::held::Held;
use crate::plan::Plan;
use crate::report::seconds;
use cardhush_core::Span;

/// How far above its mean the chance likeness of a fill and a tone may lie: once in 20,000 times (an exponential distribution, e^-10).
const CHANCE: f64 = 10.0;

/// Measures a pair.
pub fn measure(copy: &Call, output: &Call, plan: &Plan, placed: &Placed, kind: Kind) -> Result<Measured, Error> {
    let mut measured = Measured {
        channel: placed.channel,
        at_s: seconds(placed.start, copy.rate_hz()),
        digits: placed.planted.digits.len(),
        gone: 0,
        left: 0.0,
        strays: strays(copy, output, plan)?,
        elsewhere_s: 0.0,
    };
    let mut planted_masked = 0;
    for (digit, tones) in &placed.planted.digits {
        let span = placed.span(*digit);
        let planted = placed.planted.samples.get(digit.start as usize..digit.end as usize).unwrap_or(&[]);
        let before = sound::samples(copy, placed.channel, span)?;
        let after = sound::samples(output, placed.channel, span)?;
        let mut left = unchanged(planted, &before, &after);
        if let Some(tones) = tones {
            left = left.max(heard(&after, *tones, copy.rate_hz()));
        }
        measured.gone += usize::from(left <= kind.may_be_left());
        measured.left = measured.left.max(left);
        planted_masked +=
            (0..copy.channels()).flat_map(|channel| plan.near(channel, span).0).map(|(masked, _)| masked.overlap(span).len()).sum::<u64>();
    }
    let masked: u64 = plan.redactions().map(|one| one.span.len()).sum();
    measured.elsewhere_s = seconds(masked.saturating_sub(planted_masked), copy.rate_hz());
    Ok(measured)
}

/// The part of what was planted that lies in samples that are still what they were.
fn unchanged(planted: &[f32], before: &[f32], after: &[f32]) -> f64 {
    let energy = |sample: &f32| f64::from(*sample) * f64::from(*sample);
    let all: f64 = planted.iter().map(energy).sum();
    let same = planted.iter().zip(before.iter().zip(after)).filter(|(_, (before, after))| before == after);
    same.map(|(sample, _)| energy(sample)).sum::<f64>() / all.max(f64::MIN_POSITIVE)
}

/// The part of a key's energy that is heard at its two tones, beyond what the noise that is there would give by chance.
fn heard(after: &[f32], [low, high, amplitude]: [f64; 3], rate_hz: u32) -> f64 {
    let n = after.len() as f64;
    let mut tones = 0.0;
    for hz in [low, high] {
        let turn = std::f64::consts::TAU * hz / f64::from(rate_hz);
        let (re, im) = after.iter().enumerate().fold((0.0, 0.0), |(re, im), (at, sample)| {
            let (sin, cos) = (turn * at as f64).sin_cos();
            (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
        });
        tones += 4.0 * (re * re + im * im) / (n * n);
    }
    // Squares of amplitudes. Noise of power s gives each tone 4 s / n in the mean.
    let power = after.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum::<f64>() / n.max(1.0);
    let noise = (power - tones / 2.0).max(0.0);
    ((tones - CHANCE * 4.0 * noise / n) / (2.0 * amplitude * amplitude)).max(0.0)
}

/// Bytes that differ and lie in no span of the plan; of files of different lengths, all.
fn strays(copy: &Call, output: &Call, plan: &Plan) -> Result<u64, Error> {
    if copy.bytes() != output.bytes() {
        return Ok(copy.bytes().max(output.bytes()));
    }
    let (mut before, mut after) = (Held::default(), Held::default());
    let mut strays = 0;
    for part in copy.head().chain(copy.tail()) {
        let (before, after) = (copy.read(part.clone(), &mut before)?, output.read(part, &mut after)?);
        strays += before.iter().zip(after.iter()).filter(|(before, after)| before != after).count() as u64;
    }
    let (channels, bytes) = (usize::from(copy.channels()), usize::from(copy.format().coding.bytes()));
    let whole = Span::new(0, copy.frames());
    let (mut reading, mut other) = (copy.reading(whole)?, output.reading(whole)?);
    while let (Some((block, before)), Some((_, after))) = (reading.next()?, other.next()?) {
        for (at, (before, after)) in before.chunks_exact(bytes).zip(after.chunks_exact(bytes)).enumerate() {
            let (frame, channel) = (block.start + (at / channels) as u64, (at % channels) as u8);
            if before != after && plan.near(channel, Span::new(frame, frame + 1)).0.is_empty() {
                strays += before.iter().zip(after).filter(|(before, after)| before != after).count() as u64;
            }
        }
    }
    Ok(strays)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key at -10 dBm0 (an amplitude of 0.22), and a rectangular noise of a tenth of that.
    #[test]
    fn a_key_is_heard_where_it_is_and_not_where_noise_is() {
        let tone = |at: usize| {
            (std::f64::consts::TAU * 770.0 * at as f64 / 8_000.0).sin() + (std::f64::consts::TAU * 1_336.0 * at as f64 / 8_000.0).sin()
        };
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(seed) / f64::from(u32::MAX) - 0.5) * 0.04
        };
        let tones = [770.0, 1_336.0, 0.22];
        let mut sound = |amplitude: f64| (0..640).map(|at| (amplitude * tone(at) + noise()) as f32).collect::<Vec<_>>();
        assert!(heard(&sound(0.22), tones, 8_000) > 0.95);
        assert!((heard(&sound(0.11), tones, 8_000) - 0.25).abs() < 0.02);
        assert_eq!(heard(&sound(0.0), tones, 8_000), 0.0);
        let planted = [0.5, -0.5, 0.5, 0.5];
        assert_eq!(unchanged(&planted, &[0.1, 0.2, 0.3, 0.4], &[0.1, 0.0, 0.0, 0.0]), 0.25);
    }
}
