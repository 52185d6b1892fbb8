//! What the caller is told, and the queue in which it waits to be fetched.

use crate::pointer;
use crate::status::Failure;
use cardhush_core::config::MAX_CHANNELS;
use cardhush_core::{Cause, Event, Span};
use cardhush_recorder::EventKind;
use std::ffi::c_char;

/// Every channel, where a channel is asked for; and the channel of an event that speaks of all.
pub const CARDHUSH_ALL_CHANNELS: u64 = u64::MAX;

/// The span is replaced in what comes out. Final, once; the spans of one channel come in order and do not touch.
pub const CARDHUSH_EVENT_REDACTED: i32 = 1;
/// The span should have been replaced and had come out already: the look-ahead was too short, or a packet told of it too late. The guarantee is lost for it.
pub const CARDHUSH_EVENT_EXPOSED: i32 = 2;
/// A key was pressed, within the limits of ITU-T Q.24, or told of by a telephone-event (RFC 4733); once each. Which, is not told. A stream's has `start` = `end`, the sample at which it was decided.
pub const CARDHUSH_EVENT_KEYED: i32 = 3;
/// Sessions: the span came too late to be read, or twice with different contents. It is replaced whole.
pub const CARDHUSH_EVENT_UNREAD: i32 = 4;
/// Sessions: packets of the span do not come out, and no others of the channel will: its payloads are encrypted.
pub const CARDHUSH_EVENT_WITHHELD: i32 = 5;
/// The span may hold replaced spans, on any channel, that have no event of their own: events were not fetched in time and their queue was full, or a defect broke a stream off. What was exposed is not among them: exposures without room become one, of all channels.
pub const CARDHUSH_EVENT_LOST: i32 = 6;

/// No cause: the event is of another kind.
pub const CARDHUSH_CAUSE_NONE: i32 = 0;
/// A keyed (DTMF) tone, or a fragment of one, on this channel.
pub const CARDHUSH_CAUSE_KEYED: i32 = 1;
/// A key that a telephone-event told of on this channel.
pub const CARDHUSH_CAUSE_EVENT: i32 = 2;
/// Digits said on this channel, with what lies between them.
pub const CARDHUSH_CAUSE_SPOKEN: i32 = 3;
/// Digits said on this channel, by a transcript.
pub const CARDHUSH_CAUSE_TRANSCRIPT: i32 = 4;
/// A keyed tone on another channel of the call, replaced here at the same time.
pub const CARDHUSH_CAUSE_LINKED: i32 = 5;
/// A faint or delayed copy, on this channel, of what is on another.
pub const CARDHUSH_CAUSE_ECHO: i32 = 6;
/// Asked for with a `_mask` function.
pub const CARDHUSH_CAUSE_MANUAL: i32 = 7;

/// Something that was found, or that went wrong. Holds no digit.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct cardhush_event {
    /// The channel: its place in a frame, from 0; in a session, the number that `cardhush_session_add` gave; or `CARDHUSH_ALL_CHANNELS`.
    pub channel: u64,
    /// First sample, at the stream's or channel's own rate, counted from the first that went in; in a session from `cardhush_session_origin_us`.
    pub start: u64,
    /// The sample after the last.
    pub end: u64,
    /// Sessions: the instant of `start`, in microseconds since the epoch. Otherwise 0.
    pub begins_us: u64,
    /// One of `CARDHUSH_EVENT_`. A program passes over those that it does not know.
    pub kind: i32,
    /// One of `CARDHUSH_CAUSE_`.
    pub cause: i32,
    /// 0.
    pub reserved: [u64; 2],
}

/// The name of a kind of event (`redacted`, `exposed`, `keyed`, `unread`, `withheld`, `lost`): static text, `unknown` for numbers that are none. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_event_name(kind: i32) -> *const c_char {
    match kind {
        CARDHUSH_EVENT_REDACTED => c"redacted",
        CARDHUSH_EVENT_EXPOSED => c"exposed",
        CARDHUSH_EVENT_KEYED => c"keyed",
        CARDHUSH_EVENT_UNREAD => c"unread",
        CARDHUSH_EVENT_WITHHELD => c"withheld",
        CARDHUSH_EVENT_LOST => c"lost",
        _ => c"unknown",
    }
    .as_ptr()
}

/// The name of a cause in reports (`keyed`, `spoken` and so on): static text, `none` for `CARDHUSH_CAUSE_NONE` and for numbers that are none. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_cause_name(cause: i32) -> *const c_char {
    match cause {
        CARDHUSH_CAUSE_KEYED => c"keyed",
        CARDHUSH_CAUSE_EVENT => c"event",
        CARDHUSH_CAUSE_SPOKEN => c"spoken",
        CARDHUSH_CAUSE_TRANSCRIPT => c"transcript",
        CARDHUSH_CAUSE_LINKED => c"linked",
        CARDHUSH_CAUSE_ECHO => c"echo",
        CARDHUSH_CAUSE_MANUAL => c"manual",
        _ => c"none",
    }
    .as_ptr()
}

fn number(cause: Cause) -> i32 {
    match cause {
        Cause::Keyed => CARDHUSH_CAUSE_KEYED,
        Cause::Event => CARDHUSH_CAUSE_EVENT,
        Cause::Spoken => CARDHUSH_CAUSE_SPOKEN,
        Cause::Transcript => CARDHUSH_CAUSE_TRANSCRIPT,
        Cause::Linked => CARDHUSH_CAUSE_LINKED,
        Cause::Echo => CARDHUSH_CAUSE_ECHO,
        Cause::Manual => CARDHUSH_CAUSE_MANUAL,
        _ => CARDHUSH_CAUSE_NONE,
    }
}

impl cardhush_event {
    fn of(channel: u64, span: Span, kind: i32, cause: i32) -> Self {
        Self { channel, start: span.start, end: span.end, begins_us: 0, kind, cause, reserved: [0; 2] }
    }

    /// What a scrubber or a scan tells.
    pub(crate) fn of_stream(event: Event) -> Option<Self> {
        Some(match event {
            Event::Redacted(one) => Self::of(one.channel.into(), one.span, CARDHUSH_EVENT_REDACTED, number(one.cause)),
            Event::Exposed { channel, span, cause } => Self::of(channel.into(), span, CARDHUSH_EVENT_EXPOSED, number(cause)),
            Event::Keyed { channel, decided, .. } => {
                Self::of(channel.into(), Span::new(decided, decided), CARDHUSH_EVENT_KEYED, CARDHUSH_CAUSE_NONE)
            }
            _ => return None,
        })
    }

    /// What a session tells.
    pub(crate) fn of_session(event: cardhush_recorder::Event, salt: u64) -> Option<Self> {
        let (kind, cause) = match event.kind {
            EventKind::Redacted(cause) => (CARDHUSH_EVENT_REDACTED, number(cause)),
            EventKind::Exposed(cause) => (CARDHUSH_EVENT_EXPOSED, number(cause)),
            EventKind::Unread => (CARDHUSH_EVENT_UNREAD, CARDHUSH_CAUSE_NONE),
            EventKind::Withheld => (CARDHUSH_EVENT_WITHHELD, CARDHUSH_CAUSE_NONE),
            EventKind::Keyed(_) => (CARDHUSH_EVENT_KEYED, CARDHUSH_CAUSE_NONE),
            _ => return None,
        };
        Some(Self { begins_us: event.begins_us, ..Self::of(event.channel.to_bits() | salt, event.span, kind, cause) })
    }
}

/// Events of one channel that there is room for: more spans than its plan holds at one time, with as many keys as fit into the longest of them.
pub(crate) const EVENTS_A_CHANNEL: usize = 144;

/// Events that wait for the caller, first in, first out, in storage of fixed size. Where it is full the newest become one, which says that they were lost.
pub(crate) struct Queue<S> {
    ring: S,
    first: usize,
    len: usize,
    /// What became of those without room: the harmless, and those that say that something was not masked.
    lost: [Option<cardhush_event>; 2],
    /// Up to where each channel's replaced spans were told, of a stream.
    told: [u64; MAX_CHANNELS],
}

impl<S: AsMut<[cardhush_event]>> Queue<S> {
    /// An empty queue.
    pub fn new(ring: S) -> Self {
        Self { ring, first: 0, len: 0, lost: [None; 2], told: [0; MAX_CHANNELS] }
    }

    /// Takes an event in.
    pub fn push(&mut self, event: cardhush_event) {
        let ring = self.ring.as_mut();
        if self.lost == [None; 2]
            && self.len < ring.len()
            && let Some(place) = ring.get_mut((self.first + self.len) % ring.len().max(1))
        {
            *place = event;
            self.len += 1;
            return;
        }
        let exposed = event.kind == CARDHUSH_EVENT_EXPOSED;
        let kind = if exposed { CARDHUSH_EVENT_EXPOSED } else { CARDHUSH_EVENT_LOST };
        let [harmless, grave] = &mut self.lost;
        let merged = if exposed { grave } else { harmless };
        let all = cardhush_event { channel: CARDHUSH_ALL_CHANNELS, kind, cause: CARDHUSH_CAUSE_NONE, ..event };
        let merged = merged.get_or_insert(all);
        (merged.start, merged.end) = (merged.start.min(event.start), merged.end.max(event.end));
        merged.begins_us = merged.begins_us.min(event.begins_us);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len + self.lost.iter().flatten().count()
    }

    /// The oldest.
    pub fn pop(&mut self) -> Option<cardhush_event> {
        if self.len == 0 {
            return self.lost.iter_mut().find_map(Option::take);
        }
        let ring = self.ring.as_mut();
        let event = ring.get(self.first).copied();
        self.first = (self.first + 1) % ring.len().max(1);
        self.len -= 1;
        event
    }

    /// Takes in what a scrubber tells.
    pub fn take_in(&mut self, event: Event) {
        if let Event::Redacted(one) = event
            && let Some(told) = self.told.get_mut(usize::from(one.channel))
        {
            *told = one.span.end;
        }
        if let Some(event) = cardhush_event::of_stream(event) {
            self.push(event);
        }
    }

    /// Spans that were replaced since the last that was told of each channel, up to `end`, will not be told any more.
    pub fn lose(&mut self, channels: usize, end: u64) {
        let start = self.told.iter().take(channels).min().map_or(0, |told| *told);
        self.push(cardhush_event::of(CARDHUSH_ALL_CHANNELS, Span::new(start.min(end), end), CARDHUSH_EVENT_LOST, CARDHUSH_CAUSE_NONE));
    }

    /// Moves the oldest to the caller's array, and says how many there were.
    ///
    /// # Safety
    /// `events` leads to `capacity` places and `count` to one, all of the caller's.
    pub unsafe fn give(&mut self, events: *mut cardhush_event, capacity: usize, count: *mut usize) -> Result<(), Failure> {
        let (events, count) = (pointer::array(events, capacity)?, pointer::checked(count)?);
        // SAFETY: checked.
        unsafe { pointer::give(count, self.len()) };
        for i in 0..capacity {
            let Some(event) = self.pop() else { break };
            // SAFETY: within the array, which is checked.
            unsafe { pointer::give(events.wrapping_add(i), event) };
        }
        Ok(())
    }

    /// Forgets all that wait.
    pub fn clear(&mut self) {
        (self.first, self.len, self.lost, self.told) = (0, 0, [None; 2], [0; MAX_CHANNELS]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(start: u64) -> cardhush_event {
        cardhush_event::of(1, Span::new(start, start + 10), CARDHUSH_EVENT_REDACTED, CARDHUSH_CAUSE_KEYED)
    }

    #[test]
    fn events_come_in_order_and_those_without_room_as_one() {
        let mut queue = Queue::new([cardhush_event::default(); 3]);
        for round in 0..5 {
            let base = round * 1_000;
            (0..7).for_each(|i| queue.push(event(base + 100 * i)));
            assert_eq!(queue.len(), 4);
            (0..3).for_each(|i| assert_eq!(queue.pop(), Some(event(base + 100 * i))));
            // As long as it was not told, what comes belongs to it.
            queue.push(event(base + 700));
            let lost = queue.pop().unwrap();
            assert_eq!(
                (lost.kind, lost.channel, lost.start, lost.end),
                (CARDHUSH_EVENT_LOST, CARDHUSH_ALL_CHANNELS, base + 300, base + 710)
            );
            assert_eq!((queue.pop(), queue.len()), (None, 0));
            queue.push(event(5));
            assert_eq!(queue.pop(), Some(event(5)));
            // What was not masked is never among what is harmless.
            let exposed = |start| cardhush_event { kind: CARDHUSH_EVENT_EXPOSED, ..event(start) };
            (0..3).for_each(|i| queue.push(event(i)));
            [event(70), exposed(80), exposed(100)].into_iter().for_each(|event| queue.push(event));
            assert_eq!(queue.len(), 5);
            let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).skip(3).map(|event| (event.kind, event.start, event.end)).collect();
            assert_eq!(rest, [(CARDHUSH_EVENT_LOST, 70, 80), (CARDHUSH_EVENT_EXPOSED, 80, 110)]);
        }
        let mut none = Queue::new([]);
        none.push(event(1));
        assert_eq!(none.pop().map(|event| event.kind), Some(CARDHUSH_EVENT_LOST));
    }
}
