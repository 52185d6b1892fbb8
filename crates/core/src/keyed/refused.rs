//! Tones that were refused a moment ago, for want of evidence, and are looked at again once keyed digits turn out to be near.
//!
//! Where: beside the tracks of a channel. In: tracks that ended unaccepted, and the thresholds that hold when a tone behind them vouches
//! for them. Out: those that suffice now, one at a time; what of them is still in the delay line is masked, the rest is exposed.

use super::track::Track;

/// How many are remembered: a second of the fastest keying holds more, but not all of them in doubt.
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

    /// Remembers `track`, in the place of the oldest.
    pub fn remember(&mut self, track: &Track) {
        if let Some(slot) = self.tracks.get_mut(self.next) {
            *slot = Some(*track);
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// Looks at all of them again: those that `suffices` are to be masked, the others wait on.
    pub fn judge(&mut self, suffices: impl Fn(&Track) -> bool) {
        for track in self.tracks.iter_mut().flatten().filter(|track| !track.accepted) {
            track.accepted = suffices(track);
            self.due |= track.accepted;
        }
    }

    /// The next that is to be masked.
    pub fn take(&mut self) -> Option<Track> {
        let due = self.tracks.iter_mut().find(|slot| slot.is_some_and(|track| track.accepted)).and_then(Option::take);
        self.due = due.is_some();
        due
    }
}
