//! Which audio is taken, and what is refused.

use crate::rig::*;
use cardhush_core::{Linear16, Ulaw};
use gst::{BufferFlags, ClockTime, prelude::*};

const RAW: &str = "audio/x-raw,layout=interleaved";

#[test]
fn other_audio_is_refused() {
    let wrong = [
        format!("{RAW},format=S16LE,rate=7999,channels=1"),
        format!("{RAW},format=S16LE,rate=192001,channels=1"),
        format!("{RAW},format=S16LE,rate=8000,channels=9"),
        format!("{RAW},format=S16BE,rate=8000,channels=1"),
        format!("{RAW},format=S24_32LE,rate=8000,channels=1"),
        "audio/x-raw,layout=non-interleaved,format=S16LE,rate=8000,channels=2".into(),
        "audio/x-gsm,rate=8000,channels=1".into(),
        "audio/x-mulaw,rate=4000,channels=1".into(),
    ];
    for caps in wrong {
        let mut rig = Rig::new(&[], &caps);
        assert!(!rig.element.static_pad("sink").unwrap().query_accept_caps(&caps.parse().unwrap()), "{caps}");
        assert!(rig.harness.push(buffer(&[0; 320], Some(ClockTime::ZERO), BufferFlags::empty())).is_err(), "{caps}");
        let _ = rig.harness.push_event(gst::event::Eos::new());
        assert!(rig.out().is_empty(), "{caps}");
    }
}

#[test]
fn audio_before_caps_is_refused() {
    let element = element(&[]);
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    element.set_state(gst::State::Playing).unwrap();
    let pad = element.static_pad("sink").unwrap();
    assert!(pad.send_event(gst::event::StreamStart::new("test")));
    assert!(pad.send_event(gst::event::Segment::new(&gst::FormattedSegment::<ClockTime>::new())));
    assert_eq!(pad.chain(buffer(&[0; 320], None, BufferFlags::empty())), Err(gst::FlowError::NotNegotiated));
    element.set_state(gst::State::Null).unwrap();
}

#[test]
fn the_limits_themselves_are_taken() {
    for caps in ["format=S16LE,rate=8000,channels=8", "format=U8,rate=192000,channels=1", "format=F64LE,rate=44100,channels=3"] {
        let mut rig = Rig::new(&[("look-ahead", "40")], &format!("{RAW},{caps},channel-mask=(bitmask)0"));
        rig.push(&[0; 24 * 8 * 500], Some(ClockTime::ZERO), BufferFlags::empty());
        rig.end();
        assert_eq!(bytes_of(&rig.out()).len(), 24 * 8 * 500, "{caps}");
    }
}

#[test]
fn other_caps_end_the_call_and_begin_another() {
    let (first, second) = (call(3.0, 5.0), &call_ulaw()[2 * 5 * 8_000..2 * 8 * 8_000]);
    let config = config(8_000, 2, true, false, None);
    let one = reference::<Linear16>(&config, &first, |_, _, _| ()).0;
    let two = reference::<Ulaw>(&config, second, |_, _, _| ()).0;
    let mut rig = Rig::new(&[("spoken", "off")], STEREO);
    rig.push(&first, Some(ClockTime::ZERO), BufferFlags::empty());
    rig.harness.set_src_caps("audio/x-mulaw,rate=8000,channels=2".parse().unwrap());
    assert!(bytes_of(&rig.out()) == one);
    rig.push(second, Some(ClockTime::from_seconds(2)), BufferFlags::empty());
    rig.end();
    assert!(bytes_of(&rig.out()) == two);
}
