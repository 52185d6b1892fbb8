//! Claim: what is not keyed is neither confirmed nor masked, by itself and beside keyed digits. On noise of many kinds, seeded.
//!
//! Talk-off on recorded speech is a referee's matter (docs/testing.md); the testkit's babble is harder than speech, for its
//! syllables are sung: each keeps its pitch, so its harmonics are tones.

mod engine;

use cardhush_core::Linear16;
use cardhush_testkit::rng::Rng;
use cardhush_testkit::signal::to_i16;
use cardhush_testkit::sweep::Table;
use cardhush_testkit::tone::Tone;
use cardhush_testkit::{line, speech};
use engine::{RATE_HZ, analyze_line, confirmed, covered, keyed_alone, on, redactions, two_looks};

const SECONDS: usize = 600;
/// A key every so many samples: less than the ten seconds for which one lowers the thresholds for what follows.
const KEY_EVERY: usize = 64_000;
const KEY_ON: usize = 560;

/// Talkers at a time, at this level together.
fn talkers(count: u64, level_dbm0: f64) -> Vec<f64> {
    let mut all = vec![0.0; SECONDS * RATE_HZ as usize];
    for seed in 0..count {
        let level = level_dbm0 - 10.0 * (count as f64).log10();
        let one = speech::babble(all.len(), level, 0.3, RATE_HZ, &mut Rng::new(100 + seed));
        all.iter_mut().zip(one).for_each(|(sum, x)| *sum += x);
    }
    all
}

fn noise(make: impl FnOnce(&mut [f64], &mut Rng)) -> Vec<f64> {
    let mut noise = vec![0.0; SECONDS * RATE_HZ as usize];
    make(&mut noise, &mut Rng::new(1));
    noise
}

/// Noise that comes and goes as syllables do, with edges as soft.
fn swelling(samples: &mut [f64], rng: &mut Rng) {
    line::add_speech_shaped_noise(samples, -18.0, RATE_HZ, rng);
    let (mut gain, mut aim, mut left) = (0.0, 0.0, 0);
    for x in samples {
        if left == 0 {
            left = 400 + rng.below(2_000);
            aim = if rng.unit() < 0.3 { 0.0 } else { rng.between(0.3, 2.0) };
        }
        left -= 1;
        gain += (aim - gain) * 0.01;
        *x *= gain;
    }
}

/// A clean key every eight seconds, in a gap of its own; how many there are.
fn key(samples: &mut [f64], level_dbm0: f64) -> usize {
    let tone = Tone { level_dbm0, ..Tone::default() };
    let starts = (RATE_HZ as usize..samples.len() - RATE_HZ as usize).step_by(KEY_EVERY);
    for (at, key) in starts.clone().zip("4111083926*#".chars().cycle()) {
        line::silence(samples, at - KEY_ON..at + 2 * KEY_ON);
        samples[at..at + KEY_ON].copy_from_slice(&tone.render(key, RATE_HZ, (0.1, 0.2)));
    }
    starts.count()
}

/// Confirmed digits and masked ms beyond those of the keys (100 ms each).
fn beyond(samples: &[f64], keys: usize) -> (i64, i64) {
    let events = analyze_line(samples);
    let masked: u64 = redactions(&events).iter().map(|one| one.span.len()).sum();
    let masked_ms = (masked * 1_000 / u64::from(RATE_HZ)) as i64;
    (confirmed(&events, 0).len() as i64 - keys as i64, masked_ms - 100 * keys as i64)
}

#[test]
fn noise_is_not_keyed() {
    let mut table = Table::new("Ten minutes; beyond the keys", &["sound", "keys at", "confirmed", "masked ms"]);
    for (name, sound) in [
        ("white, -18 dBm0", noise(|x, rng| line::add_white_noise(x, -18.0, rng))),
        ("white, -5 dBm0", noise(|x, rng| line::add_white_noise(x, -5.0, rng))),
        ("speech-shaped, -18 dBm0", noise(|x, rng| line::add_speech_shaped_noise(x, -18.0, RATE_HZ, rng))),
        ("speech-shaped, swelling", noise(swelling)),
        ("crowd of eight, -15 dBm0", talkers(8, -15.0)),
        ("crowd of four, -28 dBm0", talkers(4, -28.0)),
    ] {
        let (digits, masked_ms) = beyond(&sound, 0);
        table.row(&[&name, &"none", &digits, &masked_ms]);
        assert!(digits == 0 && masked_ms == 0, "{name}: {digits} confirmed, {masked_ms} ms masked");
        if !name.starts_with("crowd") {
            let mut keyed = sound.clone();
            let keys = key(&mut keyed, -8.0);
            let (digits, masked_ms) = beyond(&keyed, keys);
            table.row(&[&name, &"-8 dBm0", &digits, &masked_ms]);
            assert!(digits == 0, "{name}, keys between: {digits} confirmed");
            assert!(masked_ms < 30 * keys as i64, "{name}, keys between: {masked_ms} ms masked beyond {keys} keys");
        }
    }
    println!("{table}");
}

/// Two steady tones near a pair's, as engines and alarms have them: 2.8 % below and 1.5 % above.
fn hum(ms: f64, level_dbm0: f64) -> Vec<f64> {
    Tone { level_dbm0, low_offset_percent: -2.8, high_offset_percent: 1.5, on_ms: ms, ..Tone::default() }.render('1', RATE_HZ, (0.1, 0.2))
}

/// Half a second tells that the frequencies are no key's; what is shorter is taken for one.
#[test]
fn steady_pairs_of_other_frequencies_are_not_keyed() {
    let mut table = Table::new("Two tones, 2.8 % below and 1.5 % above a key's", &["ms", "masked ms"]);
    for (ms, masked) in [(100.0, 100..130), (450.0, 450..480), (600.0, 0..1), (5_000.0, 0..1)] {
        let mut call = vec![0.0; RATE_HZ as usize];
        call.extend(hum(ms, -20.0));
        call.resize(call.len() + RATE_HZ as usize, 0.0);
        line::add_white_noise(&mut call, -50.0, &mut Rng::new(2));
        let found = redactions(&analyze_line(&call)).iter().map(|one| one.span.len()).sum::<u64>() * 1_000 / u64::from(RATE_HZ);
        table.row(&[&ms, &found]);
        assert!(masked.contains(&found), "{ms} ms: {found} ms masked");
    }
    println!("{table}");
}

/// A key that is pressed while such a pair sounds is found all the same, the key of that pair included. Near keys the pair goes as well.
#[test]
fn keys_are_found_in_a_steady_pair() {
    for key in "1590#".chars() {
        let mut call = vec![0.0; RATE_HZ as usize];
        call.extend(hum(6_000.0, -20.0));
        let starts = (2..6).map(|second| second * RATE_HZ as usize + 1_000);
        for at in starts.clone() {
            let tone = Tone { level_dbm0: -14.0, ..Tone::default() }.render(key, RATE_HZ, (0.3, 0.4));
            call[at..].iter_mut().zip(tone).for_each(|(x, tone)| *x += tone);
        }
        let masked = covered(on(&two_looks::<Linear16>(&keyed_alone(RATE_HZ, 1), &to_i16(&call)), 0), call.len());
        for at in starts {
            assert!(masked[at..at + KEY_ON].iter().all(|masked| *masked), "{key} at {at}");
        }
    }
}
