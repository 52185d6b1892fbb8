//! Whose a hit is: a voice much weaker than the one that reads digits is somebody else's, such as the other party's, heard here as an echo.
//!
//! In: [`Hit`]s of one channel as they grow. Out: the first voice's or the second's, once that is known: a hit is the first voice's as soon as it is loud
//! enough, and the second's if it was not by its end, or by its second digit. The first voice is as loud as its digits usually were, which is forgotten slowly. Nothing is
//! dropped here: of the second voice, more evidence is asked.

use crate::spoken::decode::{Hit, SECOND};

/// Nepers of power that a hit must be weaker than the first voice to be the second's: 8.7 dB.
const WEAKER: f32 = 2.0;
/// Nepers of power by which the first voice is forgotten in a slot: 0.13 dB a second.
const FORGOTTEN: f32 = 0.03 / SECOND as f32;
/// Share of a new digit in what is usual. Against the loudest of all, cards went unmasked whose digits vary by 3 dB.
const NEW: f32 = 0.25;
/// Slots behind a hit of the first voice in which the next is its too, however weak: a number fades to its end.
const FOLLOWS: u64 = SECOND / 5;
/// Digits that a hit must be worth to tell how loud the first voice is.
const SURE: f32 = 0.5;

/// Digits from which on a hit is the second voice's before it is over: said without a pause, a whole number is one hit. Should it grow louder, it is the
/// first voice's from then on, and both have it.
const FLUENT: f32 = 1.5;

/// Whose a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    First,
    Second,
}

/// See the module. The state of one channel.
#[derive(Clone)]
pub struct Voices {
    /// How loud the first voice usually is, and the slot at which it was.
    usual: Option<(f32, u64)>,
    /// The slot after its last hit.
    end: u64,
}

impl Voices {
    /// Before the first hit of a call.
    pub const fn new() -> Self {
        Self { usual: None, end: 0 }
    }

    /// How loud the first voice usually is: the log power of a digit's loudest frame, in nepers.
    pub fn loudness(&self) -> Option<f32> {
        self.usual.map(|(usual, _)| usual)
    }

    /// Takes what is known of a hit; gives whose it is, once that is known.
    pub fn hear(&mut self, hit: &Hit) -> Option<Voice> {
        let forgotten = |since: u64| FORGOTTEN * hit.start.saturating_sub(since) as f32;
        let usual = self.usual.map_or(hit.loudness, |(usual, since)| usual - forgotten(since));
        let weaker = hit.loudness < usual - WEAKER;
        if weaker && hit.start > self.end + FOLLOWS {
            return (hit.over || hit.digits >= FLUENT).then_some(Voice::Second);
        }
        if hit.over {
            self.end = hit.end;
            if hit.digits >= SURE && !weaker {
                self.usual = Some((usual + NEW * (hit.loudness - usual), hit.end));
            }
        }
        Some(Voice::First)
    }
}
