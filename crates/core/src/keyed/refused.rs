//! Tones that were refused a moment ago, for want of evidence, and are looked at again once keyed digits turn out to be near.
//!
//! Where: beside the tracks of a channel. In: tracks that were given up unaccepted, and the thresholds that hold when a tone behind them vouches
//! for them. Out: those that suffice now, one a frame; what of them is still in the delay line is masked, the rest is exposed.

use super::tones::HOP;
use super::track::Track;
use crate::wipe::wipe;

/// How many are remembered: a second and a half of keying, all of it in doubt.
const KEPT: usize = 6;

/// The last tracks that were refused.
#[derive(Clone)]
pub struct Refused {
    tracks: [Option<Track>; KEPT],
    next: usize,
    /// Whether some of them are to be masked after all.
    due: bool,
}

impl Refused {
    /// None.
    pub const fn new() -> Self {
        Self { tracks: [None; KEPT], next: 0, due: false }
    }

    /// Whether there is nothing to take.
    #[inline(always)]
    pub const fn is_idle(&self) -> bool {
        !self.due
    }

    /// Remembers `track`, in the place of the oldest that is not to be masked.
    pub fn remember(&mut self, track: &Track) {
        let waits = |slot: &Option<Track>| slot.is_some_and(|track| track.accepted);
        let next = (self.next..self.next + KEPT).map(|i| i % KEPT).find(|i| self.tracks.get(*i).is_some_and(|slot| !waits(slot)));
        if let Some((next, slot)) = next.and_then(|next| Some((next, self.tracks.get_mut(next)?))) {
            *slot = Some(*track);
            self.next = (next + 1) % KEPT;
        }
    }

    /// Looks at all of them again: those that `suffices` are to be masked, the others wait on.
    pub fn judge(&mut self, suffices: impl Fn(&Track) -> bool) {
        for track in self.tracks.iter_mut().flatten().filter(|track| !track.accepted) {
            track.accepted = suffices(track);
            self.due |= track.accepted;
        }
    }

    /// The next that is to be masked, by so many frames wider at both ends: where they were is not known any more.
    pub fn take(&mut self, wider: u64) -> Option<Track> {
        let due = self.tracks.iter_mut().find(|slot| slot.is_some_and(|track| track.accepted)).and_then(Option::take);
        self.due = due.is_some();
        due.map(|mut track| {
            track.from = track.from.saturating_sub(wider * HOP as u64);
            track.last += wider;
            track
        })
    }

    /// Overwrites every track.
    pub fn wipe(&mut self) {
        wipe(&mut self.tracks, Some(Track::BLANK));
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: u64) -> Track {
        Track { start, last: start + 5, from: start * HOP as u64, ..Track::BLANK }
    }

    #[test]
    fn what_suffices_later_comes_out_once_and_wider_and_the_rest_waits() {
        let mut refused = Refused::new();
        (0..8).for_each(|i| refused.remember(&at(100 * i)));
        assert!(refused.is_idle());
        refused.judge(|track| track.start == 300 || track.start == 100);
        let taken = refused.take(2).map(|track| (track.start, track.from, track.last));
        assert_eq!(taken, Some((300, 300 * 32 - 64, 307)), "the first two have made room");
        assert!(refused.take(2).is_none() && refused.is_idle());
        refused.judge(|track| track.start == 700);
        assert!(refused.take(2).is_some_and(|track| track.start == 700));
    }

    #[test]
    fn what_is_due_is_not_overwritten() {
        let mut refused = Refused::new();
        (0..6).for_each(|i| refused.remember(&at(100 * i)));
        refused.judge(|track| track.start < 200);
        (6..20).for_each(|i| refused.remember(&at(100 * i)));
        let mut starts: std::vec::Vec<u64> = core::iter::from_fn(|| refused.take(2)).map(|track| track.start).collect();
        starts.sort_unstable();
        assert_eq!(starts, [0, 100]);
    }
}
