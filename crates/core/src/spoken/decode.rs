//! From posteriors to hits: stretches of one channel that sound like digits, and how many digits they are worth.
//!
//! In: one [`Slot`] of 20 ms after the other. Out: the [`Hit`] that a slot belongs to, as far as it is known then. A hit starts where the posterior
//! of any digit passes a threshold, reaches back over at most [`LOOK_BACK`] slots and on for as long as the posterior stays above a quarter
//! of it (hysteresis). How many digits it is worth is the posterior of their onsets, summed, so that a doubtful digit counts as a part of one.
//! Latency: none of its own; look-back and the network's shift together are 500 ms. The same rules as `model/train/spotter.py`.

use super::Slot;

/// Slots of 20 ms that a hit reaches back before the slot that starts it.
pub const LOOK_BACK: u64 = 9;
/// Slots of a second.
pub const SECOND: u64 = 50;

/// Posterior that starts a hit; and once two digits were heard within [`RECENT`].
const START: f32 = 0.7;
const START_AGAIN: f32 = 0.35;
const RECENT: u64 = 2 * SECOND;
/// Share of the threshold down to which a hit goes on.
const GO_ON: f32 = 0.25;
/// Slots that the onset of a digit is taught to last.
const ONSET_SLOTS: f32 = 4.0;
/// Digits from which on a hit counts as two for what comes next.
const TWO: f32 = 1.5;

/// What sounds right before a hit may be a digit that was not heard as one: any sound for [`NEXT_SOUND`] slots, what is a digit at a posterior
/// of [`FAINT`] for [`REACH`], to the last pause of [`REST`].
const REST: u64 = 10;
const NEXT_SOUND: u64 = 20;
const REACH: u64 = 60;
const FAINT: f32 = 0.08;

/// Slots that are remembered: those that a hit reaches back and what sounds before it.
const HISTORY: usize = 80;
const _: () = assert!(REACH + LOOK_BACK < HISTORY as u64);

/// What is known of a hit at one slot. Slots are numbered from the start of the call.
#[derive(Clone, Copy)]
pub struct Hit {
    /// Its first slot, and where what sounds before it begins.
    pub start: u64,
    pub from: u64,
    /// The slot after its last so far.
    pub end: u64,
    /// Digits that it is worth so far.
    pub digits: f32,
    /// Log power of its loudest frame so far, in nepers.
    pub loudness: f32,
    /// Whether it has come to its end.
    pub over: bool,
}

/// See the module. The state of one channel.
#[derive(Clone)]
pub struct Decoder {
    history: [Slot; HISTORY],
    /// Slots heard.
    heard: u64,
    /// The hit that goes on, or went on last.
    hit: Option<Hit>,
    /// Posterior down to which it goes on.
    low: f32,
    /// Ends of the two digits before.
    ends: [Option<u64>; 2],
}

impl Decoder {
    /// Before the first slot of a call.
    pub const fn new() -> Self {
        Self { history: [Slot::SILENT; HISTORY], heard: 0, hit: None, low: 0.0, ends: [None; 2] }
    }

    /// Takes the next slot; gives the hit that goes on with it, or ends before it.
    pub fn push(&mut self, slot: Slot) -> Option<Hit> {
        let t = self.heard;
        self.history[t as usize % HISTORY] = slot;
        self.heard += 1;
        let hit = match self.hit {
            Some(hit) if !hit.over => self.go_on(hit, slot),
            before if slot.any >= self.threshold(t) => self.start(t, before.map_or(0, |hit| hit.end)),
            _ => return None,
        };
        self.hit = Some(hit);
        self.hit
    }

    /// Less is enough once two digits were heard shortly before.
    fn threshold(&self, t: u64) -> f32 {
        let again = self.ends[0].is_some_and(|end| t < end + RECENT);
        if again { START_AGAIN } else { START }
    }

    /// A hit that starts with slot `t` and may reach back to slot `free`.
    fn start(&mut self, t: u64, free: u64) -> Hit {
        self.low = self.threshold(t) * GO_ON;
        let earliest = t.saturating_sub(LOOK_BACK).max(free);
        let mut start = t;
        while start > earliest && self.at(start - 1).any >= self.low {
            start -= 1;
        }
        let digits = (start..=t).map(|at| self.at(at).onset).sum::<f32>() / ONSET_SLOTS;
        let loudness = (start..=t).map(|at| self.at(at).loudness).fold(f32::NEG_INFINITY, f32::max);
        Hit { start, from: self.reach_back(start), end: t + 1, digits, loudness, over: false }
    }

    fn go_on(&mut self, hit: Hit, slot: Slot) -> Hit {
        if slot.any >= self.low {
            let digits = hit.digits + slot.onset / ONSET_SLOTS;
            return Hit { end: hit.end + 1, digits, loudness: hit.loudness.max(slot.loudness), ..hit };
        }
        self.ends = if hit.digits < TWO { [self.ends[1], Some(hit.end)] } else { [Some(hit.end); 2] };
        Hit { over: true, ..hit }
    }

    /// Where what sounds before slot `start` begins.
    fn reach_back(&self, start: u64) -> u64 {
        let (mut from, mut rest) = (start, 0);
        for away in 1..REACH.min(start + 1) {
            if belongs(self.at(start - away), away) {
                from = start - away;
                rest = 0;
            } else {
                rest += 1;
                if rest >= REST {
                    break;
                }
            }
        }
        from
    }

    fn at(&self, t: u64) -> Slot {
        self.history[t as usize % HISTORY]
    }
}

/// Whether a slot so far away from a hit belongs to what sounds next to it.
fn belongs(slot: Slot, away: u64) -> bool {
    slot.any >= FAINT || slot.active && away <= NEXT_SOUND
}

#[cfg(test)]
impl Decoder {
    /// Whether it is as new.
    pub fn is_blank(&self) -> bool {
        self.heard == 0 && self.hit.is_none() && self.ends == [None; 2] && self.history.iter().all(|slot| *slot == Slot::SILENT)
    }
}
