//! How loud an output is: coarse outside of what was replaced, fine inside.
//!
//! A picture must not give away what a scrub may have missed. So all that is not replaced is shown in averages of a quarter of a second, in which no word is left, and in bands of which one takes
//! all lower tones of keys, another all higher ones: that a key is there would be seen, and not which. Inside of a masked span there is nothing of the call, so nothing is averaged there.

use crate::call::Call;
use crate::error::Error;
use crate::held::Held;
use cardhush_core::{Coding, Span};
use cardhush_wav::with_coding;

/// Bands in Hz. 697 to 941 Hz lie in the third, 1209 to 1633 Hz in the fourth, far enough from the others that a Hann window of 64 ms leaks nothing that is shown.
pub const BANDS_HZ: [(f32, f32); 7] =
    [(60.0, 280.0), (280.0, 520.0), (650.0, 1_050.0), (1_110.0, 1_750.0), (1_880.0, 2_500.0), (2_500.0, 3_200.0), (3_200.0, 3_850.0)];

/// An average outside of masked spans, and a step inside, in ms.
const CELL_MS: u64 = 256;
const STEP_MS: u64 = 8;
/// Windows outside and inside, in ms.
const CELL_WINDOW_MS: u64 = 64;
const STEP_WINDOW_MS: u64 = 16;

/// Levels in dB over full scale of each channel in equal parts of a call, none shorter than a cell.
pub fn envelope(call: &Call, parts: u64) -> Result<Vec<Vec<f32>>, Error> {
    let channels = usize::from(call.channels());
    let part = (call.frames().div_ceil(parts)).max(ms(call, CELL_MS)).max(1);
    let mut sums = vec![vec![(0.0_f64, 0_u64); call.frames().div_ceil(part) as usize]; channels];
    let mut reading = call.reading(Span::new(0, call.frames()))?;
    while let Some((block, bytes)) = reading.next()? {
        with_coding!(call.format().coding, C => {
            for (frame, samples) in (block.start..).zip(bytes.chunks_exact(C::BYTES * channels)) {
                for (sample, sums) in samples.chunks_exact(C::BYTES).zip(&mut sums) {
                    let value = f64::from(C::decode(C::from_le_bytes(sample)));
                    if let Some((sum, count)) = sums.get_mut((frame / part) as usize) {
                        (*sum, *count) = (*sum + value * value, *count + 1);
                    }
                }
            }
        });
    }
    let db = |(sum, count): &(f64, u64)| decibels((sum / (*count).max(1) as f64) as f32);
    Ok(sums.iter().map(|sums| sums.iter().map(db).collect()).collect())
}

/// Levels of a part of one channel in steps: of each step those of the bands, the lowest first.
pub fn bands(call: &Call, channel: u8, within: Span, masked: &[Span]) -> Result<Vec<[f32; 7]>, Error> {
    let samples = samples(call, channel, within)?;
    let (step, cell) = (ms(call, STEP_MS), ms(call, CELL_MS));
    let window = |start: u64, end: u64| samples.get(start as usize..end as usize);
    let hop = ms(call, CELL_WINDOW_MS / 2);
    let averages: Vec<[f32; 7]> = (0..within.len().div_ceil(cell))
        .map(|number| {
            let starts = (number * cell..(number + 1) * cell).step_by(hop as usize);
            let windows = starts.filter_map(|start| window(start, start + ms(call, CELL_WINDOW_MS)));
            mean(windows.map(|window| powers(window, call.rate_hz())))
        })
        .collect();
    let levels = (0..within.len() / step).map(|number| {
        let (middle, half) = (number * step + step / 2, ms(call, STEP_WINDOW_MS) / 2);
        let inside = Span::new(within.start + middle.saturating_sub(half), within.start + middle + half);
        let fine = masked.iter().any(|span| span.overlap(inside) == inside);
        let fine = fine.then(|| window(middle.saturating_sub(half), middle + half)).flatten();
        let average = averages.get((number * step / cell) as usize).copied().unwrap_or_default();
        fine.map_or(average, |window| powers(window, call.rate_hz())).map(decibels)
    });
    Ok(levels.collect())
}

/// Full scale 1.0.
pub fn samples(call: &Call, channel: u8, within: Span) -> Result<Held<f32>, Error> {
    let (mut reading, mut samples) = (call.reading(within)?, Held::default());
    samples.empty_for(within.len() as usize);
    while let Some((_, bytes)) = reading.next()? {
        with_coding!(call.format().coding, C => {
            let of_channel = bytes.chunks_exact(C::BYTES).skip(channel.into()).step_by(call.channels().into());
            samples.extend(of_channel.map(|sample| C::decode(C::from_le_bytes(sample))));
        });
    }
    Ok(samples)
}

/// The power in each band, that of a full-scale sine being a half: Goertzel's recursion under a Hann window, at frequencies half a bin apart, whose sum is flat.
fn powers(window: &[f32], rate_hz: u32) -> [f32; 7] {
    let n = window.len() as f32;
    let hann = |at: usize| 0.5 - 0.5 * (std::f32::consts::TAU * (at as f32 + 0.5) / n).cos();
    let shaped: Held<f32> = {
        let mut held = Held::default();
        held.extend(window.iter().enumerate().map(|(at, sample)| sample * hann(at)));
        held
    };
    let scale = 1.0 / (n * (0..window.len()).map(|at| hann(at) * hann(at)).sum::<f32>());
    let spacing = rate_hz as f32 / n / 2.0;
    BANDS_HZ.map(|(from, to)| {
        let mut sum = 0.0;
        let mut hz = from + spacing / 2.0;
        while hz < to {
            let turn = 2.0 * (std::f32::consts::TAU * hz / rate_hz as f32).cos();
            let (one, two) = shaped.iter().fold((0.0, 0.0), |(one, two), sample| (sample + turn * one - two, one));
            sum += one * one + two * two - turn * one * two;
            hz += spacing;
        }
        (sum * scale).max(0.0)
    })
}

fn mean(all: impl Iterator<Item = [f32; 7]>) -> [f32; 7] {
    let (mut sums, mut count) = ([0.0; 7], 0.0_f32);
    for one in all {
        sums.iter_mut().zip(one).for_each(|(sum, one)| *sum += one);
        count += 1.0;
    }
    sums.map(|sum| sum / count.max(1.0))
}

fn decibels(power: f32) -> f32 {
    10.0 * (2.0 * power).max(1e-12).log10()
}

fn ms(call: &Call, ms: u64) -> u64 {
    u64::from(call.rate_hz()) * ms / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that was missed must be seen as one, and all must look alike.
    #[test]
    fn keys_look_alike() {
        let shown = |low: f32, high: f32| {
            let tau = std::f32::consts::TAU / 8_000.0;
            let window: Vec<f32> =
                (0..512).map(|at| at as f32).map(|at| 0.2 * ((tau * low * at).sin() + (tau * high * at).sin())).collect();
            powers(&window, 8_000).map(|power| super::super::picture::shade(decibels(power)))
        };
        let first = shown(697.0, 1_209.0);
        assert!(first[2] > 10 && first[3] > 10 && first.iter().filter(|shade| **shade > 0).count() == 2, "{first:?}");
        for low in [697.0, 770.0, 852.0, 941.0] {
            for high in [1_209.0, 1_336.0, 1_477.0, 1_633.0] {
                assert_eq!(shown(low, high), first, "{low} {high}");
            }
        }
    }
}
