//! The shipped call is what its README says: every key is masked on the customer's channel and, 12 ms later, on the agent's; and so is what is read
//! aloud, live as in an archive, however the call is cut and at whatever rate it comes. What the agent says stays.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_core::suppress::FILL_SEED;
use cardhush_core::{
    Analyzer, Cause, ChannelState, Coding, Config, Event, Linear16, Preset, Redaction, Scrubber, Span, SpokenConfig, Suppressor, Ulaw,
};
use cardhush_testkit::rng::Rng;
use cardhush_wav::Wav;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
const AGENT: u8 = 0;
const CUSTOMER: u8 = 1;

/// The call's samples, mu-law, interleaved.
fn call() -> Vec<u8> {
    let mut file = File::open(format!("{DATA}/call.wav")).unwrap();
    let wav = Wav::parse(&mut file).unwrap();
    assert_eq!((wav.format().rate_hz, wav.format().channels), (8_000, 2));
    let mut bytes = vec![0; (wav.data().end - wav.data().start) as usize];
    file.seek(SeekFrom::Start(wav.data().start)).unwrap();
    file.read_exact(&mut bytes).unwrap();
    bytes
}

/// Where digits of a kind sound on the customer's channel, with what they are part of.
fn truth(kind: &str) -> Vec<(Span, String)> {
    let truth: Value = serde_json::from_reader(File::open(format!("{DATA}/call.json")).unwrap()).unwrap();
    let digits = truth["digits"].as_array().unwrap().iter().filter(|digit| digit["kind"] == kind);
    let of = |digit: &Value| {
        (Span::new(digit["start"].as_u64().unwrap(), digit["end"].as_u64().unwrap()), digit["role"].as_str().unwrap().into())
    };
    digits.map(of).collect()
}

fn states() -> Vec<ChannelState> {
    vec![ChannelState::new(); 2]
}

fn analyse<C: Coding>(config: &Config, call: &[C::Unit]) -> Vec<Event> {
    let (mut analyzer, mut events) = (Analyzer::new(config, states()).unwrap(), Vec::new());
    analyzer.push::<C>(call, &mut |event| events.push(event));
    analyzer.finish(&mut |event| events.push(event));
    events
}

/// The call through a scrubber, in chunks of up to so many frames: what comes out, its delay taken out, and what is told.
fn scrub(config: &Config, call: &[u8], longest: usize) -> (Vec<u8>, Vec<Event>) {
    let storage = vec![Ulaw::SILENCE; Scrubber::<Ulaw, Vec<ChannelState>, Vec<u8>>::storage_len(config).unwrap()];
    let mut scrubber = Scrubber::<Ulaw, _, _>::new(config, states(), storage).unwrap();
    let (mut output, mut events, mut rng) = (call.to_vec(), Vec::new(), Rng::new(longest as u64));
    let mut rest = &mut output[..];
    while !rest.is_empty() {
        let (chunk, later) = rest.split_at_mut((2 * (1 + rng.below(longest))).min(rest.len()));
        scrubber.process(chunk, &mut |event| events.push(event));
        rest = later;
    }
    let latency = 2 * scrubber.latency() as usize;
    let mut last = vec![Ulaw::SILENCE; latency];
    scrubber.finish(&mut last, &mut |event| events.push(event));
    output.extend(last);
    output.drain(..latency);
    (output, events)
}

fn redactions(events: &[Event]) -> Vec<Redaction> {
    events.iter().filter_map(|event| if let Event::Redacted(one) = event { Some(*one) } else { None }).collect()
}

/// Samples of `span` that are masked on `channel`.
fn masked(redactions: &[Redaction], channel: u8, span: Span) -> u64 {
    redactions.iter().filter(|one| one.channel == channel).map(|one| one.span.overlap(span).len()).sum()
}

#[test]
fn every_digit_goes_and_the_agent_stays() {
    let found = redactions(&analyse::<Ulaw>(&Config::new(8_000, 2), &call()));
    let truth_: Value = serde_json::from_reader(File::open(format!("{DATA}/call.json")).unwrap()).unwrap();
    let (delay, keyed, spoken) = (truth_["echo_delay"].as_u64().unwrap(), truth("keyed"), truth("spoken"));
    assert_eq!((keyed.len(), spoken.len()), (21, 19));
    for (span, _) in &keyed {
        let echo = Span::new(span.start + delay, span.end + delay);
        assert_eq!(masked(&found, CUSTOMER, *span), span.len(), "a key at {span:?} is not masked whole");
        assert_eq!(masked(&found, AGENT, echo), echo.len(), "the echo of a key at {echo:?} is not masked whole");
    }
    for (span, _) in &spoken {
        let echo = Span::new(span.start + delay, span.end + delay);
        assert_eq!(masked(&found, CUSTOMER, *span), span.len(), "a word at {span:?} is not masked whole");
        assert_eq!(masked(&found, AGENT, echo), echo.len(), "the echo of a word at {echo:?} is not masked whole");
    }
    // Half a second round what is read aloud, nothing else goes.
    let (first, last) = (spoken[0].0.start - 4_000, spoken[18].0.end + 4_000);
    for one in found.iter().filter(|one| one.cause == Cause::Spoken) {
        assert!(one.channel == CUSTOMER && first <= one.span.start && one.span.end <= last, "{one:?} holds none of {first} to {last}");
    }
}

#[test]
fn live_is_the_archive_however_the_call_is_cut() {
    let (config, call) = (Config::new(8_000, 2), call());
    let archive = analyse::<Ulaw>(&config, &call);
    let mut filled = call.clone();
    for channel in [AGENT, CUSTOMER] {
        let spans: Vec<Span> = redactions(&archive).iter().filter(|one| one.channel == channel).map(|one| one.span).collect();
        Suppressor::new(config.fill, 8_000, channel.into(), FILL_SEED).apply::<Ulaw>(&mut filled, 2, 0, &spans);
    }
    for longest in [7, 160, 5_000] {
        let (output, events) = scrub(&config, &call, longest);
        assert_eq!(events, archive, "chunks of up to {longest}");
        assert!(output == filled, "chunks of up to {longest}");
    }
}

/// Truncation (PCI DSS 3.5.1, FAQ 1091) lets six digits stay. With any look-ahead no more of the card are audible, and what is audible was told.
#[test]
fn live_no_more_than_six_digits_of_the_card_leave_and_none_in_silence() {
    let call = call();
    for look_ahead_ms in [0, 20, 100, 500, 1_000, 3_000, 8_000] {
        let mut config = Config::new(8_000, 2);
        config.look_ahead_ms = Some(look_ahead_ms);
        let (_, events) = scrub(&config, &call, 160);
        let (mut audible, mut code) = (0, 0);
        for (span, role) in truth("spoken") {
            let kept = span.len() - masked(&redactions(&events), CUSTOMER, span);
            let told: u64 = events
                .iter()
                .map(|event| match event {
                    Event::Exposed { channel: CUSTOMER, span: exposed, .. } => exposed.overlap(span).len(),
                    _ => 0,
                })
                .sum();
            assert!(kept - told < 160, "{look_ahead_ms} ms: of the word at {span:?} {kept} left and {told} were told; a slot is 160");
            let heard = u64::from(kept * 10 > span.len() * 3);
            if role == "card" { audible += heard } else { code += heard }
        }
        println!("{look_ahead_ms} ms of look-ahead: {audible} of 15 digits of the card and {code} of 4 of the code audible");
        assert!(audible <= 6, "{audible} digits audible");
        assert!(look_ahead_ms < 8_000 || audible + code == 0);
    }
}

#[test]
fn armed_masks_what_is_said_then_alone() {
    let (call, spoken) = (call(), truth("spoken"));
    let mut config = Config::new(8_000, 2);
    let mut settings = SpokenConfig::default();
    settings.preset = Preset::Armed;
    config.spoken = Some(settings);
    let of = |from: u64, to: u64| {
        let (mut analyzer, mut events) = (Analyzer::new(&config, states()).unwrap(), Vec::new());
        let [from, to] = [from, to].map(|frame| 2 * frame as usize);
        analyzer.push::<Ulaw>(&call[..from], &mut |event| events.push(event));
        analyzer.arm();
        analyzer.push::<Ulaw>(&call[from..to], &mut |event| events.push(event));
        analyzer.disarm();
        analyzer.push::<Ulaw>(&call[to..], &mut |event| events.push(event));
        analyzer.finish(&mut |event| events.push(event));
        let found = redactions(&events);
        spoken.iter().map(|(span, _)| masked(&found, CUSTOMER, *span) == span.len()).collect::<Vec<_>>()
    };
    assert!(of(0, 16_000).iter().all(|masked| !masked), "armed before anything is read");
    assert!(of(spoken[0].0.start - 800, spoken[18].0.end).iter().all(|masked| *masked), "armed all the while");
}

/// The same call at twice and six times its rate, in straight lines between its samples: the front end takes their images off.
#[test]
fn other_rates_are_heard_as_well() {
    let narrow: Vec<f32> = call().into_iter().map(Ulaw::decode).collect();
    for times in [2_usize, 6] {
        let at = |frame: usize, channel: usize| narrow[(frame * 2 + channel).min(narrow.len() - 2 + channel)];
        let line = |i: usize, channel: usize| {
            let part = (i % times) as f32 / times as f32;
            at(i / times, channel) * (1.0 - part) + at(i / times + 1, channel) * part
        };
        let wide: Vec<i16> = (0..narrow.len() / 2 * times).flat_map(|i| [0, 1].map(|channel| Linear16::encode(line(i, channel)))).collect();
        let found = redactions(&analyse::<Linear16>(&Config::new(8_000 * times as u32, 2), &wide));
        for (span, _) in truth("keyed").iter().chain(&truth("spoken")) {
            let span = Span::new(span.start * times as u64, span.end * times as u64);
            assert_eq!(masked(&found, CUSTOMER, span), span.len(), "at {times} times the rate, {span:?} is not masked whole");
        }
    }
}
