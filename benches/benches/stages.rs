//! Single stages, a second of one channel at a time: decoding of each coding, and the front end at the rates that recorders use.
//! `cargo bench -p cardhush-benches --bench stages`; whole calls are for `throughput`.
#![allow(clippy::expect_used, missing_docs)] // A wrong rate may stop a bench; criterion_group makes a function that it does not document.

use cardhush_core::{Alaw, Coding, Float32, FrontParams, FrontState, Linear16, Linear24, Ulaw};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::speech::babble;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn second(rate_hz: u32) -> Vec<f32> {
    babble(rate_hz as usize, -15.0, 0.0, rate_hz, &mut Rng::new(1)).iter().map(|&x| x as f32).collect()
}

fn decode<C: Coding>(criterion: &mut Criterion, name: &str) {
    let units: Vec<C::Unit> = second(8_000).into_iter().map(C::encode).collect();
    let mut out = vec![0.0; units.len()];
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(units.len() as u64));
    group.bench_function(name, |bench| {
        bench.iter(|| {
            out.iter_mut().zip(black_box(&units)).for_each(|(x, &unit)| *x = C::decode(unit));
            black_box(&mut out);
        });
    });
}

fn decoding(criterion: &mut Criterion) {
    decode::<Linear16>(criterion, "linear16");
    decode::<Linear24>(criterion, "linear24");
    decode::<Float32>(criterion, "float32");
    decode::<Alaw>(criterion, "alaw");
    decode::<Ulaw>(criterion, "ulaw");
}

fn front(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("front");
    for rate_hz in [11_025, 16_000, 44_100, 48_000] {
        let (input, mut out) = (second(rate_hz), vec![0.0; 8_000]);
        let params = FrontParams::new(rate_hz).expect("a rate within the limits");
        group.throughput(Throughput::Elements(u64::from(rate_hz)));
        group.bench_function(BenchmarkId::from_parameter(rate_hz), |bench| {
            let mut state = FrontState::new();
            bench.iter(|| {
                let mut taken = 0;
                while taken < input.len() {
                    taken += state.push(&params, black_box(&input[taken..]), &mut out).taken;
                }
                black_box(&mut out);
            });
        });
    }
}

criterion_group!(stages, decoding, front);
criterion_main!(stages);
