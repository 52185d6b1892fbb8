//! Claim: what a C program gets is what a Rust program gets, sample for sample and event for event, in every coding and however the call is cut.
#![allow(unsafe_code, reason = "calls what C calls")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "every pointer is that of a local variable, which outlives the call")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush::config::*;
use cardhush::event::*;
use cardhush::scan::*;
use cardhush::scrubber::*;
use cardhush::session::*;
use cardhush::status::*;
use cardhush_core::{
    Alaw, Analyzer, ChannelState, Coding, Config, Event, Float32, Float64, Isa, Linear8, Linear16, Linear24, Linear32, Scrubber, Ulaw,
};
use cardhush_recorder::{EventKind, Formats, Output, Payload, Session, SessionConfig};
use cardhush_testkit::{line, rng::Rng, tone, tone::Tone};
use std::ptr::null_mut;

const CHANNELS: usize = 2;

/// Ten keys on one channel over noise, and their echo on the other, at 8 kHz.
fn call(seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed);
    let mut keyed =
        tone::dial("4111222233#", &Tone { level_dbm0: -13.0, on_ms: 90.0, off_ms: 110.0, ..Tone::default() }, 8_000, 300.0, &mut rng)
            .samples;
    keyed.resize(keyed.len() + 24_000, 0.0);
    let mut other: Vec<f64> = keyed.iter().map(|x| x * 0.02).collect();
    line::add_white_noise(&mut keyed, -50.0, &mut rng);
    line::add_white_noise(&mut other, -50.0, &mut rng);
    keyed.into_iter().zip(other).flat_map(|(a, b)| [a as f32, b as f32]).collect()
}

fn config(coding: i32, look_ahead_ms: u32) -> cardhush_config {
    let mut config = unsafe { std::mem::zeroed::<cardhush_config>() };
    assert_eq!(unsafe { cardhush_config_init(&mut config, size_of::<cardhush_config>()) }, CARDHUSH_OK);
    (config.channels, config.coding, config.look_ahead_ms) = (CHANNELS as u32, coding, look_ahead_ms);
    config
}

/// What C is told of an event of Rust.
fn told(event: Event) -> Option<(u64, u64, u64, i32, String)> {
    Some(match event {
        Event::Redacted(one) => (one.channel.into(), one.span.start, one.span.end, CARDHUSH_EVENT_REDACTED, one.cause.name().into()),
        Event::Exposed { channel, span, cause } => (channel.into(), span.start, span.end, CARDHUSH_EVENT_EXPOSED, cause.name().into()),
        Event::Keyed { channel, decided, .. } => (channel.into(), decided, decided, CARDHUSH_EVENT_KEYED, "none".into()),
        _ => return None,
    })
}

fn heard(event: &cardhush_event) -> (u64, u64, u64, i32, String) {
    let cause = unsafe { std::ffi::CStr::from_ptr(cardhush_cause_name(event.cause)) };
    (event.channel, event.start, event.end, event.kind, cause.to_str().unwrap().into())
}

fn fetch(scrubber: *mut cardhush_scrubber, into: &mut Vec<cardhush_event>) {
    let (mut events, mut count) = ([cardhush_event::default(); 3], usize::MAX);
    while count > 3 {
        assert_eq!(unsafe { cardhush_scrubber_events(scrubber, events.as_mut_ptr(), 3, &mut count) }, CARDHUSH_OK);
        into.extend(&events[..count.min(3)]);
    }
}

/// All of a call through the C functions, and the events.
fn in_c<C: Coding>(
    config: &cardhush_config,
    input: &[C::Unit],
    cut: usize,
    memory: Option<&mut [u8]>,
) -> (Vec<C::Unit>, Vec<cardhush_event>) {
    let (mut scrubber, mut latency, mut events) = (null_mut(), 0, Vec::new());
    let status = match memory {
        None => unsafe { cardhush_scrubber_new(config, &mut scrubber) },
        Some(memory) => unsafe { cardhush_scrubber_init(config, memory.as_mut_ptr().cast(), memory.len(), &mut scrubber) },
    };
    assert_eq!(status, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_scrubber_latency(scrubber, &mut latency) }, CARDHUSH_OK);
    let mut out = input.to_vec();
    for chunk in out.chunks_mut(cut * CHANNELS) {
        assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), chunk.len() / CHANNELS) }, CARDHUSH_OK);
        fetch(scrubber, &mut events);
    }
    let mut rest = vec![C::SILENCE; latency as usize * CHANNELS];
    for chunk in rest.chunks_mut(cut * CHANNELS) {
        assert_eq!(unsafe { cardhush_scrubber_finish(scrubber, chunk.as_mut_ptr().cast(), chunk.len() / CHANNELS) }, CARDHUSH_OK);
        fetch(scrubber, &mut events);
    }
    assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_OK);
    out.extend(rest);
    (out, events)
}

fn in_rust<C: Coding>(config: &Config, input: &[C::Unit]) -> (Vec<C::Unit>, Vec<Event>) {
    let delay = vec![C::SILENCE; Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config).unwrap()];
    let mut scrubber = Scrubber::<C, _, _>::new(config, vec![ChannelState::new(); CHANNELS], delay).unwrap();
    let (mut out, mut events) = (input.to_vec(), Vec::new());
    scrubber.process(&mut out, &mut |event| events.push(event));
    let mut rest = vec![C::SILENCE; scrubber.latency() as usize * CHANNELS];
    scrubber.finish(&mut rest, &mut |event| events.push(event));
    out.extend(rest);
    (out, events)
}

fn agree<C: Coding<Unit: std::fmt::Debug>>(coding: i32, look_ahead_ms: u32) {
    let input: Vec<C::Unit> = call(7).into_iter().map(C::encode).collect();
    let asked = config(coding, look_ahead_ms);
    let mut engine = Config::new(8_000, CHANNELS as u8);
    engine.look_ahead_ms = Some(look_ahead_ms);
    engine.isa = Isa::detect();
    let (out, events) = in_rust::<C>(&engine, &input);
    let expected: Vec<_> = events.into_iter().filter_map(told).collect();
    assert!(expected.iter().filter(|one| one.3 == CARDHUSH_EVENT_REDACTED).count() >= 20, "the keys are found on both channels");
    let mut size = 0;
    assert_eq!(unsafe { cardhush_scrubber_size(&asked, &mut size) }, CARDHUSH_OK);
    let mut memory = vec![0xAA_u8; size];
    for cut in [160, 37, 5_000] {
        let (c_out, c_events) = in_c::<C>(&asked, &input, cut, None);
        assert!(c_out == out, "coding {coding}, cut {cut}: other samples");
        assert_eq!(c_events.iter().map(heard).collect::<Vec<_>>(), expected, "coding {coding}, cut {cut}");
        let (c_out, c_events) = in_c::<C>(&asked, &input, cut, Some(&mut memory));
        assert!(
            c_out == out && c_events.iter().map(heard).eq(expected.iter().cloned()),
            "coding {coding}, cut {cut}, in the caller's memory"
        );
        // Freed: at most the few bytes at its ends, where it was not aligned, are as they were.
        assert!(memory.iter().filter(|byte| **byte != 0).count() < 64, "the caller's memory is not overwritten");
    }
    scan_agrees::<C>(&asked, &engine, &input);
}

fn scan_agrees<C: Coding>(asked: &cardhush_config, engine: &Config, input: &[C::Unit]) {
    let (mut events, mut count) = (vec![cardhush_event::default(); 200], 0);
    let mut scan = |memory: *mut u8, size: usize, capacity: usize, events: &mut [cardhush_event]| {
        let frames = input.len() / CHANNELS;
        let status =
            unsafe { cardhush_scan(asked, memory.cast(), size, input.as_ptr().cast(), frames, events.as_mut_ptr(), capacity, &mut count) };
        assert_eq!(status, CARDHUSH_OK);
        count
    };
    let found = scan(null_mut(), 0, 200, &mut events);
    let mut analyzer = Analyzer::new(engine, vec![ChannelState::new(); CHANNELS]).unwrap();
    let mut expected = Vec::new();
    analyzer.push::<C>(input, &mut |event| expected.extend(told(event)));
    analyzer.finish(&mut |event| expected.extend(told(event)));
    expected.iter_mut().filter(|one| one.3 == CARDHUSH_EVENT_EXPOSED).for_each(|one| one.3 = CARDHUSH_EVENT_REDACTED);
    assert_eq!(events[..found].iter().map(heard).collect::<Vec<_>>(), expected);
    let mut size = 0;
    assert_eq!(unsafe { cardhush_scan_size(asked, &mut size) }, CARDHUSH_OK);
    let (mut memory, mut few) = (vec![0xAA_u8; size], vec![cardhush_event::default(); 4]);
    assert_eq!(scan(memory.as_mut_ptr(), size, 3, &mut few), found, "the count says how many there are");
    assert_eq!((&few[..3], few[3]), (&events[..3], cardhush_event::default()), "no more than there is room for");
}

#[test]
fn scrubbers_and_scans_of_every_coding() {
    agree::<Linear16>(CARDHUSH_CODING_LINEAR16, 700);
    agree::<Linear16>(CARDHUSH_CODING_LINEAR16, 20);
    agree::<Ulaw>(CARDHUSH_CODING_ULAW, 700);
    agree::<Alaw>(CARDHUSH_CODING_ALAW, 700);
    agree::<Linear8>(CARDHUSH_CODING_LINEAR8, 700);
    agree::<Linear24>(CARDHUSH_CODING_LINEAR24, 700);
    agree::<Linear32>(CARDHUSH_CODING_LINEAR32, 700);
    agree::<Float32>(CARDHUSH_CODING_FLOAT32, 700);
    agree::<Float64>(CARDHUSH_CODING_FLOAT64, 700);
}

/// Packets of 20 ms of both channels, mu-law, with the instants at which they come.
fn packets() -> Vec<(usize, u64, Vec<u8>)> {
    let samples = call(11);
    let mut packets = Vec::new();
    for (i, frames) in (0_u32..).zip(samples.chunks(160 * CHANNELS)) {
        for channel in 0..CHANNELS {
            let mut packet = vec![0x80, 0, (i >> 8) as u8, i as u8];
            packet.extend((i * 160).to_be_bytes());
            packet.extend((channel as u32 + 5).to_be_bytes());
            packet.extend(frames.iter().skip(channel).step_by(CHANNELS).map(|sample| Ulaw::encode(*sample)));
            packets.push((channel, START_US + u64::from(i + 1) * 20_000, packet));
        }
    }
    packets
}

/// What of a channel's name is the session's own; above it lies which session.
const NAME: u64 = (1 << 40) - 1;
const START_US: u64 = 1_700_000_000_000_000;

type Told = (u64, u64, u64, u64, i32);
type Stored = (u64, u64, Vec<u8>);

#[test]
fn sessions() {
    // In Rust.
    let (mut stored, mut expected): (Vec<Stored>, Vec<Told>) = (Vec::new(), Vec::new());
    let mut settings = SessionConfig::default();
    settings.look_ahead_ms = Some(1_000);
    let mut session = Session::new(&settings, START_US).unwrap();
    let formats = Formats::new(&[(0, Payload::Pcmu)]).unwrap();
    let ids: Vec<_> = (0..CHANNELS).map(|_| session.add(&formats).unwrap()).collect();
    let mut sink = |output: Output<'_>| match output {
        Output::Packet(packet) => stored.push((packet.channel.to_bits(), packet.token, packet.bytes.to_vec())),
        Output::Event(event) => {
            let kind = match event.kind {
                EventKind::Redacted(_) => CARDHUSH_EVENT_REDACTED,
                EventKind::Keyed(_) => CARDHUSH_EVENT_KEYED,
                _ => CARDHUSH_EVENT_EXPOSED,
            };
            expected.push((event.channel.to_bits(), event.span.start, event.span.end, event.begins_us, kind));
        }
        _ => {}
    };
    for (token, (channel, now_us, packet)) in (0_u64..).zip(&packets()) {
        session.receive(ids[*channel], *now_us, packet, token, &mut sink).unwrap();
    }
    session.finish(&mut sink);
    assert!(expected.len() > 30 && stored.len() == packets().len());

    // In C.
    let mut config = unsafe { std::mem::zeroed::<cardhush_session_config>() };
    assert_eq!(unsafe { cardhush_session_config_init(&mut config, size_of::<cardhush_session_config>()) }, CARDHUSH_OK);
    config.look_ahead_ms = 1_000;
    let (mut session, format) =
        (null_mut(), cardhush_format { payload_type: 0, payload: CARDHUSH_PAYLOAD_PCMU, rate_hz: 0, reserved: [0; 5] });
    assert_eq!(unsafe { cardhush_session_new(&config, START_US, &mut session) }, CARDHUSH_OK);
    let mut channels = [0; CHANNELS];
    channels.iter_mut().for_each(|channel| assert_eq!(unsafe { cardhush_session_add(session, &format, 1, channel) }, CARDHUSH_OK));
    let (mut out, mut events) = (Vec::new(), Vec::new());
    let mut take = |session| {
        let mut packet = unsafe { std::mem::zeroed::<cardhush_packet>() };
        while unsafe { cardhush_session_next(session, &mut packet) } == CARDHUSH_OK {
            let bytes = unsafe { std::slice::from_raw_parts(packet.bytes.cast::<u8>(), packet.size) };
            out.push((packet.channel & NAME, packet.token, bytes.to_vec()));
        }
        let (mut some, mut count) = ([cardhush_event::default(); 5], usize::MAX);
        while count > 5 {
            assert_eq!(unsafe { cardhush_session_events(session, some.as_mut_ptr(), 5, &mut count) }, CARDHUSH_OK);
            events.extend(
                some[..count.min(5)].iter().map(|event| (event.channel & NAME, event.start, event.end, event.begins_us, event.kind)),
            );
        }
    };
    for (token, (channel, now_us, packet)) in (0_u64..).zip(&packets()) {
        let status = unsafe { cardhush_session_receive(session, channels[*channel], *now_us, packet.as_ptr().cast(), packet.len(), token) };
        assert_eq!(status, CARDHUSH_OK);
        // Not every time: what waits is kept.
        if token % 7 == 0 {
            take(session);
        }
    }
    take(session);
    assert_eq!(cardhush_session_finish(session), CARDHUSH_OK);
    take(session);
    assert_eq!(cardhush_session_advance(session, u64::MAX), CARDHUSH_ERR_FINISHED);
    assert_eq!(cardhush_session_free(session), CARDHUSH_OK);
    assert!(out == stored, "other packets");
    assert_eq!(events, expected);
}

/// Who never takes his packets is told so, and loses none.
#[test]
fn packets_that_are_not_taken_wait() {
    let mut config = unsafe { std::mem::zeroed::<cardhush_session_config>() };
    assert_eq!(unsafe { cardhush_session_config_init(&mut config, size_of::<cardhush_session_config>()) }, CARDHUSH_OK);
    (config.look_ahead_ms, config.spoken) = (CARDHUSH_LOOK_AHEAD_NONE, CARDHUSH_SPOKEN_OFF);
    let (mut session, mut channel, mut now_us) = (null_mut(), 0, START_US);
    assert_eq!(unsafe { cardhush_session_new(&config, START_US, &mut session) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_session_add(session, std::ptr::null(), 0, &mut channel) }, CARDHUSH_OK);
    let (mut given, mut taken) = (0_u32, 0);
    let mut pending = 0;
    while given < 5_000 {
        let mut packet = vec![0x80, 0, (given >> 8) as u8, given as u8];
        packet.extend((given * 160).to_be_bytes());
        packet.extend([9; 4]);
        packet.extend([0xFF; 160]);
        match unsafe { cardhush_session_receive(session, channel, now_us, packet.as_ptr().cast(), packet.len(), given.into()) } {
            CARDHUSH_OK => {
                (given, now_us) = (given + 1, now_us + 20_000);
            }
            CARDHUSH_ERR_PENDING => {
                pending += 1;
                let mut packet = unsafe { std::mem::zeroed::<cardhush_packet>() };
                while unsafe { cardhush_session_next(session, &mut packet) } == CARDHUSH_OK {
                    assert_eq!(packet.token, taken);
                    taken += 1;
                }
            }
            status => panic!("{status}"),
        }
    }
    assert!(pending > 2 && taken > 1_000, "{pending} times told, {taken} taken");
    assert_eq!(cardhush_session_free(session), CARDHUSH_OK);
}

/// Events that nobody fetches end as one that says so, and the audio is scrubbed all the same.
#[test]
fn events_that_nobody_fetches_are_told_as_lost() {
    let mut asked = config(CARDHUSH_CODING_LINEAR16, 20);
    asked.spoken = CARDHUSH_SPOKEN_OFF;
    let mut scrubber = null_mut();
    assert_eq!(unsafe { cardhush_scrubber_new(&asked, &mut scrubber) }, CARDHUSH_OK);
    let input: Vec<i16> = call(3).into_iter().map(Linear16::encode).collect();
    for _ in 0..20 {
        let mut chunk = input.clone();
        assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), chunk.len() / CHANNELS) }, CARDHUSH_OK);
    }
    let mut events = Vec::new();
    fetch(scrubber, &mut events);
    // Those that were exposed are never among the harmless.
    let exposed = events.pop_if(|last| last.kind == CARDHUSH_EVENT_EXPOSED && last.channel == CARDHUSH_ALL_CHANNELS);
    let last = events.pop().unwrap();
    assert_eq!((last.kind, last.channel), (CARDHUSH_EVENT_LOST, CARDHUSH_ALL_CHANNELS));
    assert!(exposed.is_some(), "20 ms are too short for these keys");
    assert!(events.iter().all(|event| event.kind != CARDHUSH_EVENT_LOST && event.start <= last.end) && events.len() > 200);
    assert!(last.end as usize > 19 * input.len() / CHANNELS, "it reaches to the end of the last");
    fetch(scrubber, &mut events);
    assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_OK);
}

/// Two threads that use one handle are told so, or served one after the other; nothing else comes of it.
#[test]
fn handles_in_use() {
    let mut asked = config(CARDHUSH_CODING_LINEAR16, 100);
    asked.spoken = CARDHUSH_SPOKEN_OFF;
    let mut scrubber = null_mut();
    assert_eq!(unsafe { cardhush_scrubber_new(&asked, &mut scrubber) }, CARDHUSH_OK);
    let turns = if cfg!(miri) { 5 } else { 500 };
    let handle = scrubber.addr();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..turns {
                    let mut chunk = [100_i16; 2 * 160];
                    let status =
                        unsafe { cardhush_scrubber_process(std::ptr::without_provenance_mut(handle), chunk.as_mut_ptr().cast(), 160) };
                    assert!(status == CARDHUSH_OK || status == CARDHUSH_ERR_BUSY, "{status}");
                }
            });
        }
    });
    assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_OK);
    assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_ERR_HANDLE);
}

/// Zero stands for what is recommended: a structure of which a program sets the size and the form scrubs.
#[test]
fn what_is_not_set_is_as_recommended() {
    let mut asked = unsafe { std::mem::zeroed::<cardhush_config>() };
    (asked.struct_size, asked.rate_hz, asked.channels) = (size_of::<cardhush_config>() as u32, 8_000, CHANNELS as u32);
    let input: Vec<i16> = call(5).into_iter().map(Linear16::encode).collect();
    let (out, events) = in_c::<Linear16>(&asked, &input, 160, None);
    let (expected, told) = in_c::<Linear16>(&config(CARDHUSH_CODING_LINEAR16, CARDHUSH_LOOK_AHEAD_DEFAULT), &input, 160, None);
    assert!(out == expected && events == told && events.iter().filter(|event| event.kind == CARDHUSH_EVENT_REDACTED).count() >= 20);
    let mut asked = unsafe { std::mem::zeroed::<cardhush_session_config>() };
    (asked.struct_size, asked.channels) = (size_of::<cardhush_session_config>() as u32, 1);
    let (mut session, mut ms) = (null_mut(), 0);
    assert_eq!(unsafe { cardhush_session_new(&asked, 0, &mut session) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_session_latency_ms(session, &mut ms) }, CARDHUSH_OK);
    assert_eq!((ms, cardhush_session_free(session)), (8_000 + 1_000 + 20, CARDHUSH_OK));
}

/// After the call is over nothing can be masked any more, and that is said.
#[test]
fn what_comes_too_late_to_be_masked_is_refused() {
    let mut scrubber = null_mut();
    let mut chunk = vec![1_000_i16; 2 * 800];
    assert_eq!(unsafe { cardhush_scrubber_new(&config(CARDHUSH_CODING_LINEAR16, 500), &mut scrubber) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), 800) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_scrubber_finish(scrubber, chunk.as_mut_ptr().cast(), 10) }, CARDHUSH_OK);
    assert_eq!(cardhush_scrubber_mask(scrubber, 0, 700, 800), CARDHUSH_ERR_FINISHED);
    assert_eq!(cardhush_scrubber_signalled(scrubber, 0, 700, 800), CARDHUSH_ERR_FINISHED);
    chunk.fill(5);
    assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), 800) }, CARDHUSH_ERR_FINISHED);
    assert!(chunk.iter().all(|sample| *sample == 0), "silence");
    assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_OK);
}

/// What a session refuses is refused by name; a channel of one session is none of another.
#[test]
fn what_sessions_refuse() {
    let mut config = unsafe { std::mem::zeroed::<cardhush_session_config>() };
    assert_eq!(unsafe { cardhush_session_config_init(&mut config, size_of::<cardhush_session_config>()) }, CARDHUSH_OK);
    (config.channels, config.spoken, config.wait_ms) = (1, CARDHUSH_SPOKEN_OFF, 2_001);
    let (mut one, mut other, mut channel, mut foreign) = (null_mut(), null_mut(), 0, 0);
    assert_eq!(unsafe { cardhush_session_new(&config, 0, &mut one) }, CARDHUSH_ERR_WAIT);
    config.wait_ms = CARDHUSH_WAIT_DEFAULT;
    assert_eq!(unsafe { cardhush_session_new(&config, 0, &mut one) | cardhush_session_new(&config, 0, &mut other) }, CARDHUSH_OK);
    let format = |payload_type, payload| cardhush_format { payload_type, payload, rate_hz: 0, reserved: [0; 5] };
    let twice = [format(0, CARDHUSH_PAYLOAD_PCMU), format(0, CARDHUSH_PAYLOAD_PCMA)];
    assert_eq!(unsafe { cardhush_session_add(one, twice.as_ptr(), 2, &mut channel) }, CARDHUSH_ERR_FORMATS);
    assert_eq!(unsafe { cardhush_session_add(one, twice.as_ptr(), 1, &mut channel) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_session_add(one, twice.as_ptr(), 1, &mut foreign) }, CARDHUSH_ERR_FULL);
    assert_eq!(unsafe { cardhush_session_add(other, twice.as_ptr(), 1, &mut foreign) }, CARDHUSH_OK);
    assert!(channel != 0 && channel != foreign);
    let mut packet = [0x55_u8; 172];
    let mut receive = |channel, first: [u8; 2], size| {
        packet[..2].copy_from_slice(&first);
        unsafe { cardhush_session_receive(one, channel, 20_000, packet.as_ptr().cast(), size, 0) }
    };
    assert_eq!(receive(foreign, [0x80, 0], 172), CARDHUSH_ERR_CHANNEL);
    assert_eq!(receive(0, [0x80, 0], 172), CARDHUSH_ERR_CHANNEL);
    assert_eq!(receive(channel, [0x80, 200], 172), CARDHUSH_ERR_RTCP);
    assert_eq!(receive(channel, [0x80, 50], 172), CARDHUSH_ERR_PAYLOAD_TYPE);
    assert_eq!(receive(channel, [0x40, 0], 172), CARDHUSH_ERR_PACKET);
    let mut flooded = CARDHUSH_OK;
    while flooded == CARDHUSH_OK {
        flooded = receive(channel, [0x80, 0], 172);
    }
    assert_eq!(flooded, CARDHUSH_ERR_FLOODED);
    // As even as noise: SRTP.
    let mut rng = Rng::new(1);
    let mut status = CARDHUSH_OK;
    for i in 0..400_u32 {
        let mut packet: Vec<u8> = (0..172).map(|_| rng.bits() as u8).collect();
        packet[..4].copy_from_slice(&[0x80, 0, (i >> 8) as u8, i as u8]);
        packet[4..8].copy_from_slice(&(i * 160).to_be_bytes());
        packet[8..12].fill(1);
        status = unsafe { cardhush_session_receive(other, foreign, u64::from(i) * 20_000, packet.as_ptr().cast(), 172, 0) };
        if status != CARDHUSH_OK {
            break;
        }
    }
    assert_eq!(status, CARDHUSH_ERR_ENCRYPTED);
    assert_eq!(cardhush_session_signalled(one, foreign, 0, 1_000), CARDHUSH_ERR_CHANNEL);
    assert_eq!(cardhush_session_signalled(one, channel, 0, 1_000) | cardhush_session_arm(one, 20_000), CARDHUSH_OK);
    assert_eq!(cardhush_session_free(one) | cardhush_session_free(other), CARDHUSH_OK);
}

/// What was being replaced when a defect broke the stream off is told as lost, and what was told before is still to be had.
#[test]
fn a_poisoned_scrubber_tells_what_it_cannot_tell_any_more() {
    let mut asked = config(CARDHUSH_CODING_LINEAR16, 20);
    (asked.spoken, asked.channels) = (CARDHUSH_SPOKEN_OFF, 1);
    let (mut scrubber, mut events) = (null_mut(), Vec::new());
    assert_eq!(unsafe { cardhush_scrubber_new(&asked, &mut scrubber) }, CARDHUSH_OK);
    assert_eq!(cardhush_scrubber_mask(scrubber, 0, 100, 200), CARDHUSH_OK);
    assert_eq!(cardhush_scrubber_signalled(scrubber, 0, 700, 60_000), CARDHUSH_OK);
    let mut chunk = vec![1_000_i16; 4_000];
    assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), 4_000) }, CARDHUSH_OK);
    assert_eq!(cardhush_scrubber_poison(scrubber), CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), 4_000) }, CARDHUSH_ERR_POISONED);
    assert!(chunk.iter().all(|sample| *sample == 0), "silence");
    fetch(scrubber, &mut events);
    assert_eq!((events[0].kind, events[0].start, events[0].end), (CARDHUSH_EVENT_REDACTED, 100, 200));
    let last = events[1];
    assert_eq!((last.kind, last.channel, last.start, last.end), (CARDHUSH_EVENT_LOST, CARDHUSH_ALL_CHANNELS, 200, 4_000));
    assert_eq!((events.len(), cardhush_scrubber_free(scrubber)), (2, CARDHUSH_OK));
}
