//! The front end's claims: flat in the pass band, clean of folded sound, exact in time, the same for any cut.

use cardhush_core::{FrontParams, FrontState};
use cardhush_testkit::dft;
use cardhush_testkit::rng::Rng;
use cardhush_testkit::sweep::Table;
use std::f64::consts::TAU;

const RATES: [u32; 13] = [8_001, 11_025, 12_000, 16_000, 22_050, 24_000, 31_999, 32_000, 44_100, 48_000, 96_000, 191_999, 192_000];

/// What the front end makes of `input`, in one piece.
fn resample(params: &FrontParams, input: &[f32]) -> Vec<f32> {
    let (mut state, mut out) = (FrontState::new(), vec![0.0; input.len() + 1]);
    let progress = state.push(params, input, &mut out);
    assert_eq!(progress.taken, input.len());
    out.truncate(progress.made);
    out
}

/// 100 ms of output, from 20 ms on, of a sine of amplitude 1: past the transient.
fn steady(params: &FrontParams, rate_hz: u32, frequency_hz: f64) -> Vec<f64> {
    let step = TAU * frequency_hz / f64::from(rate_hz);
    let input: Vec<f32> = (0..rate_hz / 8).map(|i| (step * f64::from(i)).sin() as f32).collect();
    resample(params, &input)[160..960].iter().map(|x| f64::from(*x)).collect()
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.max(1e-12).log10()
}

fn rms(samples: &[f64]) -> f64 {
    (samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Sweeps tones that fall on whole cycles of the 100 ms window, so that one bin of the DFT holds the whole tone and the residue is what is
/// folded or made by interpolation.
#[test]
fn flat_in_the_pass_band_and_free_of_folded_sound() {
    let mut table = Table::new("front end, tones of amplitude 1", &["rate Hz", "ripple dB", "residue dB", "folded dB", "latency ms"]);
    for rate_hz in RATES {
        let params = FrontParams::new(rate_hz).unwrap();
        let (mut ripple, mut residue, mut folded) = (0.0_f64, -240.0_f64, -240.0_f64);
        for frequency_hz in (200..=3_400).step_by(if rate_hz > 50_000 { 400 } else { 100 }).map(f64::from) {
            let out = steady(&params, rate_hz, frequency_hz);
            let (re, im) = dft::bin(&out, frequency_hz, 8_000);
            let amplitude = re.hypot(im) / 400.0;
            ripple = ripple.max(db(amplitude).abs());
            // sin = (exp(j x) - exp(-j x)) / 2j: the bin of a sine of phase 0 at output 160 is turned back by that phase.
            let (re, im) = (re / 400.0, im / 400.0);
            let rest: Vec<f64> = (0..800)
                .map(|i| {
                    let (sin, cos) = (TAU * frequency_hz * f64::from(i) / 8e3).sin_cos();
                    out[i as usize] - (re * cos - im * sin)
                })
                .collect();
            residue = residue.max(db(rms(&rest) / rms(&out)));
        }
        // Evenly, closely where the transition ends, and at the edges of what folds over the rate between the stages.
        let between_hz = f64::from(rate_hz) / f64::from((rate_hz / 16_000).max(1));
        let edges = (1..=6).flat_map(|k| [-3_600.0, 3_600.0].map(|edge| f64::from(k) * between_hz + edge));
        let even = (4_400..=rate_hz / 2).step_by(if rate_hz > 50_000 { 530 } else { 110 }).map(f64::from);
        for frequency_hz in even
            .chain((4_400..4_800).step_by(20).map(f64::from))
            .chain(edges)
            .filter(|hz| (4_400.0..=f64::from(rate_hz) / 2.0).contains(hz))
        {
            let lands = (frequency_hz - 8e3 * (frequency_hz / 8e3).round()).abs();
            if lands <= 3_600.0 + 1e-6 {
                folded = folded.max(db(rms(&steady(&params, rate_hz, frequency_hz)) * std::f64::consts::SQRT_2));
            }
        }
        let latency_ms = params.latency() as f64 / f64::from(rate_hz) * 1e3;
        let two = |x: f64| format!("{x:.2}");
        table.row(&[&rate_hz, &format!("{ripple:.4}"), &two(residue), &two(folded), &two(latency_ms)]);
        assert!(ripple < 0.1, "{rate_hz} Hz: ripple {ripple} dB");
        assert!(residue < -70.0, "{rate_hz} Hz: residue {residue} dB");
        assert!(folded < -70.0, "{rate_hz} Hz: folded {folded} dB");
        assert!(latency_ms < 2.6, "{rate_hz} Hz: latency {latency_ms} ms");
    }
    println!("{table}");
}

#[test]
fn an_impulse_stays_where_it_is() {
    for rate_hz in RATES {
        let params = FrontParams::new(rate_hz).unwrap();
        // Instants that both rates share are the whole seconds at worst.
        let output = (1..=8_000).find(|m| m * u64::from(rate_hz) % 8_000 == 0 && *m >= 40).unwrap();
        let sample = output * u64::from(rate_hz) / 8_000;
        assert_eq!((params.to_call_floor(output), params.to_call_ceil(output)), (sample, sample));
        assert_eq!((params.to_analysis_floor(sample), params.to_analysis_ceil(sample)), (output, output));

        let mut input = vec![0.0; sample as usize * 2];
        input[sample as usize] = 1.0;
        let out = resample(&params, &input);
        let peak = out.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(peak.0 as u64, output, "{rate_hz} Hz");
        for away in 1..20 {
            let (before, after) = (out[peak.0 - away], out[peak.0 + away]);
            assert!((before - after).abs() < 1e-3 * peak.1, "{rate_hz} Hz: {before} {away} before the peak, {after} after");
        }
    }
}

#[test]
fn outputs_come_as_soon_as_the_latency_says_and_no_sooner() {
    for rate_hz in RATES.into_iter().chain([8_000]) {
        let params = FrontParams::new(rate_hz).unwrap();
        let (mut state, mut made) = (FrontState::new(), 0);
        for n in 1..u64::from(rate_hz) / 20 {
            made += state.push(&params, &[0.5], &mut [0.0; 8]).made as u64;
            // Outputs m with m * rate / 8000 + latency < n: those of the samples before n - latency, rounded up.
            let due = n.checked_sub(params.latency() as u64).map_or(0, |settled| params.to_analysis_ceil(settled));
            assert!(made >= due, "{rate_hz} Hz: {made} of {due} after {n}");
            assert!(made <= due + 1, "{rate_hz} Hz: {made} of {due} after {n}");
        }
    }
}

#[test]
fn time_maps_both_ways_without_drift() {
    let mut rng = Rng::new(4);
    for rate_hz in RATES.into_iter().chain([8_000]) {
        let params = FrontParams::new(rate_hz).unwrap();
        let rate = u128::from(rate_hz);
        for _ in 0..2_000 {
            let at = rng.bits() >> rng.below(64).max(6);
            let wide = u128::from(at);
            assert_eq!(u128::from(params.to_call_floor(at)), (wide * rate / 8_000).min(u128::from(u64::MAX)));
            assert_eq!(u128::from(params.to_call_ceil(at)), (wide * rate).div_ceil(8_000).min(u128::from(u64::MAX)));
            assert_eq!(u128::from(params.to_analysis_floor(at)), wide * 8_000 / rate);
            assert_eq!(u128::from(params.to_analysis_ceil(at)), (wide * 8_000).div_ceil(rate));
        }
        assert_eq!(params.to_call_ceil(u64::MAX), u64::MAX, "saturates");
    }
}

#[test]
fn any_cut_gives_the_same_bits() {
    let mut rng = Rng::new(9);
    for rate_hz in RATES.into_iter().chain([8_000]) {
        let params = FrontParams::new(rate_hz).unwrap();
        let input: Vec<f32> = (0..rate_hz / 5).map(|_| rng.normal() as f32).collect();
        let whole = resample(&params, &input);
        for longest in [3, 70, 1_000] {
            let (mut state, mut out, mut rest) = (FrontState::new(), Vec::new(), &input[..]);
            while !rest.is_empty() {
                let (chunk, later) = rest.split_at((1 + rng.below(longest)).min(rest.len()));
                let mut left = chunk;
                loop {
                    let mut block = [0.0; 33];
                    let room = 1 + rng.below(33);
                    let progress = state.push(&params, left, &mut block[..room]);
                    out.extend_from_slice(&block[..progress.made]);
                    left = &left[progress.taken..];
                    if progress.made < room {
                        assert!(left.is_empty(), "stopped with {} samples left and room for more", left.len());
                        break;
                    }
                }
                rest = later;
            }
            let same = out.len() == whole.len() && out.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{rate_hz} Hz, chunks up to {longest}, seed 9");
        }
    }
}

#[test]
fn a_reset_state_is_as_new() {
    let params = FrontParams::new(48_000).unwrap();
    let input: Vec<f32> = (0..5_000).map(|i| (i % 77) as f32).collect();
    let (mut state, mut out) = (FrontState::new(), vec![0.0; 1_000]);
    state.push(&params, &input, &mut out);
    state.reset();
    let made = state.push(&params, &input, &mut out).made;
    assert_eq!(out[..made], resample(&params, &input));
}

#[test]
fn rates_out_of_range_are_refused() {
    assert!(FrontParams::new(7_999).is_err() && FrontParams::new(192_001).is_err() && FrontParams::new(0).is_err());
}

#[test]
fn state_and_table_stay_within_their_limits() {
    let (state, params) = (size_of::<FrontState>(), size_of::<FrontParams>());
    println!("front end: {state} bytes a channel, {params} bytes shared");
    assert!(state <= 4_096 && params <= 18_000);
}
