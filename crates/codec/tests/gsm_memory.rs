//! How long the decoder of GSM 6.10 remembers what was replaced, over random sounds that libgsm coded: the figures of the module doc of `gsm`.
#![allow(clippy::expect_used, clippy::single_range_in_vec_init, reason = "a test's helpers may panic too, and a list of one span is meant")]

mod blocks;

use blocks::{RATE_HZ, decode, opened, rewrite, sox, to_bytes};
use cardhush_testkit::{line, rng::Rng, signal, speech, tone};

/// As the module doc of `gsm` says.
const DECODER_MEMORY: usize = 1_280;
/// A block that the difference is measured over: 20 ms.
const BLOCK: usize = 160;
/// Samples of a sound: 3 s.
const LENGTH: usize = 24_000;
/// Behind the last replaced frame, in ms.
const BEHIND_MS: [usize; 5] = [0, 160, 320, 480, 1_000];
const SOUNDS: u32 = 60;
const SPANS: u32 = 60;

/// Sounds of a line, with what the difference behind the reach must not exceed, in dBFS: in half of all cases, and ever, where that is bounded.
const KINDS: [(&str, Kind, f64, Option<f64>); 4] = [
    ("hiss", hiss, -100.0, Some(-70.0)),
    ("keys", keys, -100.0, Some(-35.0)),
    ("speech-like", speech_like, -60.0, None),
    ("tones that go on", tones, -35.0, None),
];
type Kind = fn(f64, &mut Rng) -> Vec<f64>;

fn hiss(level_dbm0: f64, rng: &mut Rng) -> Vec<f64> {
    let mut x = vec![0.0; LENGTH];
    line::add_white_noise(&mut x, level_dbm0, rng);
    x
}

fn keys(level_dbm0: f64, rng: &mut Rng) -> Vec<f64> {
    let keyed = tone::Tone { level_dbm0, on_ms: rng.between(50.0, 300.0), off_ms: rng.between(50.0, 200.0), ..tone::Tone::default() };
    let mut x = tone::dial("4111222233334444", &keyed, RATE_HZ, 50.0, rng).samples;
    x.resize(LENGTH, 0.0);
    x
}

fn speech_like(level_dbm0: f64, rng: &mut Rng) -> Vec<f64> {
    let pauses = rng.between(0.0, 0.6);
    speech::babble(LENGTH, level_dbm0, pauses, RATE_HZ, rng)
}

/// One or two.
fn tones(level_dbm0: f64, rng: &mut Rng) -> Vec<f64> {
    let mut x = vec![0.0; LENGTH];
    for _ in 0..1 + rng.below(2) {
        line::add_sine(&mut x, rng.between(150.0, 3_400.0), level_dbm0 - 3.0, RATE_HZ);
    }
    x
}

/// The power of the difference of two blocks, in dB of full scale; -120 where they are the same.
fn difference_dbfs(a: &[i16], b: &[i16]) -> f64 {
    let power = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() / a.len() as f64;
    10.0 * (power / 32_768f64.powi(2)).max(1e-12).log10()
}

#[test]
#[ignore = "needs sox"]
fn how_long_the_decoder_remembers() {
    println!("dBFS in half of all cases / in 99 of 100 at most / at most");
    for (at, (name, kind, median, greatest)) in KINDS.into_iter().enumerate() {
        let mut rng = Rng::new(at as u64);
        let mut heard = BEHIND_MS.map(|_| Vec::new());
        for _ in 0..SOUNDS {
            let mut x = kind(rng.between(-30.0, -3.0), &mut rng);
            line::add_white_noise(&mut x, rng.between(-80.0, -50.0), &mut rng);
            let bytes = sox(&["-t", "s16", "-r", "8000", "-c", "1", "-", "-t", "gsm", "-"], to_bytes(&signal::to_i16(&x)));
            let coded = opened(&bytes);
            let before = decode(&*coded, &bytes, 0).expect("decoded");
            for _ in 0..SPANS {
                // So that there is a second behind it.
                let start = rng.below(LENGTH - 13_000) as u64;
                let longest = [1, 800, 3_000][rng.below(3)];
                let span = start..start + 1 + rng.below(longest) as u64;
                let rms = 10f64.powf(rng.between(-75.0, -25.0) / 20.0) as f32;
                let after = decode(&*coded, &rewrite(&*coded, &bytes, &[vec![span.clone()]], rms), 0).expect("decoded");
                let replaced = coded.reach(0, span).end as usize - DECODER_MEMORY;
                for (ms, heard) in BEHIND_MS.into_iter().zip(&mut heard) {
                    let block = replaced + ms * 8..replaced + ms * 8 + BLOCK;
                    heard.push(difference_dbfs(&before[block.clone()], &after[block]));
                }
            }
        }
        print!("{name}:");
        for (ms, heard) in BEHIND_MS.into_iter().zip(&mut heard) {
            heard.sort_by(f64::total_cmp);
            let part = |share: f64| heard[((heard.len() - 1) as f64 * share) as usize];
            print!("  {ms} ms {:.0}/{:.0}/{:.0}", part(0.5), part(0.99), part(1.0));
            if ms * 8 >= DECODER_MEMORY {
                assert!(
                    part(0.5) <= median && greatest.is_none_or(|greatest| part(1.0) <= greatest),
                    "{name}, {ms} ms: {:.1}, {:.1}",
                    part(0.5),
                    part(1.0)
                );
            }
        }
        println!();
    }
}
