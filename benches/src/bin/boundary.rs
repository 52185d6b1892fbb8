//! What the C functions add to a live call: the same 20 ms chunks through Rust and through C, in turn.
//!
//! `boundary [SECONDS [ROUNDS]]` (300, 7). Chunks are taken by their least time of all rounds, which leaves the work itself; the medians of the rounds' means stand beside it, with whatever else the
//! machine did. The C functions are called by pointers that the compiler does not know, so that nothing is inlined that a C program would call.
#![allow(unsafe_code, reason = "calls what C calls")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "every pointer is that of a local variable, which outlives the call")]

use cardhush::config::{CARDHUSH_SPOKEN_OFF, cardhush_config, cardhush_config_init};
use cardhush::event::cardhush_event;
use cardhush::scrubber::{cardhush_scrubber_events, cardhush_scrubber_free, cardhush_scrubber_new, cardhush_scrubber_process};
use cardhush::status::CARDHUSH_OK;
use cardhush_benches::call::{CHUNK, CHUNK_MS, Talk, call};
use cardhush_benches::scan::{self, Stages};
use cardhush_core::Isa;
use cardhush_testkit::sweep::Table;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let seconds = args.next().map_or(Ok(300), |arg| arg.parse())?;
    let rounds = args.next().map_or(Ok(7), |arg| arg.parse::<usize>())?;
    let audio = call(seconds, Talk::Steady);
    let title = format!("Time of a {CHUNK_MS} ms chunk in ns, {} chunks, {rounds} rounds in turn", audio.len() / CHUNK);
    let mut table = Table::new(&title, &["stages", "way", "the work itself", "median of means"]);
    for (name, stages) in [("keyed", Stages::Keyed), ("both", Stages::Both)] {
        let (mut rust, mut c) = (Times::default(), Times::default());
        for _ in 0..rounds {
            rust.add(through_rust(&audio, stages)?);
            c.add(through_c(&audio, stages)?);
        }
        for (way, times) in [("Rust", &mut rust), ("C, with its events fetched", &mut c)] {
            table.row(&[&name, &way, &format!("{:.0}", times.work()), &format!("{:.0}", times.median())]);
        }
        table.row(&[&name, &"the boundary", &format!("{:.0}", c.work() - rust.work()), &format!("{:.0}", c.median() - rust.median())]);
    }
    print!("{table}");
    Ok(())
}

/// What the rounds took.
#[derive(Default)]
struct Times {
    least: Vec<u64>,
    means: Vec<f64>,
}

impl Times {
    fn add(&mut self, times: Vec<u64>) {
        self.means.push(times.iter().sum::<u64>() as f64 / times.len().max(1) as f64);
        if self.least.is_empty() {
            self.least = times;
        } else {
            self.least.iter_mut().zip(times).for_each(|(least, ns)| *least = ns.min(*least));
        }
    }

    fn work(&self) -> f64 {
        self.least.iter().sum::<u64>() as f64 / self.least.len().max(1) as f64
    }

    fn median(&mut self) -> f64 {
        self.means.sort_unstable_by(f64::total_cmp);
        self.means.get(self.means.len() / 2).copied().unwrap_or(0.0)
    }
}

fn through_rust(audio: &[i16], stages: Stages) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut scrubber = scan::scrubber(Isa::detect(), stages)?;
    let (mut copy, mut events) = ([0; CHUNK], 0u64);
    let timed = |chunk: &[i16]| {
        copy.copy_from_slice(chunk);
        let begin = Instant::now();
        scrubber.process(&mut copy, &mut |_| events += 1);
        let spent = begin.elapsed();
        black_box((&copy, &events));
        spent.as_nanos() as u64
    };
    Ok(audio.chunks_exact(CHUNK).map(timed).collect())
}

fn through_c(audio: &[i16], stages: Stages) -> Result<Vec<u64>, Box<dyn Error>> {
    let (process, fetch) = black_box((
        cardhush_scrubber_process as unsafe extern "C" fn(_, _, usize) -> i32,
        cardhush_scrubber_events as unsafe extern "C" fn(_, _, usize, *mut usize) -> i32,
    ));
    let mut config = unsafe { std::mem::zeroed::<cardhush_config>() };
    let mut scrubber = std::ptr::null_mut();
    let mut status = unsafe { cardhush_config_init(&mut config, size_of::<cardhush_config>()) };
    if matches!(stages, Stages::Keyed) {
        config.spoken = CARDHUSH_SPOKEN_OFF;
    }
    status |= unsafe { cardhush_scrubber_new(&config, &mut scrubber) };
    let (mut copy, mut events, mut count) = ([0_i16; CHUNK], [cardhush_event::default(); 8], 0_usize);
    let timed = |chunk: &[i16]| {
        copy.copy_from_slice(chunk);
        let begin = Instant::now();
        status |= unsafe { process(scrubber, copy.as_mut_ptr().cast(), CHUNK) };
        status |= unsafe { fetch(scrubber, events.as_mut_ptr(), 8, &raw mut count) };
        let spent = begin.elapsed();
        black_box((&copy, &events, count));
        spent.as_nanos() as u64
    };
    let times = audio.chunks_exact(CHUNK).map(timed).collect();
    status |= cardhush_scrubber_free(scrubber);
    if status == CARDHUSH_OK { Ok(times) } else { Err(format!("status {status}").into()) }
}
