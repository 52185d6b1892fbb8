//! The audio of one channel by position, as far as packets have brought it: from a while behind what the analysis has read to a while ahead.
//!
//! In: samples at positions, in any order. Out: samples in order, silence where there are none. Two bytes a sample; fixed in size.

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
    behind: u64,
    /// The first position that was not read, and the first behind it where nothing is.
    unread: u64,
    whole: u64,
}

impl Timeline {
    /// Nothing there, to be read from `position` on. `wait_s`: how long the analysis waits for what is missing.
    pub fn new(rate_hz: u32, wait_s: u64, position: u64) -> Self {
        let behind = BEHIND_S * u64::from(rate_hz);
        let len = (behind + (AHEAD_S + wait_s) * u64::from(rate_hz)).next_multiple_of(WORD);
        Self {
            samples: vec![0; len as usize].into(),
            there: vec![0; (len / WORD) as usize].into(),
            behind,
            unread: position,
            whole: position,
        }
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
        self.unread + self.len() - self.behind
    }

    /// Puts `count` samples at `position`, which must not reach beyond [`room`](Self::room).
    pub fn put(&mut self, position: u64, count: u64, sample: impl Fn(usize) -> i16) -> Put {
        let remembered = (self.unread + self.len()).saturating_sub(self.len() + self.behind);
        if position < remembered || position + count > self.room() {
            return Put::Unread;
        }
        let mut put = Put::Read;
        for (i, at) in (position..position + count).enumerate() {
            let (place, value) = (at % self.len(), sample(i));
            let Some(known) = self.samples.get_mut(place as usize) else { continue };
            let Some(word) = self.there.get_mut((place / WORD) as usize) else { continue };
            let bit = 1 << (place % WORD);
            match (*word & bit != 0, at >= self.unread) {
                (true, _) if *known == value => {}
                (false, true) => (*known, *word) = (value, *word | bit),
                _ => put = Put::Unread,
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
        for out in out {
            let place = self.unread % self.len();
            *out = if self.is_there(self.unread) { f32::from(self.sample(place)) * (1.0 / 32_768.0) } else { 0.0 };
            // The place of what is forgotten now is that of what may come next.
            let forgotten = (self.unread + self.len() - self.behind) % self.len();
            if let Some(word) = self.there.get_mut((forgotten / WORD) as usize) {
                *word &= !(1 << (forgotten % WORD));
            }
            self.unread += 1;
        }
    }

    fn is_there(&self, position: u64) -> bool {
        let place = position % self.len();
        self.there.get((place / WORD) as usize).is_some_and(|word| word & (1 << (place % WORD)) != 0)
    }

    fn sample(&self, place: u64) -> i16 {
        self.samples.get(place as usize).copied().unwrap_or(0)
    }

    fn len(&self) -> u64 {
        (self.samples.len() as u64).max(1)
    }
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
        line.put(position, values.len() as u64, |i| values[i])
    }

    fn read(line: &mut Timeline, count: usize) -> Vec<i16> {
        let mut out = vec![0.5; count];
        line.read(&mut out);
        out.into_iter().map(|x| (x * 32_768.0) as i16).collect()
    }

    #[test]
    fn samples_come_out_in_order_with_silence_where_none_came() {
        let mut line = Timeline::new(8_000, 1, 100);
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
        let mut line = Timeline::new(8_000, 1, 0);
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
        let mut line = Timeline::new(8_000, 0, 0);
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
