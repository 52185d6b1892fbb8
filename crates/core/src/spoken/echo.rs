//! Where the echo of a card can be: on the other channels of the call, while its digits are said, if those have nothing louder of their own.
//!
//! In: each slot's loudness, and the hits of its channel. Out: of a channel that reads a card, the slots in which it says digits; of another one, the
//! stretches of those in which it is quiet enough to hold their echo. Remembers [`PAST`] slots.

use super::decode::Hit;

/// Slots that are remembered, 10 s: in those, other channels of a card can still be masked when it is known to be one.
const PAST: usize = 512;
/// Nepers of power that an echo is weaker than the loudest of what it echoes, to be masked unheard: 17 dB. A stronger one is heard as digits itself,
/// and under noise that is louder than that, a weaker one cannot be.
const WEAKER: f32 = 4.0;
/// Slots by which a line's echo is late at most: 200 ms; and by which a digit sounds before it is heard as one.
const LATE: u64 = 10;
const BEFORE: u64 = 3;
/// Digits that a hit must be worth for its echo to be masked, and slots in which a digit has come to be worth so much.
const SURE: f32 = 0.5;
const SETTLED: u64 = 20;

/// Digits that one channel says, for the others: which slots of `[from, to)`, and below which loudness another channel can hold their echo.
pub struct Said {
    from: u64,
    to: u64,
    digits: [bool; PAST],
    than: u8,
}

/// See the module. What one channel remembers.
#[derive(Clone)]
pub struct Echo {
    /// Log power of the last slots, in steps of an eighth of a neper from -16, by their number.
    loudness: [u8; PAST],
    /// In which of those digits were heard, or their echo may still be.
    digits: [bool; PAST],
    /// The slot up to which the other channels were told of a card here.
    told: u64,
    /// The slot that comes next.
    next: u64,
}

impl Echo {
    /// Before the first slot of a call.
    pub const fn new() -> Self {
        Self { loudness: [0; PAST], digits: [false; PAST], told: 0, next: 0 }
    }

    /// Takes slot `now` and the hit that goes on with it.
    pub fn push(&mut self, now: u64, loudness: f32, hit: Option<&Hit>) {
        self.next = now + 1;
        self.loudness[now as usize % PAST] = step_of(loudness);
        // A slot's place is as new when its echo may begin to reach it.
        self.digits[(now + LATE) as usize % PAST] = false;
        if let Some(hit) = hit.filter(|hit| !hit.over && hit.digits >= SURE) {
            let from = hit.start.max(now.saturating_sub(SETTLED)).saturating_sub(BEFORE);
            (from..=now + LATE).for_each(|slot| self.digits[slot as usize % PAST] = true);
        }
    }

    /// What this channel says of a card in the slots `[from, to)`, read by a voice so loud; each slot once.
    pub fn said(&mut self, (from, to): (u64, u64), loudness: f32) -> Option<Said> {
        let from = from.max(self.told).max(self.next.saturating_sub(PAST as u64 - 2 * LATE));
        let to = to.min(self.next.saturating_sub(SETTLED));
        self.told = self.told.max(to);
        (from < to).then_some(Said { from, to, digits: self.digits, than: step_of(loudness - WEAKER) })
    }

    /// The stretches in which this channel can hold the echo of what another one `said`.
    pub fn of(&self, said: &Said, mut stretch: impl FnMut(u64, u64)) {
        let holds = |slot: u64| said.digits[slot as usize % PAST] && self.loudness[slot as usize % PAST] < said.than;
        let mut at = said.from;
        while at < said.to {
            let start = at;
            while at < said.to && holds(at) {
                at += 1;
            }
            if at > start {
                stretch(start, at);
            }
            at += 1;
        }
    }
}

/// A log power in steps.
fn step_of(loudness: f32) -> u8 {
    ((loudness + 16.0) * 8.0) as u8
}

#[cfg(test)]
impl Echo {
    /// Whether it is as new.
    pub fn is_blank(&self) -> bool {
        self.next == 0 && self.loudness.iter().all(|step| *step == 0) && !self.digits.contains(&true)
    }
}
