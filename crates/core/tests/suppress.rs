//! The suppressor's claims: nothing outside of the spans is touched, nothing of the original is left inside, any cut gives the same bits.

use cardhush_core::{Alaw, Coding, DelayLine, Fill, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Span, Suppressor, Ulaw};
use cardhush_testkit::{dft, rng::Rng, signal, speech};
use proptest::prelude::*;

const FILLS: [Fill; 3] = [Fill::ComfortNoise, Fill::Silence, Fill::Marker];

fn encode<C: Coding>(samples: &[f64]) -> Vec<C::Unit> {
    samples.iter().map(|x| C::encode(*x as f32)).collect()
}

fn decode<C: Coding>(units: &[C::Unit]) -> Vec<f64> {
    units.iter().map(|unit| f64::from(C::decode(*unit))).collect()
}

fn noise(count: usize, level_dbm0: f64, rng: &mut Rng) -> Vec<f64> {
    (0..count).map(|_| rng.normal() * signal::rms(level_dbm0)).collect()
}

/// All samples of a mono call at once.
fn whole<C: Coding>(fill: Fill, rate_hz: u32, spans: &[Span], call: &[C::Unit]) -> Vec<C::Unit> {
    let mut out = call.to_vec();
    Suppressor::new(fill, rate_hz, 0, 7).apply::<C>(&mut out, 1, 0, spans);
    out
}

/// Sorted spans that do not touch, from gaps and lengths.
fn spans(parts: &[(u64, u64)]) -> Vec<Span> {
    let mut at = 0;
    parts
        .iter()
        .map(|(gap, length)| {
            let span = Span::new(at + gap, at + gap + length);
            at = span.end;
            span
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two channels masked at different spans, any cut, the end of an open span not known beyond the chunk: the same bits, and those of the
    /// call itself outside of the spans.
    #[test]
    fn any_cut_gives_the_same_bits_and_touches_nothing_else(
        fill in prop::sample::select(&FILLS[..]),
        rate_hz in prop::sample::select(&[8_000_u32, 11_025, 44_100][..]),
        left in prop::collection::vec((1_u64..9_000, 0_u64..3_000), 0..6),
        right in prop::collection::vec((1_u64..9_000, 0_u64..3_000), 0..6),
        cuts in prop::collection::vec(1_usize..1_500, 1..20),
        seed in any::<u64>(),
    ) {
        let mut rng = Rng::new(seed);
        let call = encode::<Linear16>(&noise(2 * 24_000, -30.0, &mut rng));
        let lists = [spans(&left), spans(&right)];
        let fresh = || [0, 1].map(|channel| Suppressor::new(fill, rate_hz, channel, seed));

        let mut once = call.clone();
        for (suppressor, list) in fresh().iter_mut().zip(&lists) {
            suppressor.apply::<Linear16>(&mut once, 2, 0, list);
        }
        let (mut cut, mut suppressors, mut first) = (call.clone(), fresh(), 0_u64);
        let mut lengths = cuts.iter().cycle();
        let mut rest = &mut cut[..];
        while !rest.is_empty() {
            let (chunk, later) = rest.split_at_mut((2 * lengths.next().unwrap()).min(rest.len()));
            let end = first + chunk.len() as u64 / 2;
            for (suppressor, list) in suppressors.iter_mut().zip(&lists) {
                // As in a live call: what lies beyond the chunk is not known yet.
                let known: Vec<Span> = list.iter().filter(|span| span.start < end).map(|span| Span::new(span.start, span.end.min(end))).collect();
                suppressor.apply::<Linear16>(chunk, 2, first, &known);
            }
            (first, rest) = (end, later);
        }
        prop_assert!(once == cut);
        for (i, (before, after)) in call.iter().zip(&once).enumerate() {
            let masked = lists[i % 2].iter().any(|span| span.contains(i as u64 / 2));
            prop_assert!(masked || before == after, "sample {} of channel {} was touched", i / 2, i % 2);
            prop_assert!(!masked || fill != Fill::Silence || *after == 0);
        }
    }
}

/// The level before a span must be met within 3 dB, under speech too, and must not move with what is inside.
fn level_is_met<C: Coding>(name: &str, rate_hz: u32, lowest: i32) {
    let mut rng = Rng::new(u64::from(rate_hz));
    let n = rate_hz as usize;
    for background_dbm0 in (lowest..=-42).step_by(3).map(f64::from) {
        let mut call = noise(6 * n, background_dbm0, &mut rng);
        let speech = speech::babble(6 * n, -20.0, 0.4, rate_hz, &mut rng);
        call.iter_mut().zip(&speech).for_each(|(x, y)| *x += y);
        let span = Span::new(5 * n as u64 - 500, 5 * n as u64 + n as u64 / 2);
        let inside = span.start as usize..span.end as usize;
        let quiet = whole::<C>(Fill::ComfortNoise, rate_hz, &[span], &encode::<C>(&call));
        let level = signal::level_dbm0(&decode::<C>(&quiet[inside.clone()]));
        println!("{name} {rate_hz} Hz: background {background_dbm0} dBm0, fill {level:.1} dBm0");
        assert!((level - background_dbm0).abs() <= 3.0, "{name} {rate_hz} Hz: background {background_dbm0}, fill {level}");

        call[inside.clone()].fill(0.9);
        let loud = whole::<C>(Fill::ComfortNoise, rate_hz, &[span], &encode::<C>(&call));
        assert!(loud[inside.clone()] == quiet[inside], "{name}: the fill follows what it hides");
    }
}

#[test]
fn the_noise_has_the_backgrounds_level() {
    level_is_met::<Float32>("Float32", 8_000, -74);
    level_is_met::<Linear16>("Linear16", 8_000, -70);
    level_is_met::<Linear24>("Linear24", 48_000, -74);
    level_is_met::<Linear32>("Linear32", 11_025, -74);
    // The quantisation noise of these adds to low levels, as it does to the background.
    level_is_met::<Ulaw>("Ulaw", 8_000, -62);
    level_is_met::<Alaw>("Alaw", 8_000, -58);
}

/// Before anything was heard, and where the background is louder or quieter than the limits.
#[test]
fn the_noise_keeps_to_its_limits() {
    let (n, span) = (20_000, Span::new(16_000, 20_000));
    let mut rng = Rng::new(2);
    for (background_dbm0, expected) in [(-100.0, -75.0), (-20.0, -41.0), (-55.0, -55.0)] {
        let mut call = noise(n, background_dbm0, &mut rng);
        call.iter_mut().for_each(|x| *x += 0.3); // DC is not background
        let out = whole::<Float32>(Fill::ComfortNoise, 8_000, &[span], &encode::<Float32>(&call));
        let level = signal::level_dbm0(&decode::<Float32>(&out[16_000..]));
        let tolerance = if background_dbm0 == -55.0 { 3.0 } else { 0.5 };
        assert!((level - expected).abs() < tolerance, "background {background_dbm0}: {level}");
    }
    let out = whole::<Float32>(Fill::ComfortNoise, 8_000, &[Span::new(0, 20_000)], &[0.5; 20_000]);
    let level = signal::level_dbm0(&decode::<Float32>(&out));
    assert!((level - -65.0).abs() < 0.5, "unheard: {level}");
}

/// No correlation with the original above what chance gives (five standard errors), and no constant run in any coding but 8-bit linear,
/// whose step lies above the level.
fn nothing_is_left<C: Coding>(alive: bool) {
    let n = 24_000;
    let original = encode::<C>(&noise(n, -45.0, &mut Rng::new(3)));
    let out = whole::<C>(Fill::ComfortNoise, 8_000, &[Span::new(8_000, n as u64)], &original);
    let (x, y) = (decode::<C>(&original[8_000..]), decode::<C>(&out[8_000..]));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let correlation = product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt().max(1e-30);
    assert!(correlation.abs() < 5.0 / 16_000_f64.sqrt(), "correlation {correlation}");
    let quietest = whole::<C>(Fill::ComfortNoise, 8_000, &[Span::new(16_000, n as u64)], &vec![C::SILENCE; n]);
    let longest = quietest[16_000..].chunk_by(|a, b| a == b).map(<[C::Unit]>::len).max().unwrap_or(0);
    assert_eq!(alive, longest < 200, "{longest} equal samples at the lowest level");
}

#[test]
fn nothing_of_the_original_is_left() {
    nothing_is_left::<Linear8>(false);
    nothing_is_left::<Linear16>(true);
    nothing_is_left::<Linear24>(true);
    nothing_is_left::<Linear32>(true);
    nothing_is_left::<Float32>(true);
    nothing_is_left::<Float64>(true);
    nothing_is_left::<Alaw>(true);
    nothing_is_left::<Ulaw>(true);
}

#[test]
fn spans_and_channels_have_noise_of_their_own() {
    let call = vec![0.0_f32; 40_000];
    let out = whole::<Float32>(Fill::ComfortNoise, 8_000, &[Span::new(0, 1_000), Span::new(2_000, 3_000)], &call);
    assert_ne!(out[..1_000], out[2_000..3_000]);
    let mut stereo = call.clone();
    for channel in 0..2 {
        Suppressor::new(Fill::ComfortNoise, 8_000, channel, 7).apply::<Float32>(&mut stereo, 2, 0, &[Span::new(0, 1_000)]);
    }
    assert!(stereo[..2_000].chunks(2).filter(|frame| frame[0] == frame[1]).count() < 10);
}

/// Half of the power of white noise lies above 2 kHz; of the comfort noise a fifth may.
#[test]
fn the_noise_does_not_hiss() {
    let out = whole::<Float32>(Fill::ComfortNoise, 8_000, &[Span::new(0, 8_000)], &[0.0; 8_000]);
    let x = decode::<Float32>(&out);
    let power =
        |hz: std::ops::Range<usize>| hz.step_by(10).map(|hz| dft::bin(&x, hz as f64, 8_000)).map(|(re, im)| re * re + im * im).sum::<f64>();
    let high = power(2_000..4_000) / power(10..4_000);
    println!("share above 2 kHz: {high:.3}");
    assert!(high < 0.2);
}

#[test]
fn the_marker_is_a_steady_tone_with_a_soft_onset() {
    for rate_hz in [8_000, 44_100] {
        let n = rate_hz as u64;
        let out = whole::<Float32>(Fill::Marker, rate_hz, &[Span::new(100, n)], &vec![0.0; n as usize]);
        let x = decode::<Float32>(&out);
        let steady = &x[n as usize / 2..];
        let level = dft::sine_dbm0(steady, 400.0, rate_hz);
        assert!((level - -20.0).abs() < 0.01 && (signal::level_dbm0(steady) - -20.0).abs() < 0.01, "{level} dBm0 of 400 Hz");
        assert_eq!(x[100], 0.0);
        assert!(x[100..100 + rate_hz as usize / 2_000].iter().all(|x| x.abs() < 0.04), "starts with a click");
    }
}

/// A scrubber's order of things: the delay line first, then the fill on what leaves it.
#[test]
fn through_the_delay_line_the_bits_are_those_of_the_file() {
    let call = encode::<Ulaw>(&noise(30_000, -50.0, &mut Rng::new(5)));
    let list = [Span::new(9_000, 9_700), Span::new(20_000, 21_000)];
    let offline = whole::<Ulaw>(Fill::ComfortNoise, 8_000, &list, &call);
    let latency = 333;
    let mut line = DelayLine::<Ulaw, _>::new(vec![0; latency], latency, 1).unwrap();
    let (mut suppressor, mut live, mut entered) = (Suppressor::new(Fill::ComfortNoise, 8_000, 0, 7), Vec::new(), 0_usize);
    for chunk in call.chunks(160) {
        let mut chunk = chunk.to_vec();
        line.exchange(&mut chunk);
        let before_the_call = latency.saturating_sub(entered).min(chunk.len());
        let first = (entered + before_the_call - latency.min(entered + before_the_call)) as u64;
        suppressor.apply::<Ulaw>(&mut chunk[before_the_call..], 1, first, &list);
        entered += chunk.len();
        live.extend(chunk);
    }
    assert_eq!(live[latency..], offline[..30_000 - latency]);
}

#[test]
fn states_are_small() {
    println!("suppressor: {} bytes a channel", size_of::<Suppressor>());
    assert!(size_of::<Suppressor>() <= 512);
}
