//! What a session tells: packets that are ready to be stored, and what was done to them and why.

use crate::channel::ChannelId;
use cardhush_core::{Cause, Digit, Span};

/// What comes out of a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output<'a> {
    /// A packet that is settled: it may be stored now.
    Packet(Packet<'a>),
    /// Something that was found, or that went wrong.
    Event(Event),
}

/// A packet that came in, with what is masked of it replaced: the same bytes otherwise, in the order of arrival on its channel.
pub struct Packet<'a> {
    /// Its channel.
    pub channel: ChannelId,
    /// The whole RTP packet.
    pub bytes: &'a [u8],
    /// Where its timestamp lies on the channel's timeline, in the channel's samples since [`Session::origin_us`](crate::Session::origin_us).
    pub position: u64,
    /// When it came, in microseconds since the epoch, as the caller said.
    pub arrived_us: u64,
    /// The mark that the caller gave it.
    pub token: u64,
    /// It holds nothing but keys, and the session was set to [`EventFate::Drop`](crate::EventFate::Drop): not to be stored.
    pub dropped: bool,
}

/// What a session found, with its place on the channel's timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The channel.
    pub channel: ChannelId,
    /// Samples of the channel since [`Session::origin_us`](crate::Session::origin_us).
    pub span: Span,
    /// Where that begins, in microseconds since the epoch.
    pub begins_us: u64,
    /// What it is.
    pub kind: EventKind,
}

/// See [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The span is replaced in what comes out.
    Redacted(Cause),
    /// The span should have been, and had come out: the look-ahead was too short, or the packet that told of it too late.
    Exposed(Cause),
    /// The span came when the analysis had passed it, or twice with different contents: what cannot be read is replaced whole.
    Unread,
    /// Packets of the span did not come out, and no others of the channel will: its payloads are encrypted. What came out before that was known, with a look-ahead
    /// under half a second, was as encrypted as it came.
    Withheld,
    /// A confirmed digit, keyed in the audio or told of by an event; once each. Prints as `*`.
    Keyed(Digit),
}

impl std::fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Holds audio: shows nothing of it.
        f.debug_struct("Packet").field("channel", &self.channel).field("position", &self.position).finish_non_exhaustive()
    }
}
