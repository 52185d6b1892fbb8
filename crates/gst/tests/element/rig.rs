//! What the tests share: an element in a harness, the example call, and what core makes of the same samples.

use cardhush_core::{ChannelState, Coding, Config, Event, Linear16, Scrubber, Ulaw};
use gst::prelude::*;
use gst::{BufferFlags, ClockTime};
use gst_check::Harness;

pub const RATE_HZ: u64 = 8_000;
pub const STEREO: &str = "audio/x-raw,format=S16LE,layout=interleaved,rate=8000,channels=2";

/// A span as told: name of the message, channel, samples, cause.
pub type Told = (String, u32, u64, u64, String);

pub struct Rig {
    pub harness: Harness,
    pub element: gst::Element,
    bus: gst::Bus,
}

impl Rig {
    /// An element with these properties, playing, behind caps.
    pub fn new(properties: &[(&str, &str)], caps: &str) -> Self {
        let element = element(properties);
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        harness.set_src_caps(caps.parse().unwrap());
        Self { harness, element, bus }
    }

    /// Pushes bytes; `at` is their timestamp.
    pub fn push(&mut self, bytes: &[u8], at: Option<ClockTime>, flags: BufferFlags) {
        self.harness.push(buffer(bytes, at, flags)).unwrap();
    }

    /// Ends the stream.
    pub fn end(&mut self) {
        assert!(self.harness.push_event(gst::event::Eos::new()));
    }

    /// What has come out and was not taken yet.
    pub fn out(&mut self) -> Vec<gst::Buffer> {
        std::iter::from_fn(|| self.harness.try_pull()).collect()
    }

    /// Messages that were posted and not taken yet.
    pub fn messages(&self) -> Vec<gst::Message> {
        std::iter::from_fn(|| self.bus.pop()).collect()
    }
}

/// Spans among messages, in order.
pub fn spans(messages: &[gst::Message]) -> Vec<Told> {
    let spans = structures(messages).into_iter().filter(|told| told.has_field("cause"));
    spans
        .map(|told| {
            let number = |name| told.get::<u64>(name).unwrap();
            (told.name().to_string(), told.get("channel").unwrap(), number("start"), number("end"), told.get("cause").unwrap())
        })
        .collect()
}

pub fn structures(messages: &[gst::Message]) -> Vec<gst::Structure> {
    messages.iter().filter(|m| m.type_() == gst::MessageType::Element).filter_map(|m| m.structure().map(|s| s.to_owned())).collect()
}

pub fn warnings(messages: &[gst::Message]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message.view() {
            gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
            _ => None,
        })
        .collect()
}

pub fn element(properties: &[(&str, &str)]) -> gst::Element {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        gst::init().unwrap();
        gstcardhush::plugin::plugin_desc::plugin_register_static().unwrap();
    });
    let element = gst::ElementFactory::make("cardhush").build().unwrap();
    properties.iter().for_each(|(name, value)| element.set_property_from_str(name, value));
    element
}

pub fn buffer(bytes: &[u8], at: Option<ClockTime>, flags: BufferFlags) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(bytes.to_vec());
    let head = buffer.get_mut().unwrap();
    head.set_pts(at);
    head.set_flags(flags);
    buffer
}

/// Bytes of buffers, one behind the other.
pub fn bytes_of(buffers: &[gst::Buffer]) -> Vec<u8> {
    buffers.iter().flat_map(|buffer| buffer.map_readable().unwrap().to_vec()).collect()
}

/// When a sample is, to the nearest nanosecond.
pub fn time(sample: u64) -> ClockTime {
    ClockTime::from_nseconds((sample * 1_000_000_000 + RATE_HZ / 2) / RATE_HZ)
}

/// The example call as mu-law bytes, two channels.
pub fn call_ulaw() -> Vec<u8> {
    let wav = include_bytes!("../../../../examples/data/call.wav");
    let data = wav.windows(4).position(|name| name == b"data").unwrap();
    let len = u32::from_le_bytes(wav[data + 4..data + 8].try_into().unwrap()) as usize;
    wav[data + 8..data + 8 + len].to_vec()
}

/// Seconds of the example call as 16-bit samples, two channels.
pub fn call(from_s: f64, to_s: f64) -> Vec<u8> {
    let at = |s: f64| 2 * (s * RATE_HZ as f64) as usize;
    let call = call_ulaw();
    let units = call[at(from_s)..at(to_s).min(call.len())].iter().map(|unit| Linear16::encode(Ulaw::decode(*unit)));
    units.flat_map(i16::to_le_bytes).collect()
}

pub fn config(rate_hz: u32, channels: u8, keyed: bool, spoken: bool, look_ahead_ms: Option<u32>) -> Config {
    let mut config = Config::new(rate_hz, channels);
    config.look_ahead_ms = look_ahead_ms;
    config.keyed = config.keyed.filter(|_| keyed);
    config.spoken = config.spoken.filter(|_| spoken);
    config
}

/// What core makes of `bytes`; `change` is asked before each 160 frames, with the sample at which they start.
pub fn reference<C: Coding>(
    config: &Config,
    bytes: &[u8],
    mut change: impl FnMut(u64, &mut Scrubber<C, Vec<ChannelState>, Vec<C::Unit>>, &mut Vec<Event>),
) -> (Vec<u8>, Vec<Event>) {
    let channels = usize::from(config.channels);
    let storage = vec![C::SILENCE; Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config).unwrap()];
    let mut scrubber = Scrubber::<C, _, _>::new(config, vec![ChannelState::new(); channels], storage).unwrap();
    let mut units: Vec<C::Unit> = bytes.chunks_exact(C::BYTES).map(C::from_le_bytes).collect();
    let mut events = Vec::new();
    for (index, piece) in units.chunks_mut(160 * channels).enumerate() {
        change(160 * index as u64, &mut scrubber, &mut events);
        scrubber.process(piece, &mut |event| events.push(event));
    }
    let latency = scrubber.latency() as usize * channels;
    let mut rest = vec![C::SILENCE; latency];
    scrubber.finish(&mut rest, &mut |event| events.push(event));
    units.extend(rest);
    let mut out = vec![0; (units.len() - latency) * C::BYTES];
    out.chunks_exact_mut(C::BYTES).zip(&units[latency..]).for_each(|(bytes, unit)| C::to_le_bytes(*unit, bytes));
    (out, events)
}

/// The spans among core's events, as the element would tell them.
pub fn spans_of(events: &[Event]) -> Vec<Told> {
    let told = |name: &str, channel: u8, span: cardhush_core::Span, cause: cardhush_core::Cause| {
        Some((name.to_string(), channel.into(), span.start, span.end, cause.name().to_string()))
    };
    events
        .iter()
        .filter_map(|event| match *event {
            Event::Redacted(one) => told("cardhush-redaction", one.channel, one.span, one.cause),
            Event::Exposed { channel, span, cause } => told("cardhush-exposed", channel, span, cause),
            _ => None,
        })
        .collect()
}
