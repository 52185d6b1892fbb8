//! Latency, the end, and what is told.

use crate::rig::*;
use cardhush_core::Linear16;
use gst::{BufferFlags, ClockTime, EventType, MessageType, prelude::*};

fn latency(rig: &Rig) -> (bool, ClockTime, Option<ClockTime>) {
    let mut query = gst::query::Latency::new();
    assert!(rig.element.static_pad("src").unwrap().query(&mut query));
    query.result()
}

#[test]
fn the_look_ahead_is_added_to_upstreams_latency() {
    for (properties, own_ms) in [
        (&[][..], 8_000),
        (&[("spoken", "off")], 700),
        (&[("look-ahead", "40")], 40),
        (&[("look-ahead", "60000"), ("keyed", "false")], 60_000),
    ] {
        let mut rig = Rig::new(properties, STEREO);
        rig.harness.set_upstream_latency(ClockTime::from_mseconds(20));
        let (live, min, _) = latency(&rig);
        assert_eq!((live, min), (true, ClockTime::from_mseconds(20 + own_ms)));
    }
}

#[test]
fn the_longest_latency_grows_as_well() {
    let ms = ClockTime::from_mseconds;
    for max in [None, Some(ms(500))] {
        let element = element(&[("look-ahead", "40")]);
        let upstream = gst::Pad::builder(gst::PadDirection::Src)
            .query_function(move |_, _, query| match query.view_mut() {
                gst::QueryViewMut::Latency(latency) => {
                    latency.set(true, ms(20), max);
                    true
                }
                _ => false,
            })
            .build();
        upstream.set_active(true).unwrap();
        upstream.link(&element.static_pad("sink").unwrap()).unwrap();
        element.set_state(gst::State::Playing).unwrap();
        let mut query = gst::query::Latency::new();
        assert!(element.static_pad("src").unwrap().query(&mut query));
        assert_eq!(query.result(), (true, ms(60), max.map(|max| max + ms(40))));
        element.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn a_live_pipeline_plays() {
    let scrubber = element(&[("look-ahead", "40")]);
    let pipeline = gst::Pipeline::new();
    let source = gst::ElementFactory::make("audiotestsrc").property("is-live", true).property("num-buffers", 10);
    let source = source.property("samplesperbuffer", 160).build().unwrap();
    let caps: gst::Caps = "audio/x-raw,format=S16LE,rate=8000,channels=1".parse().unwrap();
    let filter = gst::ElementFactory::make("capsfilter").property("caps", caps).build().unwrap();
    let sink = gst::ElementFactory::make("fakesink").property("sync", true).build().unwrap();
    pipeline.add_many([&source, &filter, &scrubber, &sink]).unwrap();
    gst::Element::link_many([&source, &filter, &scrubber, &sink]).unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let last = pipeline.bus().unwrap().timed_pop_filtered(ClockTime::from_seconds(20), &[MessageType::Eos, MessageType::Error]);
    assert_eq!(last.map(|message| message.type_()), Some(MessageType::Eos));
    // The last of ten buffers of 20 ms is due when 180 ms and the latency, its own length and the look-ahead, are over.
    let now = pipeline.current_running_time().unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    assert!(now >= ClockTime::from_mseconds(180 + 20 + 40), "{now}");
}

/// A sample leaves as soon as the look-ahead has come in behind it, whatever the buffers' length.
#[test]
fn nothing_is_held_longer_than_is_told() {
    for frames in [1, 37, 160, 5_600, 20_000] {
        let bytes = call(3.0, 8.0);
        let mut rig = Rig::new(&[("spoken", "off")], STEREO);
        let (mut came, mut left) = (0, 0);
        for piece in bytes.chunks(4 * frames) {
            rig.push(piece, Some(time(came as u64)), BufferFlags::empty());
            came += piece.len() / 4;
            left += bytes_of(&rig.out()).len() / 4;
            assert_eq!(left, came.saturating_sub(5_600), "buffers of {frames}");
        }
    }
}

#[test]
fn a_latency_that_changes_is_told() {
    let told = |rig: &Rig| rig.messages().iter().filter(|message| message.type_() == MessageType::Latency).count();
    let caps = |rate_hz: u32| format!("audio/x-raw,format=S16LE,layout=interleaved,rate={rate_hz},channels=1");
    // 0 ms becomes 34 samples, which last longer at 8 kHz than 194 at 48 kHz.
    let mut rig = Rig::new(&[("look-ahead", "0")], &caps(8_000));
    assert_eq!((told(&rig), latency(&rig).1), (0, ClockTime::from_nseconds(4_250_000)));
    rig.harness.set_src_caps(caps(48_000).parse().unwrap());
    assert_eq!((told(&rig), latency(&rig).1), (1, ClockTime::from_nseconds(194_000_000_000_u64.div_ceil(48_000))));
}

#[test]
fn the_end_gives_all_that_is_held_before_it() {
    let bytes = call(0.0, 3.0);
    let mut rig = Rig::new(&[], STEREO);
    rig.push(&bytes, Some(ClockTime::ZERO), BufferFlags::DISCONT);
    assert!(rig.out().is_empty());
    while rig.harness.try_pull_event().is_some() {}
    rig.end();
    assert_eq!(bytes_of(&rig.out()).len(), bytes.len());
    assert_eq!(rig.harness.pull_event().unwrap().type_(), EventType::Eos);
    let told = structures(&rig.messages());
    let summary = told.last().unwrap();
    assert_eq!((summary.name().as_str(), summary.get("samples")), ("cardhush-summary", Ok(bytes.len() as u64 / 4)));
}

#[test]
fn what_left_too_early_is_told() {
    let bytes = call(0.0, 30.0);
    let (expected, events) = reference::<Linear16>(&config(8_000, 2, true, true, Some(20)), &bytes, |_, _, _| ());
    let mut rig = Rig::new(&[("look-ahead", "20")], STEREO);
    bytes.chunks(640).enumerate().for_each(|(index, piece)| rig.push(piece, Some(time(160 * index as u64)), BufferFlags::empty()));
    rig.end();
    assert!(bytes_of(&rig.out()) == expected);
    let messages = rig.messages();
    let told = spans(&messages);
    assert_eq!(told, spans_of(&events));
    let exposed: u64 = told.iter().filter(|span| span.0 == "cardhush-exposed").map(|span| span.3 - span.2).sum();
    assert!(exposed > 0, "else nothing is shown");
    assert_eq!(structures(&messages).last().unwrap().get("exposed-samples"), Ok(exposed));
    assert!(warnings(&messages).iter().any(|text| text.contains("raise look-ahead")));
}

/// Names and types of all that is told, which is no digit; times are those of the segment.
#[test]
fn messages_say_where_and_why_and_never_which() {
    let bytes = call(3.0, 8.0);
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    let mut segment = gst::FormattedSegment::<ClockTime>::new();
    segment.set_start(ClockTime::from_seconds(2));
    segment.set_time(ClockTime::from_seconds(500));
    segment.set_base(ClockTime::from_seconds(30));
    assert!(rig.harness.push_event(gst::event::Segment::new(&segment)));
    rig.push(&bytes, Some(ClockTime::from_seconds(2)), BufferFlags::empty());
    rig.end();
    let told = structures(&rig.messages());
    let mut keys = 0;
    for one in &told {
        let fields: Vec<_> = one.fields().map(|field| field.as_str()).collect();
        match one.name().as_str() {
            "cardhush-redaction" => {
                assert_eq!(fields, ["channel", "start", "end", "timestamp", "stream-time", "running-time", "duration", "cause"]);
                let since = time(one.get("start").unwrap());
                let at = |name| one.get::<ClockTime>(name).unwrap();
                assert_eq!(at("timestamp"), ClockTime::from_seconds(2) + since);
                assert_eq!(at("stream-time"), ClockTime::from_seconds(500) + since);
                assert_eq!(at("running-time"), ClockTime::from_seconds(30) + since);
            }
            "cardhush-key" => {
                keys += 1;
                assert_eq!(fields, ["channel", "sample", "timestamp", "stream-time", "running-time"]);
            }
            name => {
                assert_eq!((name, &fields[..]), ("cardhush-summary", &["samples", "redactions", "redacted-samples", "exposed-samples"][..]))
            }
        }
    }
    assert!(keys >= 10, "{keys} keys");
}
