//! What changes while a call goes on, and settings of which nothing can come.

use crate::rig::*;
use cardhush_core::{Linear16, Preset, Span};
use gst::{BufferFlags, ClockTime, FlowError, prelude::*};

/// Pushes 20 ms at a time; `change` is told the sample at which the next start.
fn run(rig: &mut Rig, bytes: &[u8], mut change: impl FnMut(u64, &gst::Element)) -> (Vec<u8>, Vec<Told>) {
    for (index, piece) in bytes.chunks(640).enumerate() {
        change(160 * index as u64, &rig.element);
        rig.push(piece, Some(time(160 * index as u64)), BufferFlags::empty());
    }
    rig.end();
    (bytes_of(&rig.out()), spans(&rig.messages()))
}

#[test]
fn armed_counts_from_the_next_sample_on() {
    // The card is read from second 15.6 to 27 of the call.
    let bytes = call(14.0, 28.0);
    let settings = [("spoken", "armed"), ("keyed", "false"), ("look-ahead", "3000")];
    let mut config = config(8_000, 2, false, true, Some(3_000));
    config.spoken.as_mut().unwrap().preset = Preset::Armed;
    let mut seen = Vec::new();
    for (on, off) in [(1_600, 8_000), (1_600, 112_000), (48_000, 112_000), (64_000, 64_160)] {
        let (expected, events) = reference::<Linear16>(&config, &bytes, |sample, scrubber, _| match sample {
            _ if sample == on => scrubber.arm(),
            _ if sample == off => scrubber.disarm(),
            _ => (),
        });
        let (out, told) = run(&mut Rig::new(&settings, STEREO), &bytes, |sample, element| {
            element.set_property("armed", (on..off).contains(&sample));
        });
        assert!(out == expected, "{on} to {off}");
        assert_eq!(told, spans_of(&events), "{on} to {off}");
        seen.push(told);
    }
    assert!(seen[0].is_empty(), "it was over before the card");
    assert!(seen[1].iter().any(|span| span.4 == "spoken") && seen[1] != seen[2], "else nothing is shown");
}

#[test]
fn mask_masks_all_that_comes() {
    let bytes = call(12.0, 15.0);
    let (on, off) = (8_000, 12_000);
    let config = config(8_000, 2, true, false, None);
    let (expected, events) = reference::<Linear16>(&config, &bytes, |sample, scrubber, events| {
        if (on..off).contains(&sample) {
            scrubber.mask(None, Span::new(sample, sample + 160), &mut |event| events.push(event));
        }
    });
    let (out, told) = run(&mut Rig::new(&[("spoken", "off")], STEREO), &bytes, |sample, element| {
        element.set_property("mask", (on..off).contains(&sample));
    });
    assert!(out == expected);
    assert_eq!(told, spans_of(&events));
    let name = |channel| ("cardhush-redaction".to_string(), channel, on, off, "manual".to_string());
    assert_eq!(told, [name(0), name(1)]);
}

#[test]
fn fill_and_linking_are_as_asked_for() {
    let bytes = call(3.0, 8.0);
    let mut config = config(8_000, 2, true, false, None);
    config.fill = cardhush_core::Fill::Marker;
    config.linking = cardhush_core::Linking::Own;
    let (expected, events) = reference::<Linear16>(&config, &bytes, |_, _, _| ());
    let (out, told) = run(&mut Rig::new(&[("spoken", "off"), ("fill", "marker"), ("linking", "own")], STEREO), &bytes, |_, _| ());
    assert!(out == expected);
    assert_eq!(told, spans_of(&events));
    let (silent, _) = run(&mut Rig::new(&[("spoken", "off"), ("fill", "silence"), ("linking", "own")], STEREO), &bytes, |_, _| ());
    assert!(silent != out);
}

fn error(rig: &Rig) -> String {
    error_of(rig.messages())
}

fn error_of(messages: impl IntoIterator<Item = gst::Message>) -> String {
    let text = messages.into_iter().find_map(|message| match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    });
    text.unwrap_or_default()
}

#[test]
fn settings_of_which_nothing_can_come_are_refused() {
    for (settings, why) in
        [([("keyed", "false"), ("spoken", "off")], "nothing to look for"), ([("armed", "true"), ("spoken", "off")], "it arms nothing")]
    {
        let (element, bus) = (element(&settings), gst::Bus::new());
        element.set_bus(Some(&bus));
        assert!(element.set_state(gst::State::Paused).is_err());
        let text = error_of(std::iter::from_fn(|| bus.pop()));
        assert!(text.contains(why), "{text}");
        element.set_state(gst::State::Null).unwrap();
    }
}

#[test]
fn armed_in_vain_stops_the_flow_for_good() {
    let bytes = call(3.0, 5.0);
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    rig.push(&bytes, Some(ClockTime::ZERO), BufferFlags::empty());
    rig.element.set_property("armed", true);
    let _ = rig.out();
    for _ in 0..2 {
        assert_eq!(rig.harness.push(buffer(&bytes, None, BufferFlags::empty())), Err(FlowError::Error));
        assert!(!error(&rig).is_empty());
        rig.element.set_property("armed", false);
    }
    let _ = rig.harness.push_event(gst::event::Eos::new());
    assert!(rig.out().is_empty(), "what was held stays held");
}

#[test]
fn backwards_is_refused() {
    let mut rig = Rig::new(&[], STEREO);
    let mut segment = gst::FormattedSegment::<ClockTime>::new();
    segment.set_rate(-1.0);
    segment.set_stop(ClockTime::from_seconds(10));
    let _ = rig.harness.push_event(gst::event::Segment::new(&segment));
    assert!(error(&rig).contains("rate -1"));
    assert!(rig.harness.push(buffer(&call(0.0, 1.0), Some(ClockTime::ZERO), BufferFlags::empty())).is_err());
    assert!(rig.out().is_empty());
}
