//! The audio of one channel by position, as far as packets have brought it: from a while behind what the analysis has read to a while ahead.
//!
//! In: samples at positions, in any order. Out: samples in order, silence where there are none. Two bytes a sample; fixed in size.

use crate::error::SessionError;
use crate::store::at_hand;
use std::ops::Range;

/// Seconds that are remembered behind the analysis, to tell a copy of what was read from what was not.
const BEHIND_S: u64 = 1;
/// Seconds that a channel may be ahead of the analysis beside the wait for others.
const AHEAD_S: u64 = 2;
const WORD: u64 = 64;

/// What becomes of samples that are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// They will be read, or just those were.
    Read,
    /// Some of them come after the analysis was there, or say otherwise than what was there.
    Unread,
}

/// See the module.
pub struct Timeline {
    samples: Box<[i16]>,
    there: Box<[u64]>,
    /// Positions are places by their low bits.
    mask: u64,
    behind: u64,
    /// The first position that was not read, and the first behind it where nothing is.
    unread: u64,
    whole: u64,
}

impl Timeline {
    /// Nothing there, to be read from `position` on. `wait_s`: how long the analysis waits for what is missing.
    pub fn new(rate_hz: u32, wait_s: u64, position: u64) -> Result<Self, SessionError> {
        let behind = BEHIND_S * u64::from(rate_hz);
        let len = (behind + (AHEAD_S + wait_s) * u64::from(rate_hz)).next_power_of_two();
        Ok(Self {
            mask: len - 1,
            samples: at_hand(len as usize)?,
            there: at_hand((len / WORD) as usize)?,
            behind,
            unread: position,
            whole: position,
        })
    }

    /// The first position that was not read.
    pub const fn unread(&self) -> u64 {
        self.unread
    }

    /// Up to where nothing is missing.
    pub fn whole(&self) -> u64 {
        self.whole.max(self.unread)
    }

    /// The position up to which samples can be put.
    pub fn room(&self) -> u64 {
        self.unread + self.mask + 1 - self.behind
    }

    /// How far what is remembered reaches, from the oldest to the newest.
    pub const fn reach(&self) -> u64 {
        self.mask + 1
    }

    /// Puts samples at `position`, which must not reach beyond [`room`](Self::room).
    pub fn put(&mut self, position: u64, samples: &[i16]) -> Put {
        let count = samples.len() as u64;
        let remembered = self.unread.saturating_sub(self.behind);
        if position < remembered || position + count > self.room() {
            return Put::Unread;
        }
        let mut put = Put::Read;
        if position >= self.unread && self.is_free(position, count) {
            // As nearly all that comes: new, and not late.
            let mut rest = samples;
            for run in self.runs(position, count) {
                let places = self.samples.get_mut(run).unwrap_or_default();
                let (now, later) = rest.split_at_checked(places.len()).unwrap_or_default();
                places.iter_mut().zip(now).for_each(|(place, sample)| *place = *sample);
                rest = later;
            }
            self.mark(position, count, true);
        } else {
            for (at, value) in (position..).zip(samples.iter().copied()) {
                match (self.is_there(at), at >= self.unread) {
                    (true, _) if self.sample(at) == value => {}
                    (false, true) => {
                        if let Some(place) = self.samples.get_mut((at & self.mask) as usize) {
                            *place = value;
                        }
                        self.mark(at, 1, true);
                    }
                    _ => put = Put::Unread,
                }
            }
        }
        if position <= self.whole() && self.whole() < position + count {
            self.whole = position + count;
            while self.whole < self.room() && self.is_there(self.whole) {
                self.whole += 1;
            }
        }
        put
    }

    /// Reads the next samples into `out`, silence where nothing is.
    pub fn read(&mut self, out: &mut [f32]) {
        let (from, count) = (self.unread, out.len() as u64);
        if from + count <= self.whole {
            let mut rest = &mut *out;
            for run in self.runs(from, count) {
                let samples = self.samples.get(run).unwrap_or_default();
                let (now, later) = rest.split_at_mut_checked(samples.len()).unwrap_or_default();
                now.iter_mut().zip(samples).for_each(|(out, sample)| *out = full_scale(*sample));
                rest = later;
            }
        } else {
            for (at, out) in (from..).zip(out) {
                *out = if self.is_there(at) { full_scale(self.sample(at)) } else { 0.0 };
            }
        }
        // The places of what is forgotten now are those of what may come next.
        let room = self.room();
        self.mark(room, count, false);
        self.unread += count;
    }

    /// The places of `count` positions, in one piece or two.
    fn runs(&self, position: u64, count: u64) -> [Range<usize>; 2] {
        let (from, len) = ((position & self.mask) as usize, self.samples.len());
        let first = (count as usize).min(len - from.min(len));
        [from..from + first, 0..count as usize - first]
    }

    /// The words of `count` positions, each with the bits that they have in it.
    fn words(&self, position: u64, count: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let (mask, end) = (self.mask, position + count);
        let mut at = position;
        std::iter::from_fn(move || {
            let bits = (WORD - at % WORD).min(end - at);
            let word = (u64::MAX >> (WORD - bits.max(1))) << (at % WORD);
            let place = ((at & mask) / WORD) as usize;
            at += bits;
            (bits > 0).then_some((place, word))
        })
    }

    /// Whether nothing is at `count` positions.
    fn is_free(&self, position: u64, count: u64) -> bool {
        self.words(position, count).all(|(place, word)| self.there.get(place).is_some_and(|there| there & word == 0))
    }

    fn mark(&mut self, position: u64, count: u64, there: bool) {
        for (place, word) in self.words(position, count) {
            if let Some(known) = self.there.get_mut(place) {
                *known = if there { *known | word } else { *known & !word };
            }
        }
    }

    #[inline(always)]
    fn is_there(&self, position: u64) -> bool {
        let place = position & self.mask;
        self.there.get((place / WORD) as usize).is_some_and(|word| word & (1 << (place % WORD)) != 0)
    }

    #[inline(always)]
    fn sample(&self, position: u64) -> i16 {
        self.samples.get((position & self.mask) as usize).copied().unwrap_or(0)
    }
}

/// A sample at full scale 1.0.
fn full_scale(sample: i16) -> f32 {
    f32::from(sample) * (1.0 / 32_768.0)
}

impl Drop for Timeline {
    fn drop(&mut self) {
        self.samples.fill(0);
        std::hint::black_box(&self.samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(line: &mut Timeline, position: u64, values: &[i16]) -> Put {
        line.put(position, values)
    }

    fn read(line: &mut Timeline, count: usize) -> Vec<i16> {
        let mut out = vec![0.5; count];
        line.read(&mut out);
        out.into_iter().map(|x| (x * 32_768.0) as i16).collect()
    }

    #[test]
    fn samples_come_out_in_order_with_silence_where_none_came() {
        let mut line = Timeline::new(8_000, 1, 100).unwrap();
        assert_eq!(put(&mut line, 104, &[4, 5]), Put::Read);
        assert_eq!(line.whole(), 100);
        assert_eq!(put(&mut line, 100, &[-1, 1]), Put::Read);
        assert_eq!(line.whole(), 102);
        assert_eq!(put(&mut line, 102, &[2]), Put::Read);
        assert_eq!((line.whole(), read(&mut line, 7)), (103, vec![-1, 1, 2, 0, 4, 5, 0]));
        assert_eq!((line.unread(), line.whole()), (107, 107));
    }

    #[test]
    fn a_copy_of_what_was_read_is_told_from_what_was_not() {
        let mut line = Timeline::new(8_000, 1, 0).unwrap();
        put(&mut line, 0, &[1, 2, 3]);
        assert_eq!((put(&mut line, 0, &[1, 2, 3]), put(&mut line, 1, &[9])), (Put::Read, Put::Unread), "twice, and otherwise");
        read(&mut line, 6);
        assert_eq!(put(&mut line, 0, &[1, 2, 3]), Put::Read);
        assert_eq!(put(&mut line, 2, &[3, 4]), Put::Unread, "one of them is late");
        assert_eq!(put(&mut line, 5, &[0, 7]), Put::Unread);
        assert_eq!(read(&mut line, 1), [7], "but what is not late is read");
        read(&mut line, 8_000);
        assert_eq!(put(&mut line, 0, &[1, 2, 3]), Put::Unread, "forgotten");
    }

    #[test]
    fn places_are_used_over_and_over() {
        let mut line = Timeline::new(8_000, 0, 0).unwrap();
        let mut next = 0;
        for round in 0..200_u64 {
            let values: Vec<i16> = (0..977).map(|i| (round * 977 + i) as i16 | 1).collect();
            assert!(line.room() > next + 977);
            assert_eq!(put(&mut line, next, &values), Put::Read);
            next += 977;
            assert_eq!(read(&mut line, 977), values);
        }
        let room = line.room();
        assert_eq!(put(&mut line, room - 1, &[1]), Put::Read);
        assert_eq!(put(&mut line, room, &[1]), Put::Unread);
    }
}
