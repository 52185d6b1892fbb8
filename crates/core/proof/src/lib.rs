//! The proof that core needs no std, no allocator and no panic: every public entry of core, in a static library without any of the three.
//!
//! `./check` builds it on plain stable, links [`cardhush_proof`] with all that it reaches, drops what it does not reach, and looks at what is left. The
//! panic handler calls a function that exists nowhere, so the link fails if any panic can be reached. Nothing here is run. Lengths,
//! numbers and settings go through `black_box`, so the compiler knows nothing of them that core's callers do not promise.
#![no_std]

use core::hint::black_box;

use cardhush_core::{
    Alaw, Analyzer, Cause, ChannelState, Coding, Config, DelayLine, Digit, Event, Fill, Float32, Float64, FrontParams, FrontState, Isa,
    KeyedConfig, Linear8, Linear16, Linear24, Linear32, Linking, Model, Nearness, Scrubber, Span, Suppressor, Ulaw, spoken,
};

unsafe extern "C" {
    /// Defined nowhere.
    fn cardhush_panic_reached() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: never linked, so never called.
    unsafe { cardhush_panic_reached() }
}

/// Reaches every public entry of core.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_proof() {
    values();
    front();
    spoken();
    coding::<Linear8>();
    coding::<Linear16>();
    coding::<Linear24>();
    coding::<Linear32>();
    coding::<Float32>();
    coding::<Float64>();
    coding::<Alaw>();
    coding::<Ulaw>();
    #[cfg(feature = "panicking")]
    black_box(black_box(&[0_u8; 8])[black_box(3)]);
}

/// A configuration of which nothing is known.
fn config() -> Config {
    let mut keyed = KeyedConfig::default();
    keyed.context = black_box(true);
    let mut config = Config::new(black_box(8_000), black_box(2));
    config.keyed = black_box(Some(keyed));
    config.linking = black_box(Linking::Own);
    config.fill = black_box(Fill::Marker);
    config.look_ahead_ms = black_box(Some(20));
    config.isa = black_box(Isa::detect());
    config
}

fn values() {
    let digit = black_box(Digit::from_row_column(black_box(1), black_box(2)));
    black_box((digit.reveal(), black_box(Cause::Echo).name()));
    let span = black_box(Span::new(3, 9));
    black_box((span.len(), span.is_empty(), span.overlap(black_box(span)), span.contains(black_box(4))));
    let _ = black_box(config().check());
}

fn front() {
    let Ok(params) = FrontParams::new(black_box(48_000)) else { return };
    let params = black_box(params);
    let (input, mut out) = ([0.0_f32; 64], [0.0_f32; 64]);
    let mut state = black_box(FrontState::new());
    black_box(state.push(&params, black_box(&input[..]), black_box(&mut out[..])));
    state.reset();
    let at = black_box(77);
    black_box((params.latency(), params.is_identity()));
    black_box((params.to_call_floor(at), params.to_call_ceil(at), params.to_analysis_floor(at), params.to_analysis_ceil(at)));
}

fn spoken() {
    let model = black_box(Model::digits());
    black_box((model == black_box(Model::digits()), model.shift(), model.hash()));
    let Ok(model) = Model::from_bytes(black_box(&[])) else { return };
    let params = black_box(spoken::Params::new(black_box(Isa::detect()), black_box(model)));
    let mut spotter = black_box(spoken::Spotter::new());
    let input = [0.0_f32; 256];
    spotter.push(&params, black_box(&input[..]), &mut |slot| _ = black_box(slot));
    spotter.reset();
}

#[inline(never)]
fn faces<C: Coding>() {
    let sink = &mut |event: Event| {
        black_box(event);
    };
    let mut states = [const { ChannelState::new() }; 2];
    let mut units = [C::SILENCE; 64];
    let (states, units) = (black_box(&mut states[..]), black_box(&mut units[..]));
    if let Ok(analyzer) = Analyzer::new(&config(), &mut *states) {
        let mut analyzer = black_box(analyzer);
        analyzer.near(black_box(1), black_box(Nearness::Close));
        analyzer.push::<C>(units, sink);
        analyzer.mask(black_box(Some(1)), black_box(Span::new(3, 9)), sink);
        analyzer.tone(black_box(1), black_box(Span::new(3, 9)));
        analyzer.arm();
        analyzer.read(black_box(Some(1)), black_box(Span::new(3, 9)), black_box(2), sink);
        analyzer.disarm();
        analyzer.finish(sink);
        black_box((analyzer.latency(), analyzer.taken()));
        analyzer.reset();
    }
    let mut storage = [C::SILENCE; 64];
    let _ = black_box(Scrubber::<C, &mut [ChannelState], &mut [C::Unit]>::storage_len(&config()));
    if let Ok(scrubber) = Scrubber::<C, _, _>::new(&config(), states, black_box(&mut storage[..])) {
        let mut scrubber = black_box(scrubber);
        scrubber.process(units, sink);
        scrubber.mask(black_box(None), black_box(Span::new(3, 9)), sink);
        scrubber.arm();
        scrubber.disarm();
        scrubber.finish(units, sink);
        black_box(scrubber.latency());
        scrubber.reset();
    }
}

#[inline(never)]
fn coding<C: Coding>() {
    faces::<C>();
    let mut bytes = [0_u8; 16];
    let bytes = black_box(&mut bytes[..]);
    C::to_le_bytes(C::encode(black_box(0.5)), bytes);
    black_box(C::decode(C::from_le_bytes(bytes)));

    let (mut units, mut storage) = ([C::SILENCE; 64], [C::SILENCE; 64]);
    let chunk = black_box(&mut units[..]);
    let Ok(line) = DelayLine::<C, _>::new(black_box(&mut storage[..]), black_box(20), black_box(2)) else { return };
    let mut line = black_box(line);
    line.exchange(chunk);
    line.reset();

    let spans = [Span::new(3, 9)];
    for fill in black_box([Fill::ComfortNoise, Fill::Silence, Fill::Marker]) {
        let mut suppressor = black_box(Suppressor::new(fill, black_box(8_000), black_box(0), black_box(1)));
        suppressor.apply::<C>(chunk, black_box(1), black_box(0), black_box(&spans[..]));
        suppressor.reset();
        black_box(suppressor);
    }
}
