//! Same bytes and same spans as core, however the stream is cut, in every coding, with each sample's own time.

use crate::rig::*;
use cardhush_core::{Alaw, Coding, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Ulaw};
use gst::{BufferFlags, ClockTime};

/// Pushes `bytes` in buffers of `cut` bytes with the timestamps of a continuous stream; gives all that came out.
fn run(rig: &mut Rig, bytes: &[u8], frame_bytes: u64, cut: usize) -> (Vec<gst::Buffer>, Vec<gst::Message>) {
    let mut flags = BufferFlags::DISCONT;
    for (index, piece) in bytes.chunks(cut).enumerate() {
        rig.push(piece, Some(time((index * cut) as u64 / frame_bytes)), flags);
        flags = BufferFlags::empty();
    }
    rig.end();
    (rig.out(), rig.messages())
}

/// The buffers follow each other without a break: timestamps, durations, offsets, flags.
fn continuous(buffers: &[gst::Buffer], frame_bytes: usize, frames: u64) {
    let mut next = 0;
    for (index, buffer) in buffers.iter().enumerate() {
        let end = next + (buffer.size() / frame_bytes) as u64;
        assert!(buffer.size() > 0 && buffer.size().is_multiple_of(frame_bytes));
        assert_eq!((buffer.offset(), buffer.offset_end()), (next, end));
        let (pts, duration) = (buffer.pts().unwrap(), buffer.duration().unwrap());
        assert_eq!((pts, pts + duration), (time(next), time(end)), "samples {next} to {end}");
        assert_eq!(buffer.flags() & BufferFlags::DISCONT, if index == 0 { BufferFlags::DISCONT } else { BufferFlags::empty() });
        next = end;
    }
    assert_eq!(next, frames);
}

#[test]
fn defaults_find_the_keys_and_the_card_of_the_example_call() {
    let bytes = call(0.0, 30.0);
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, true, None), &bytes, |_, _, _| ());
    let (out, messages) = run(&mut Rig::new(&[], STEREO), &bytes, 4, 640);
    assert_eq!(bytes_of(&out), expected);
    assert_eq!(spans(&messages), spans_of(&events));
    continuous(&out, 4, bytes.len() as u64 / 4);
    let causes: Vec<_> = spans(&messages).into_iter().map(|span| span.4).collect();
    assert!(["keyed", "spoken", "linked"].iter().all(|cause| causes.iter().any(|told| told == cause)), "{causes:?}");
    assert_ne!(expected, bytes, "else nothing is shown above");
}

#[test]
fn any_cut_gives_the_same() {
    let bytes = call(3.0, 9.0);
    let config = config(8_000, 2, true, false, None);
    let (expected, events) = reference::<Linear16>(&config, &bytes, |_, _, _| ());
    assert!(spans_of(&events).len() > 20, "else nothing is shown below");
    // Bytes: less than a sample, a sample, less than two frames, more than the look-ahead, all. What is no multiple of 4 cuts frames.
    for cut in [1, 2, 3, 4, 7, 333, 640, 4_096, 30_001, bytes.len()] {
        let (out, messages) = run(&mut Rig::new(&[("spoken", "off")], STEREO), &bytes, 4, cut);
        assert!(bytes_of(&out) == expected, "cut by {cut}");
        assert_eq!(spans(&messages), spans_of(&events), "cut by {cut}");
        continuous(&out, 4, bytes.len() as u64 / 4);
        assert!(warnings(&messages).is_empty());
    }
}

fn coded<C: Coding>(caps: &str, look_ahead_ms: u32) {
    let samples = call(3.0, 7.0);
    let units = samples.chunks_exact(2).map(|unit| C::encode(Linear16::decode(Linear16::from_le_bytes(unit))));
    let mut bytes = vec![0; samples.len() / 2 * C::BYTES];
    bytes.chunks_exact_mut(C::BYTES).zip(units).for_each(|(bytes, unit)| C::to_le_bytes(unit, bytes));
    let (expected, events) = reference::<C>(&config(8_000, 2, true, false, Some(look_ahead_ms)), &bytes, |_, _, _| ());
    let mut rig = Rig::new(&[("spoken", "off"), ("look-ahead", &look_ahead_ms.to_string())], &format!("{caps},rate=8000,channels=2"));
    let (out, messages) = run(&mut rig, &bytes, 2 * C::BYTES as u64, 500);
    assert!(bytes_of(&out) == expected, "{caps}");
    assert_eq!(spans(&messages), spans_of(&events), "{caps}");
    assert!(!spans_of(&events).is_empty() && expected != bytes, "{caps}: else nothing is shown above");
}

#[test]
fn every_coding_is_left_as_it_is() {
    let raw = |format: &str| format!("audio/x-raw,layout=interleaved,format={format}");
    coded::<Ulaw>("audio/x-mulaw", 700);
    coded::<Alaw>("audio/x-alaw", 60);
    coded::<Linear8>(&raw("U8"), 700);
    coded::<Linear16>(&raw("S16LE"), 333);
    coded::<Linear24>(&raw("S24LE"), 700);
    coded::<Linear32>(&raw("S32LE"), 700);
    coded::<Float32>(&raw("F32LE"), 700);
    coded::<Float64>(&raw("F64LE"), 700);
}

#[test]
fn a_sample_leaves_with_the_timestamp_that_it_came_with() {
    let bytes = call(3.0, 9.0);
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &bytes, |_, _, _| ());
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    let start = ClockTime::from_seconds(100);
    // Up to 15 ms off, both ways, as packets are that are stamped when they come.
    let pts_of = |index: u64| start + time(160 * index) + ClockTime::from_nseconds(index * 7_919_003 % 15_000_000);
    for (index, piece) in bytes.chunks(640).enumerate() {
        rig.push(piece, Some(pts_of(index as u64)), BufferFlags::empty());
    }
    rig.end();
    let out = rig.out();
    assert!(bytes_of(&out) == expected);
    assert_eq!(spans(&rig.messages()), spans_of(&events), "jitter is no gap");
    for buffer in &out {
        let (index, into) = (buffer.offset() / 160, buffer.offset() % 160);
        assert_eq!(buffer.pts(), Some(pts_of(index) + time(into)), "sample {}", buffer.offset());
        assert!(buffer.offset_end() <= (index + 1) * 160, "one buffer holds two timestamps' samples");
    }
}

#[test]
fn a_stream_without_timestamps_has_none() {
    let bytes = call(3.0, 5.0);
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    bytes.chunks(640).for_each(|piece| rig.push(piece, None, BufferFlags::empty()));
    rig.end();
    let out = rig.out();
    assert_eq!(bytes_of(&out).len(), bytes.len());
    assert!(out.iter().all(|buffer| buffer.pts().is_none() && buffer.duration().is_none()));
}

#[test]
fn a_frame_without_its_rest_is_left_out_and_told() {
    let bytes = call(3.0, 4.0);
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    rig.push(&bytes[..bytes.len() - 1], Some(ClockTime::ZERO), BufferFlags::empty());
    rig.end();
    assert_eq!(bytes_of(&rig.out()).len(), bytes.len() - 4);
    let told = warnings(&rig.messages());
    assert!(told.iter().any(|text| text.contains("3 bytes are no whole frame of 4")), "{told:?}");
}
