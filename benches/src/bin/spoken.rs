//! How many times faster than real time one thread hears digits: the spoken stage's network and all in front of it, without decoder and policy.
//!
//! `spoken [--seconds N] [--rounds N] [--raw FILE]`. Works on babble without pauses (see `cardhush_benches::call`), or on FILE: 16-bit little-endian
//! samples, 8 kHz, one channel. All contenders take turns in each round; what is printed is the median of their rounds. The front end is timed with
//! a network of one small layer behind it; what the whole takes beyond that is called the network.

use cardhush_benches::call::{RATE_HZ, Talk, call};
use cardhush_benches::clock;
use cardhush_core::spoken::{Params, Spotter};
use cardhush_core::{Isa, Model};
use cardhush_testkit::sweep::Table;
use sha2::{Digest, Sha256};
use std::error::Error;
use std::hint::black_box;

type Failure = Box<dyn Error>;

/// Samples of a push.
const CHUNK: usize = 256;

/// One way through the audio; seconds of processor time in each round.
struct Contender {
    name: &'static str,
    params: Params,
    rounds: Vec<f64>,
}

fn main() -> Result<(), Failure> {
    let (mut seconds, mut rounds, mut raw) = (600, 7, None);
    let mut args = std::env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--seconds" => seconds = value.parse()?,
            "--rounds" => rounds = value.parse()?,
            "--raw" => raw = Some(value),
            _ => return Err(format!("{option}: --seconds N, --rounds N and --raw FILE are known").into()),
        }
    }
    let (name, audio) = match raw {
        Some(path) => (path.clone(), std::fs::read(path)?.as_chunks::<2>().0.iter().map(|&x| i16::from_le_bytes(x)).collect()),
        None => ("babble without pauses".to_owned(), call(seconds, Talk::Steady)),
    };
    let audio: Vec<f32> = audio.iter().map(|&x| f32::from(x) / 32_768.0).collect();
    let silence = vec![0.0; audio.len()];
    let (digits, shallow) = (Model::digits(), Model::from_bytes(shallow().leak())?);
    let cycles = clock::cycles_per_second();
    println!("about {:.2} GHz; {rounds} rounds", cycles / 1e9);

    let sets = [("portable", Isa::Portable), ("AVX2", Isa::detect())];
    for (set, isa) in sets.into_iter().filter(|(set, isa)| *set == "portable" || *isa != Isa::Portable) {
        let contender = |name, model| Contender { name, params: Params::new(isa, model), rounds: Vec::new() };
        let mut contenders = [contender("together", digits), contender("front end", shallow), contender("digital silence", digits)];
        for _ in 0..rounds {
            for contender in &mut contenders {
                let audio = if contender.name == "digital silence" { &silence } else { &audio };
                contender.rounds.push(clock::time(|| hear(&contender.params, audio)).1.as_secs_f64());
            }
        }
        let length = audio.len() as f64 / f64::from(RATE_HZ);
        let mut table = Table::new(&format!("\n{name}, {length:.0} s, {set}"), &["what", "x real time", "cycles/slot"]);
        let [together, front, silent] = contenders.map(|contender| clock::median(contender.rounds));
        for (what, spent) in [("together", together), ("front end", front), ("network", together - front), ("digital silence", silent)] {
            table.row(&[&what, &format!("{:.0}", length / spent), &format!("{:.0}", cycles * spent / (length * 50.0))]);
        }
        print!("{table}");
    }
    Ok(())
}

fn hear(params: &Params, audio: &[f32]) -> f32 {
    let (mut spotter, mut sum) = (Spotter::new(), 0.0);
    for chunk in audio.chunks(CHUNK) {
        spotter.push(params, black_box(chunk), &mut |slot| sum += slot.any);
    }
    black_box(sum)
}

/// A model of 16 channels and no blocks, all of zeros: see `crates/core/model/train/blob.py`.
fn shallow() -> Vec<u8> {
    const CHANNELS: u32 = 16;
    let (first, head) = (CHANNELS * 4 * 40, 14 * CHANNELS);
    let (weights, zeros) = (128, 128 + first.max(head));
    let size = zeros + 4 * CHANNELS;
    let mut body =
        [40, CHANNELS, 4, 2, 1, weights, zeros, zeros, CHANNELS, 14, 1, 1, 1, weights, zeros, zeros].map(u32::to_le_bytes).concat();
    body.resize(size as usize - 64, 0);
    let mut blob = b"CHDIGIT1".to_vec();
    blob.extend([1, size, 2, 40, 14, 0].map(u32::to_le_bytes).concat());
    blob.extend(Sha256::digest(&body));
    blob.extend(body);
    blob
}
