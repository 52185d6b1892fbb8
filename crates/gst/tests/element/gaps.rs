//! Gaps, flushes and changes on the way: nothing is lost, and nothing is masked at the wrong place.

use crate::rig::*;
use cardhush_core::{Event, Linear16, Span};
use gst::{BufferFlags, ClockTime, EventType};

const KEYED: [(&str, &str); 1] = [("spoken", "off")];

/// Core's spans of a call with `silence` samples at `at`, with these samples taken out again.
fn without(events: &[Event], at: u64, silence: u64) -> Vec<Told> {
    let back = |sample: u64| if sample < at { sample } else { at.max(sample.saturating_sub(silence)) };
    let spans = spans_of(events).into_iter().map(|(name, channel, start, end, cause)| (name, channel, back(start), back(end), cause));
    spans.filter(|span| span.2 < span.3).collect()
}

/// Two halves of keyed digits, `silence` samples apart, as core hears them.
fn halves(silence: u64) -> (Vec<u8>, Vec<u8>, Vec<u8>, Vec<Told>) {
    // A cut in the middle of a key.
    let (first, second) = (call(3.0, 4.57), call(5.0, 8.0));
    let whole = [&first[..], &vec![0; 4 * silence as usize], &second].concat();
    let (mut expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &whole, |_, _, _| ());
    let told = without(&events, first.len() as u64 / 4, silence);
    expected.drain(first.len()..first.len() + 4 * silence as usize);
    assert!(told.len() > 20, "else nothing is shown");
    (first, second, expected, told)
}

fn push(rig: &mut Rig, bytes: &[u8], start: ClockTime, mut flags: BufferFlags) {
    for (index, piece) in bytes.chunks(644).enumerate() {
        rig.push(piece, Some(start + time(161 * index as u64)), flags);
        flags = BufferFlags::empty();
    }
}

fn two_halves(silence: u64, flags: BufferFlags) {
    let (first, second, expected, told) = halves(silence);
    let mut rig = Rig::new(&KEYED, STEREO);
    push(&mut rig, &first, ClockTime::ZERO, BufferFlags::DISCONT);
    let resumed = time(first.len() as u64 / 4 + silence);
    push(&mut rig, &second, resumed, flags);
    rig.end();
    let (out, messages) = (rig.out(), rig.messages());
    assert!(bytes_of(&out) == expected, "{silence} samples");
    assert_eq!(spans(&messages), told, "{silence} samples");
    let after: Vec<_> = out.iter().filter(|buffer| buffer.offset() >= first.len() as u64 / 4).collect();
    assert_eq!(after[0].pts(), Some(resumed), "{silence} samples");
    assert_eq!(after[0].flags().contains(BufferFlags::DISCONT), flags.contains(BufferFlags::DISCONT));
    // What is told of the second half is told with its time.
    for told in structures(&messages).iter().filter(|told| told.name() == "cardhush-redaction") {
        let (start, end) = (told.get::<u64>("start").unwrap(), told.get::<u64>("end").unwrap());
        let half = first.len() as u64 / 4;
        let shift = |sample: u64, behind: bool| if sample > half || (behind && sample == half) { sample + silence } else { sample };
        assert_eq!(told.get::<ClockTime>("timestamp"), Ok(time(shift(start, true))));
        let length = time(shift(end, false)) - time(shift(start, true));
        let duration = told.get::<ClockTime>("duration").unwrap();
        assert!(duration.absdiff(length) <= ClockTime::from_nseconds(1), "{duration} {length}");
    }
}

#[test]
fn a_gap_is_heard_as_silence_and_left_out() {
    two_halves(16_000, BufferFlags::DISCONT);
    two_halves(160, BufferFlags::DISCONT);
    two_halves(32, BufferFlags::DISCONT); // 4 ms
    two_halves(320, BufferFlags::empty()); // 40 ms
    two_halves(16_000, BufferFlags::empty());
}

#[test]
fn less_than_a_gap_is_none() {
    let (first, second) = (call(3.0, 4.57), call(5.0, 8.0));
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &[&first[..], &second].concat(), |_, _, _| ());
    for (silence, flags) in [(31, BufferFlags::DISCONT), (319, BufferFlags::empty())] {
        let mut rig = Rig::new(&KEYED, STEREO);
        push(&mut rig, &first, ClockTime::ZERO, BufferFlags::empty());
        push(&mut rig, &second, time(first.len() as u64 / 4 + silence), flags);
        rig.end();
        assert!(bytes_of(&rig.out()) == expected, "{silence} samples");
        assert_eq!(spans(&rig.messages()), spans_of(&events), "{silence} samples");
    }
}

#[test]
fn a_gap_event_is_a_gap_and_keeps_its_place() {
    let (first, second, expected, told) = halves(4_000);
    let mut rig = Rig::new(&KEYED, STEREO);
    let half = first.len() as u64 / 4;
    push(&mut rig, &first, ClockTime::ZERO, BufferFlags::empty());
    assert!(rig.harness.push_event(gst::event::Tag::new(gst::TagList::new())));
    for part in 0..2 {
        assert!(rig.harness.push_event(gst::event::Gap::builder(time(half + 2_000 * part)).duration(time(2_000)).build()));
    }
    // Half a second of silence pushes half a second out, and not more; the events are behind what is still held.
    assert_eq!(bytes_of(&rig.out()), expected[..first.len() + 4 * 4_000 - 4 * 5_600]);
    let seen: Vec<_> = std::iter::from_fn(|| rig.harness.try_pull_event()).map(|event| event.type_()).collect();
    assert!(!seen.contains(&EventType::Gap) && !seen.contains(&EventType::Tag), "{seen:?}");
    push(&mut rig, &second, time(half + 4_000), BufferFlags::empty());
    rig.end();
    let rest = rig.out();
    assert_eq!(bytes_of(&rest), expected[expected.len() - bytes_of(&rest).len()..]);
    assert_eq!(spans(&rig.messages()), told);
    let seen: Vec<_> = std::iter::from_fn(|| rig.harness.try_pull_event()).map(|event| event.type_()).collect();
    assert_eq!(seen, [EventType::Tag, EventType::Gap, EventType::Gap, EventType::Eos]);
    assert!(rest.iter().any(|buffer| buffer.offset_end() == half), "a buffer ends where the events are");
}

#[test]
fn a_long_gap_lets_all_go_and_ends_soon() {
    let bytes = call(3.0, 5.0);
    let mut rig = Rig::new(&[], STEREO);
    push(&mut rig, &bytes, ClockTime::ZERO, BufferFlags::empty());
    assert_eq!(bytes_of(&rig.out()).len(), 0, "8 s wait");
    let begun = std::time::Instant::now();
    rig.push(&bytes, Some(ClockTime::from_seconds(86_400 * 365)), BufferFlags::DISCONT);
    assert_eq!(bytes_of(&rig.out()).len(), bytes.len());
    assert!(begun.elapsed().as_secs() < 20, "{:?}: a year was analysed", begun.elapsed());
    rig.end();
    let out = rig.out();
    assert_eq!(bytes_of(&out).len(), bytes.len());
    assert_eq!(out[0].pts(), Some(ClockTime::from_seconds(86_400 * 365)));
}

#[test]
fn timestamps_that_step_back_are_passed_as_they_came() {
    let (first, second) = (call(3.0, 4.57), call(5.0, 8.0));
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &[&first[..], &second].concat(), |_, _, _| ());
    let mut rig = Rig::new(&KEYED, STEREO);
    push(&mut rig, &first, ClockTime::from_seconds(50), BufferFlags::empty());
    push(&mut rig, &second, ClockTime::from_seconds(10), BufferFlags::DISCONT);
    rig.end();
    let out = rig.out();
    assert!(bytes_of(&out) == expected);
    assert_eq!(spans(&rig.messages()), spans_of(&events));
    assert!(out.iter().any(|buffer| buffer.offset() == first.len() as u64 / 4 && buffer.pts() == Some(ClockTime::from_seconds(10))));
}

#[test]
fn a_flush_forgets_the_call() {
    let (first, second) = (call(3.0, 5.0), call(5.0, 8.0));
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &second, |_, _, _| ());
    let mut rig = Rig::new(&KEYED, STEREO);
    push(&mut rig, &first, ClockTime::ZERO, BufferFlags::DISCONT);
    let _ = (rig.out(), rig.messages());
    assert!(rig.harness.push_event(gst::event::FlushStart::new()));
    assert!(rig.harness.push_event(gst::event::FlushStop::new(true)));
    assert!(rig.harness.push_event(gst::event::Segment::new(&gst::FormattedSegment::<ClockTime>::new())));
    push(&mut rig, &second, ClockTime::from_seconds(7), BufferFlags::DISCONT);
    rig.end();
    let out = rig.out();
    assert!(bytes_of(&out) == expected, "what was held before the flush must not come out, nor be heard");
    assert_eq!(spans(&rig.messages()), spans_of(&events));
    assert_eq!((out[0].pts(), out[0].offset()), (Some(ClockTime::from_seconds(7)), 0));
}

/// The calls that a change makes of a stream: each is what it would be alone, and numbers go on.
fn calls_apart(change: impl FnOnce(&mut Rig)) {
    let (first, second) = (call(3.0, 5.0), call(5.0, 8.0));
    let [(one, told), (two, told_two)] =
        [&first, &second].map(|bytes| reference::<Linear16>(&config(8_000, 2, true, false, None), bytes, |_, _, _| ()));
    let mut rig = Rig::new(&KEYED, STEREO);
    push(&mut rig, &first, ClockTime::ZERO, BufferFlags::DISCONT);
    change(&mut rig);
    let out = rig.out();
    assert!(bytes_of(&out) == one, "what was held leaves before the change");
    push(&mut rig, &second, time(first.len() as u64 / 4), BufferFlags::DISCONT);
    rig.end();
    assert!(bytes_of(&rig.out()) == two);
    let later = told_two.into_iter().filter_map(|event| match event {
        Event::Redacted(mut one) => {
            let by = first.len() as u64 / 4;
            one.span = Span::new(one.span.start + by, one.span.end + by);
            Some(Event::Redacted(one))
        }
        _ => None,
    });
    let expected: Vec<_> = told.into_iter().chain(later).collect();
    assert_eq!(spans(&rig.messages()), spans_of(&expected));
}

#[test]
fn another_segment_or_stream_ends_the_call() {
    calls_apart(|rig| {
        let mut segment = gst::FormattedSegment::<ClockTime>::new();
        segment.set_base(ClockTime::from_seconds(3));
        assert!(rig.harness.push_event(gst::event::Segment::new(&segment)));
    });
    calls_apart(|rig| assert!(rig.harness.push_event(gst::event::StreamStart::new("another"))));
}

#[test]
fn the_same_segment_and_caps_change_nothing() {
    let bytes = call(3.0, 8.0);
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, false, None), &bytes, |_, _, _| ());
    let mut rig = Rig::new(&KEYED, STEREO);
    let (first, second) = bytes.split_at(4 * 161 * 80);
    push(&mut rig, first, ClockTime::ZERO, BufferFlags::DISCONT);
    assert!(rig.harness.push_event(gst::event::Caps::new(&STEREO.parse().unwrap())));
    assert!(rig.harness.push_event(gst::event::Segment::new(&gst::FormattedSegment::<ClockTime>::new())));
    push(&mut rig, second, time(161 * 80), BufferFlags::empty());
    rig.end();
    assert!(bytes_of(&rig.out()) == expected);
    assert_eq!(spans(&rig.messages()), spans_of(&events));
}
