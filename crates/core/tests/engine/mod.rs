//! Both faces of the engine as functions of a whole call, and what a call's tones are worth to an attacker afterwards.
//!
//! A call is interleaved units of one coding; a channel of it, as `cardhush_testkit` makes them, is `f64` at full scale 1.0.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

pub mod calls;

use cardhush_core::{Analyzer, Cause, ChannelState, Coding, Config, Event, KeyedConfig, Linear16, Nearness, Redaction, Scrubber, Span};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::signal::to_i16;
use cardhush_testkit::tone::{Dialled, Tone};
use std::ops::Range;

/// Rate of most test calls.
pub const RATE_HZ: u32 = 8_000;

/// Numbers of frames in which a call comes, over and over; none: all at once.
pub type Chunks = Vec<usize>;

/// States of a call's channels.
pub fn states(config: &Config) -> Vec<ChannelState> {
    vec![ChannelState::new(); usize::from(config.channels)]
}

/// Lengths in units of the chunks that a call is cut into: these numbers of frames over and over, or all at once where there are none.
fn cut(chunks: &[usize], config: &Config) -> impl Iterator<Item = usize> {
    let frames = if chunks.iter().all(|frames| *frames == 0) { vec![usize::MAX >> 8] } else { chunks.to_vec() };
    let channels = usize::from(config.channels);
    frames.into_iter().cycle().map(move |frames| frames * channels)
}

/// What an [`Analyzer`] says of a call that comes in chunks of these numbers of frames.
pub fn analyze<C: Coding>(config: &Config, call: &[C::Unit], chunks: &[usize]) -> Vec<Event> {
    let mut analyzer = Analyzer::new(config, states(config)).unwrap();
    let (mut events, mut rest) = (Vec::new(), call);
    for units in cut(chunks, config) {
        if rest.is_empty() {
            break;
        }
        let (chunk, later) = rest.split_at(units.min(rest.len()));
        analyzer.push::<C>(chunk, &mut |event| events.push(event));
        rest = later;
    }
    analyzer.finish(&mut |event| events.push(event));
    events
}

/// What a [`Scrubber`] makes of a call that comes in chunks of these numbers of frames: the output, its delay taken out, and the events.
pub fn scrub<C: Coding>(config: &Config, call: &[C::Unit], chunks: &[usize]) -> (Vec<C::Unit>, Vec<Event>) {
    let storage = vec![C::SILENCE; Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config).unwrap()];
    let mut scrubber = Scrubber::<C, _, _>::new(config, states(config), storage).unwrap();
    let (mut events, mut output) = (Vec::new(), call.to_vec());
    let mut rest = &mut output[..];
    for units in cut(chunks, config) {
        if rest.is_empty() {
            break;
        }
        let (chunk, later) = rest.split_at_mut(units.min(rest.len()));
        scrubber.process(chunk, &mut |event| events.push(event));
        rest = later;
    }
    let latency = scrubber.latency() as usize * usize::from(config.channels);
    let mut last = vec![C::SILENCE; latency];
    scrubber.finish(&mut last, &mut |event| events.push(event));
    output.extend(last);
    output.drain(..latency);
    (output, events)
}

/// The spans that are masked.
pub fn redactions(events: &[Event]) -> Vec<Redaction> {
    events.iter().filter_map(|event| if let Event::Redacted(one) = event { Some(*one) } else { None }).collect()
}

/// The spans of `channel` that left before they could be masked.
pub fn exposed(events: &[Event], channel: u8) -> Vec<Span> {
    let of_channel = |event: &Event| match event {
        Event::Exposed { channel: c, span, .. } if *c == channel => Some(*span),
        _ => None,
    };
    events.iter().filter_map(of_channel).collect()
}

/// The confirmed digits of `channel`, each with the sample at which it was decided.
pub fn confirmed(events: &[Event], channel: u8) -> Vec<(char, u64)> {
    let of_channel = |event: &Event| match event {
        Event::Keyed { channel: c, digit, decided } if *c == channel => Some((digit.reveal(), *decided)),
        _ => None,
    };
    events.iter().filter_map(of_channel).collect()
}

/// The recommended settings without the spoken stage.
pub fn keyed_alone(rate_hz: u32, channels: u8) -> Config {
    let mut config = Config::new(rate_hz, channels);
    config.spoken = None;
    config
}

/// What the keyed stage finds in a file of this call: a first look at all of it for what speaks for itself, and a second that knows how near that
/// is. `cardhush_scrub` does the same, and spares itself what is not near.
pub fn two_looks<C: Coding>(config: &Config, call: &[C::Unit]) -> Vec<Redaction> {
    let (channels, step) = (usize::from(config.channels), config.rate_hz as usize / 25);
    let mut keyed = KeyedConfig::default();
    keyed.context = false;
    let mut alone = *config;
    alone.keyed = Some(keyed);
    let mut found = redactions(&analyze::<C>(&alone, call, &[]));
    let first = found.clone();
    let mut analyzer = Analyzer::new(config, states(config)).unwrap();
    let mut events = Vec::new();
    for (i, chunk) in call.chunks(step * channels).enumerate() {
        let (start, end) = ((i * step) as u64, ((i + 1) * step) as u64);
        for channel in 0..config.channels {
            let spans = first.iter().filter(|one| one.channel == channel && one.cause == Cause::Keyed).map(|one| one.span);
            let away = spans.map(|span| span.start.saturating_sub(end).max(start.saturating_sub(span.end))).min();
            analyzer.near(channel, away.map_or(Nearness::Unknown, |away| Nearness::of_ms(away * 1_000 / u64::from(config.rate_hz))));
        }
        analyzer.push::<C>(chunk, &mut |event| events.push(event));
    }
    analyzer.finish(&mut |event| events.push(event));
    found.extend(redactions(&events));
    found
}

/// Which of `frames` samples of `channel` lie in a span.
pub fn covered(spans: impl IntoIterator<Item = Span>, frames: usize) -> Vec<bool> {
    let mut covered = vec![false; frames];
    for span in spans {
        covered[(span.start as usize).min(frames)..(span.end as usize).min(frames)].fill(true);
    }
    covered
}

/// The spans of `channel`.
pub fn on(redactions: &[Redaction], channel: u8) -> impl Iterator<Item = Span> {
    redactions.iter().filter(move |one| one.channel == channel).map(|one| one.span)
}

/// Share of the energy of `tone` that is not covered: what the referees call kept.
pub fn kept(tones: &[f64], tone: Range<usize>, covered: &[bool]) -> f64 {
    let energy = |only_kept: bool| tone.clone().filter(|i| !(only_kept && covered[*i])).map(|i| tones[i] * tones[i]).sum::<f64>();
    energy(true) / energy(false)
}

/// Dials as a person does: no tone falls on the same place of the analysis's grid as the one before.
pub fn dial_freely(keys: &str, tone: &Tone, rate_hz: u32, rng: &mut Rng) -> Dialled {
    let mut dialled = Dialled::default();
    dialled.rest(300.0, rate_hz);
    for key in keys.chars() {
        dialled.rest(rng.between(0.0, 12.75), rate_hz);
        dialled.push(key, tone, rate_hz, rng);
    }
    dialled.rest(300.0, rate_hz);
    dialled
}

/// `count` keys, each of the sixteen as often as any other, in random order, none twice in a row where that can be.
pub fn random_keys(count: usize, rng: &mut Rng) -> String {
    let mut keys: Vec<char> = "0123456789*#ABCD".chars().cycle().take(count).collect();
    rng.shuffle(&mut keys);
    keys.into_iter().collect()
}

/// One channel of 16-bit samples through the analyzer at 8 kHz.
pub fn analyze_line(samples: &[f64]) -> Vec<Event> {
    analyze::<Linear16>(&keyed_alone(RATE_HZ, 1), &to_i16(samples), &[])
}
