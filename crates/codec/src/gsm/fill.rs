//! Frames of comfort noise: random pulses through a flat filter, which the decoder's de-emphasis makes dull, as the noise of rooms is.
//!
//! Everything in a frame is a hash of its number or follows from the level asked for. The codec has no silence: the lowest gain of the
//! long-term predictor is a tenth, and the smallest pulses are not 0. The quietest noise, of the smallest pulses with random signs, has an RMS of
//! about 9 of 32768 (-71 dB of full scale) and stands for everything below.

use super::bits::{Parameters, SubFrame};
use super::synthesis::pulse;

/// Log area ratios that decode next to 0 (EN 300 961, table 5.1: (LARc + MIC) / A - B nearest to 0): no resonance anywhere.
const FLAT: [u8; 8] = [32, 32, 20, 11, 8, 5, 3, 2];
/// RMS of samples for pulses of RMS 1: 13 of 40 samples are pulses, de-emphasis with the pole p = 28180 / 32768 multiplies power by 1 / (1 - p^2),
/// and the output is doubled (5.3.5).
const GAIN: f32 = 2.0 * 0.570_1 * 1.959_7;
/// Values of a coded pulse to either side of the middle: with 4 the whole range is used.
const SPREADS: [u8; 3] = [1, 2, 4];
/// Largest coded block maximum.
const LOUDEST: u8 = 63;

/// Frame `number` of the file, as noise with this RMS level, full scale 1.0.
pub(super) fn frame(number: u64, rms: f32) -> Parameters {
    let (maximum, spread) = loudness(rms * 32_768.0);
    // 64 random bits a sub-frame, of which it takes 47.
    let mut sub_frames = [SubFrame::default(); 4];
    for (place, sub) in (number.wrapping_mul(4)..).zip(&mut sub_frames) {
        let mut random = crate::noise::bits(0, place);
        let mut draw = |bits: u32| {
            let value = (random & ((1 << bits) - 1)) as u8;
            random >>= bits;
            value
        };
        // The lowest gain, so that the lag is of no great matter: 40 to 103 of the 40 to 120.
        (sub.lag, sub.gain, sub.grid, sub.maximum) = (40 + draw(6), 0, draw(2), maximum);
        for coded in &mut sub.pulses {
            *coded = 4 - spread + draw(3) % (2 * spread);
        }
    }
    Parameters { lars: FLAT, sub_frames }
}

/// The block maximum and spread whose noise is nearest to this RMS, as a ratio.
fn loudness(rms: f32) -> (u8, u8) {
    let choices = SPREADS.iter().map(|spread| (0, *spread)).chain((1..=LOUDEST).map(|maximum| (maximum, 4)));
    let mut best = (0, 1);
    let mut nearest = f32::INFINITY;
    for (maximum, spread) in choices {
        let power: f32 = (4..4 + spread).map(|coded| f32::from(pulse(coded, maximum)).powi(2)).sum();
        let ratio = GAIN * (power / f32::from(spread)).sqrt() / rms;
        let distance = ratio.max(1.0 / ratio);
        if distance < nearest {
            (best, nearest) = ((maximum, spread), distance);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::synthesis::Synthesis;
    use super::*;

    /// Within half a step of the codec, and 0.5 dB for what pulses and filter add up to over 10 s: the quiet end has steps of 3.5 to 7 dB, block
    /// maxima from 16 on of 1 dB or less.
    #[test]
    fn noise_has_the_level_asked_for() {
        for (asked_db, tolerance_db) in
            [(-70.0f32, 4.0), (-65.0, 4.0), (-58.0, 4.0), (-50.0, 2.3), (-40.0, 1.0), (-30.0, 1.0), (-20.0, 1.0)]
        {
            let rms = 10f32.powf(asked_db / 20.0);
            let mut state = Synthesis::default();
            let x: Vec<i16> = (0..500).flat_map(|number| state.decode(&frame(number, rms))).collect();
            let power = x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len() as f64;
            let got_db = 10.0 * (power / 32_768f64.powi(2)).log10();
            println!("asked {asked_db} dB, got {got_db:.1}");
            assert!((got_db - f64::from(asked_db)).abs() < tolerance_db, "asked {asked_db} dB, got {got_db:.2}");
        }
    }

    /// Lags out of order would have decoders go on with the last one of the frames before.
    #[test]
    fn every_lag_is_in_order() {
        let lags = (0..500).flat_map(|number| frame(number, 0.01).sub_frames).map(|sub| sub.lag);
        assert!(lags.into_iter().all(|lag| (40..=120).contains(&lag)));
    }

    #[test]
    fn silence_is_the_quietest_noise() {
        assert_eq!(loudness(0.0), (0, 1));
        assert_eq!(loudness(1e-3), (0, 1));
    }
}
