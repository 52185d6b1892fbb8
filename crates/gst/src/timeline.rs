//! Which sample of a call came with which timestamp: stretches of audio, and the silence between them that the analysis alone hears.
//!
//! Three numbers of a sample: its place on the *timeline*, gaps included, is what the engine counts; its *number* counts audio alone, as whoever writes the output would; its *timestamp* is that of the buffer that
//! brought it. Stretches that have left are remembered for the spans that are told late, 1,024 of them; before those, time is taken to have run evenly.

use cardhush_core::Span;
use gst::{BufferFlags, ClockTime};
use std::collections::VecDeque;

/// Shortest gap that is analysed as silence where upstream tells of it: a hop of the analysis.
const TOLD_GAP: ClockTime = ClockTime::from_mseconds(4);
/// And where it is seen from timestamps alone; less is their jitter.
const SEEN_GAP: ClockTime = ClockTime::from_mseconds(40);
/// Longest silence that the analysis hears in a gap, in s.
const LONGEST_GAP_S: u64 = 60;
/// Stretches that are remembered once they have left.
const REMEMBERED: usize = 1_024;

/// Audio that came without a break, evenly in time.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    at: u64,
    number: u64,
    frames: u64,
    pts: Option<ClockTime>,
    flags: BufferFlags,
}

impl Stretch {
    const fn end(&self) -> u64 {
        self.at + self.frames
    }
}

/// What leaves next.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Samples of the timeline.
    pub frames: u64,
    /// What they are; `None` in a gap.
    pub sound: Option<Sound>,
}

/// Audio that leaves.
#[derive(Clone, Copy, Debug)]
pub struct Sound {
    /// Number of the first sample.
    pub number: u64,
    /// Its timestamp.
    pub pts: Option<ClockTime>,
    /// Timestamp behind the last one.
    pub end_pts: Option<ClockTime>,
    /// Flags of the buffer that began with the first sample; `None` where the piece goes on with a stretch.
    pub begins: Option<BufferFlags>,
}

/// Where a span lies for those outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Numbers of its samples.
    pub numbers: Span,
    /// Timestamp of the first.
    pub pts: Option<ClockTime>,
    /// From there to the end of the last.
    pub duration: Option<ClockTime>,
}

/// See the module.
#[derive(Debug)]
pub struct Timeline {
    rate_hz: u32,
    stretches: VecDeque<Stretch>,
    /// The stretch that leaves, or the one after the gap that does.
    leaving: usize,
    taken: u64,
    given: u64,
    /// Number of the next sample that comes.
    number: u64,
    /// A place and its time, from which the next timestamp is foretold.
    anchor: Option<(u64, ClockTime)>,
}

impl Timeline {
    /// Of a call whose first sample has the number `number`.
    #[must_use]
    pub fn new(rate_hz: u32, number: u64) -> Self {
        Self { rate_hz, stretches: VecDeque::new(), leaving: 0, taken: 0, given: 0, number, anchor: None }
    }

    /// Samples that came in, gaps included; the place of the next.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Samples that left, gaps included; the place of the next.
    #[must_use]
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// Number of the next sample that comes.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Samples that are missing before audio that starts at `pts`: the silence to be analysed. `told`: upstream says that there is a gap.
    #[must_use]
    pub fn missing(&self, pts: Option<ClockTime>, told: bool) -> u64 {
        let Some((pts, expected)) = pts.zip(self.expected()) else { return 0 };
        match pts.checked_sub(expected) {
            Some(gap) if gap >= if told { TOLD_GAP } else { SEEN_GAP } => self.frames_of(gap).min(LONGEST_GAP_S * u64::from(self.rate_hz)),
            _ => 0,
        }
    }

    /// Silence was analysed.
    pub fn pause(&mut self, frames: u64) {
        self.taken += frames;
    }

    /// The next sample is at `pts`, whatever was foretold.
    pub fn resume(&mut self, pts: Option<ClockTime>) {
        self.anchor = pts.map(|pts| (self.taken, pts));
    }

    /// Audio came.
    pub fn push(&mut self, frames: u64, pts: Option<ClockTime>, flags: BufferFlags) {
        if let Some(pts) = pts {
            let off = self.expected().map(|expected| if pts > expected { pts - expected } else { expected - pts });
            if off.is_none_or(|off| off >= SEEN_GAP) || !flags.is_empty() {
                self.resume(Some(pts));
            }
        }
        let rate_hz = self.rate_hz;
        match self.stretches.back_mut() {
            Some(last) if last.end() == self.taken && flags.is_empty() && continues(last, pts, rate_hz) => last.frames += frames,
            _ => {
                let pts = pts.or_else(|| self.expected());
                self.stretches.push_back(Stretch { at: self.taken, number: self.number, frames, pts, flags });
            }
        }
        self.taken += frames;
        self.number += frames;
    }

    /// What leaves next, up to the place `until`: audio of one stretch, or of one gap. `None` where that place has left.
    pub fn leave(&mut self, until: u64) -> Option<Piece> {
        let room = until.min(self.taken).checked_sub(self.given).filter(|room| *room > 0)?;
        while self.stretches.get(self.leaving).is_some_and(|stretch| stretch.end() <= self.given) {
            self.leaving += 1;
        }
        while self.leaving > REMEMBERED {
            self.stretches.pop_front();
            self.leaving -= 1;
        }
        let piece = match self.stretches.get(self.leaving) {
            Some(stretch) if stretch.at <= self.given => {
                let (into, frames) = (self.given - stretch.at, room.min(stretch.end() - self.given));
                let time = |into: u64| stretch.pts.map(|pts| pts + time_of(into, self.rate_hz));
                let begins = Some(stretch.flags).filter(|_| into == 0);
                let sound = Sound { number: stretch.number + into, pts: time(into), end_pts: time(into + frames), begins };
                Piece { frames, sound: Some(sound) }
            }
            Some(later) => Piece { frames: room.min(later.at - self.given), sound: None },
            None => Piece { frames: room, sound: None },
        };
        self.given += piece.frames;
        Some(piece)
    }

    /// Where a span of the timeline lies for those outside; `None` where it holds no audio.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<Place> {
        let oldest = self.stretches.front()?;
        let first = self.stretches.get(self.stretches.partition_point(|stretch| stretch.end() <= span.start))?;
        let last = self.stretches.partition_point(|stretch| stretch.at < span.end).checked_sub(1);
        let last = last.and_then(|last| self.stretches.get(last)).unwrap_or(oldest);
        // What starts in a gap starts behind it, and what ends in one ended before it.
        let start = if span.start < oldest.at { span.start } else { span.start.max(first.at) };
        let (number, pts) = self.seen_from(first, start);
        let (end_number, end_pts) = self.seen_from(last, span.end.min(last.end()));
        let duration = end_pts.zip(pts).map(|(end, pts)| end.saturating_sub(pts));
        Some(Place { numbers: Span::new(number, end_number), pts, duration }).filter(|place| !place.numbers.is_empty())
    }

    /// Number and timestamp of a place, as if `stretch` reached there.
    fn seen_from(&self, stretch: &Stretch, place: u64) -> (u64, Option<ClockTime>) {
        let time = |frames| time_of(frames, self.rate_hz);
        match place.checked_sub(stretch.at) {
            Some(into) => (stretch.number + into, stretch.pts.map(|pts| pts + time(into))),
            None => {
                let early = stretch.at - place;
                (stretch.number.saturating_sub(early), stretch.pts.map(|pts| pts.saturating_sub(time(early))))
            }
        }
    }

    fn expected(&self) -> Option<ClockTime> {
        self.anchor.map(|(at, pts)| pts + time_of(self.taken - at, self.rate_hz))
    }

    fn frames_of(&self, time: ClockTime) -> u64 {
        ((u128::from(time.nseconds()) * u128::from(self.rate_hz) + 500_000_000) / 1_000_000_000) as u64
    }
}

/// Whether audio at `pts` goes on with `last`, to half a sample.
fn continues(last: &Stretch, pts: Option<ClockTime>, rate_hz: u32) -> bool {
    let Some(pts) = pts else { return true };
    let half = ClockTime::from_nseconds(500_000_000 / u64::from(rate_hz.max(1)));
    let end = last.pts.map(|start| start + time_of(last.frames, rate_hz));
    end.is_some_and(|end| if pts > end { pts - end <= half } else { end - pts <= half })
}

/// How long so many samples last, to the nearest nanosecond.
fn time_of(frames: u64, rate_hz: u32) -> ClockTime {
    let rate_hz = u128::from(rate_hz.max(1));
    ClockTime::from_nseconds(((u128::from(frames) * 1_000_000_000 + rate_hz / 2) / rate_hz) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jitter makes a stretch of every buffer, for hours: memory stays, and old spans keep their numbers and, to the jitter, their times.
    #[test]
    fn what_left_long_ago_still_has_its_place() {
        let mut timeline = Timeline::new(8_000, 7);
        for index in 0..20_000_u64 {
            let jitter = ClockTime::from_nseconds(index * 7_919_003 % 15_000_000);
            timeline.push(160, Some(time_of(160 * index, 8_000) + jitter), BufferFlags::empty());
            while timeline.leave(u64::MAX).is_some() {}
        }
        assert!(timeline.stretches.len() <= REMEMBERED + 2, "{} are kept", timeline.stretches.len());
        for start in [0, 1_000, 1_600_000, 20_000 * 160 - 400] {
            let place = timeline.place(Span::new(start, start + 400)).unwrap();
            assert_eq!(place.numbers, Span::new(start + 7, start + 407));
            let (told, true_time) = (place.pts.unwrap(), time_of(start, 8_000));
            assert!(told.absdiff(true_time) <= ClockTime::from_mseconds(15), "{told} for {true_time}");
        }
    }
}
