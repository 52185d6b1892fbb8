//! What the element says on the bus: where, when and why, never which digit.
//!
//! Times are called what GStreamer's own analysers (`level`, `spectrum`) call them, in ns; one that is not known is `GST_CLOCK_TIME_NONE`.

use crate::timeline::Place;
use cardhush_core::Cause;
use gst::{ClockTime, Structure};

/// The segment of a call, where it counts time.
pub(crate) type Segment = gst::FormattedSegment<ClockTime>;

/// What was told of a stream so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    redactions: u64,
    redacted: u64,
    exposed: u64,
}

impl Totals {
    /// Samples, over all channels, that left before they could be masked.
    pub const fn exposed(&self) -> u64 {
        self.exposed
    }

    pub fn add(&mut self, other: Self) {
        self.redactions += other.redactions;
        self.redacted += other.redacted;
        self.exposed += other.exposed;
    }

    /// A span is masked.
    pub fn redaction(&mut self, channel: u8, place: Place, cause: Cause, segment: Option<&Segment>) -> Structure {
        self.redactions += 1;
        self.redacted += place.numbers.len();
        span("cardhush-redaction", channel, place, cause, segment)
    }

    /// A span should have been masked, and had left.
    pub fn exposure(&mut self, channel: u8, place: Place, cause: Cause, segment: Option<&Segment>) -> Structure {
        self.exposed += place.numbers.len();
        span("cardhush-exposed", channel, place, cause, segment)
    }

    /// The stream has ended.
    pub fn summary(&self, samples: u64) -> Structure {
        Structure::builder("cardhush-summary")
            .field("samples", samples)
            .field("redactions", self.redactions)
            .field("redacted-samples", self.redacted)
            .field("exposed-samples", self.exposed)
            .build()
    }
}

/// A key is confirmed.
pub(crate) fn key(channel: u8, place: Place, segment: Option<&Segment>) -> Structure {
    let [stream, running] = times(place.pts, segment);
    Structure::builder("cardhush-key")
        .field("channel", u32::from(channel))
        .field("sample", place.numbers.start)
        .field("timestamp", place.pts)
        .field("stream-time", stream)
        .field("running-time", running)
        .build()
}

fn span(name: &str, channel: u8, place: Place, cause: Cause, segment: Option<&Segment>) -> Structure {
    let [stream, running] = times(place.pts, segment);
    Structure::builder(name)
        .field("channel", u32::from(channel))
        .field("start", place.numbers.start)
        .field("end", place.numbers.end)
        .field("timestamp", place.pts)
        .field("stream-time", stream)
        .field("running-time", running)
        .field("duration", place.duration)
        .field("cause", cause.name())
        .build()
}

fn times(pts: Option<ClockTime>, segment: Option<&Segment>) -> [Option<ClockTime>; 2] {
    let Some(segment) = segment else { return [None; 2] };
    [segment.to_stream_time(pts), segment.to_running_time(pts)]
}
