//! What the stages say to each other and to the caller: spans, digits, redactions, events.
//!
//! Time is the sample index of the call at its own rate (`u64`, from 0), the same for every channel. Spans are half-open.
//! No type here prints a digit: [`Digit`] shows as `*` and is read with [`Digit::reveal`] alone.

use core::fmt;

/// Half-open range of samples `[start, end)` of a call at the call's own rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First sample.
    pub start: u64,
    /// The sample after the last.
    pub end: u64,
}

impl Span {
    /// The span `[start, end)`; empty where `end <= start`.
    #[must_use]
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    /// Length in samples; 0 where the span is empty.
    #[must_use]
    pub const fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether no sample lies in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The samples that lie in both; empty where there are none.
    #[must_use]
    pub fn overlap(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }

    /// Whether `sample` lies in it.
    #[must_use]
    pub const fn contains(self, sample: u64) -> bool {
        self.start <= sample && sample < self.end
    }
}

/// One of the sixteen DTMF digits (ITU-T Q.23). `Debug` and `Display` print `*`; only [`reveal`](Self::reveal) tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digit(u8);

impl Digit {
    /// The digit of a row (low group: 697, 770, 852, 941 Hz) and a column (high group: 1209, 1336, 1477, 1633 Hz);
    /// only the low two bits of each count.
    #[must_use]
    pub const fn from_row_column(row: u8, column: u8) -> Self {
        Self((row & 3) << 2 | (column & 3))
    }

    /// The key itself: `0`-`9`, `*`, `#`, `A`-`D`. The one way to read a digit: what calls it holds card data.
    #[must_use]
    pub const fn reveal(self) -> char {
        const KEYS: [char; 16] = ['1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D'];
        KEYS[(self.0 & 15) as usize]
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("*")
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("*")
    }
}

/// Why a span is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A keyed (DTMF) tone, or a fragment of one, on this channel.
    Keyed,
    /// A key that signalling told of on this channel (RFC 4733 telephone-event), whatever is heard.
    Event,
    /// Digits said on this channel, with what lies between them.
    Spoken,
    /// Digits said on this channel, by a transcript of the call.
    Transcript,
    /// A keyed tone on another channel of the call, masked here at the same time.
    Linked,
    /// A faint or delayed copy, on this channel, of a tone on another channel.
    Echo,
    /// Asked for by the caller.
    Manual,
}

impl Cause {
    /// Every cause, the gravest first.
    pub const ALL: [Self; 7] = [Self::Keyed, Self::Event, Self::Spoken, Self::Transcript, Self::Linked, Self::Echo, Self::Manual];

    /// The name used in reports: `keyed`, `event`, `spoken`, `transcript`, `linked`, `echo`, `manual`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyed => "keyed",
            Self::Event => "event",
            Self::Spoken => "spoken",
            Self::Transcript => "transcript",
            Self::Linked => "linked",
            Self::Echo => "echo",
            Self::Manual => "manual",
        }
    }
}

/// A span of one channel that is, or is to be, replaced whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Channel, from 0.
    pub channel: u8,
    /// Samples of that channel.
    pub span: Span,
    /// Why.
    pub cause: Cause,
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A span is masked. It is final, comes once, and the spans of one channel come in order and do not touch.
    Redacted(Redaction),
    /// A confirmed digit: within the accept limits of Q.24 and ES 201 235-3; what a caller may act on.
    Keyed {
        /// Channel, from 0.
        channel: u8,
        /// The digit; prints as `*`.
        digit: Digit,
        /// The sample at which the decision fell.
        decided: u64,
    },
    /// A card beyond doubt is being read on a channel: a run of eight digits and more, or what is said behind one (docs/policy.md). Once a region, whose span so far this is.
    Card {
        /// Channel, from 0.
        channel: u8,
        /// What is masked of it so far.
        span: Span,
    },
    /// Audio that should have been masked had left already: the look-ahead was too short. The guarantee is lost for this span.
    Exposed {
        /// Channel, from 0.
        channel: u8,
        /// What left unmasked.
        span: Span,
        /// Why it should have been masked.
        cause: Cause,
    },
}
