//! How evenly a live call's work is spread: the time that each 20 ms chunk takes, on steady babble with digits.
//!
//! `chunk_time [SECONDS [ROUNDS]]` (600, 5). The same call goes through once a round. *As measured* is the first round, with whatever else the
//! machine did meanwhile; *the work itself* takes each chunk's least time of all rounds, which leaves what the engine asks for.

use cardhush_benches::call::{CHUNK, CHUNK_MS, Talk, call};
use cardhush_benches::scan::{self, Stages};
use cardhush_core::Isa;
use cardhush_testkit::sweep::Table;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().map_or(Ok(600), |arg| arg.parse())?;
    let rounds = args.next().map_or(Ok(5), |arg| arg.parse::<usize>())?;
    let audio = call(seconds, Talk::Steady);
    let mut table = Table::new(
        &format!(
            "Time of a {CHUNK_MS} ms chunk in ns, {} chunks; reading the clock takes {:.0} ns of each",
            audio.len() / CHUNK,
            clock_ns()
        ),
        &["what", "mean", "p50", "p99", "p99.9", "max", "p99.9 / mean"],
    );
    let stages = [("keyed", Stages::Keyed), ("both", Stages::Both)];
    let sets = [("portable", Isa::Portable), ("AVX2", Isa::detect())];
    for ((what, stages), (set, isa)) in stages.into_iter().flat_map(|stages| sets.map(|set| (stages, set))) {
        if set == "AVX2" && isa == Isa::Portable {
            continue;
        }
        let name = format!("{what}, {set}");
        let first = one_round(&audio, isa, stages)?;
        let mut least = first.clone();
        for _ in 1..rounds {
            least.iter_mut().zip(one_round(&audio, isa, stages)?).for_each(|(least, ns)| *least = ns.min(*least));
        }
        row(&mut table, &format!("{name}, as measured"), first);
        row(&mut table, &format!("{name}, the work itself"), least);
    }
    print!("{table}");
    Ok(())
}

/// The time of each chunk in ns.
fn one_round(audio: &[i16], isa: Isa, stages: Stages) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut scrubber = scan::scrubber(isa, stages)?;
    let mut copy = [0; CHUNK];
    let mut events = 0u64;
    let timed = |chunk: &[i16]| {
        copy.copy_from_slice(chunk);
        let begin = Instant::now();
        scrubber.process(&mut copy, &mut |_| events += 1);
        let spent = begin.elapsed();
        black_box(&copy);
        spent.as_nanos() as u64
    };
    let times = audio.chunks_exact(CHUNK).map(timed).collect();
    black_box(events);
    Ok(times)
}

fn row(table: &mut Table, name: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let mean = times.iter().sum::<u64>() as f64 / times.len().max(1) as f64;
    let share = |of: f64| times.get((of * times.len() as f64) as usize).or(times.last()).copied().unwrap_or(0);
    let ratio = share(0.999) as f64 / mean;
    table.row(&[&name, &format!("{mean:.0}"), &share(0.5), &share(0.99), &share(0.999), &share(1.0), &format!("{ratio:.2}")]);
}

/// What a pair of clock readings costs, in ns.
fn clock_ns() -> f64 {
    const PAIRS: u32 = 100_000;
    let begin = Instant::now();
    for _ in 0..PAIRS {
        black_box(Instant::now().elapsed());
    }
    begin.elapsed().as_nanos() as f64 / f64::from(PAIRS)
}
