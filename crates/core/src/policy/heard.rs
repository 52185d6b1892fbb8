//! The digits of one channel, by each voice and by a transcript, and what is masked for their sake.
//!
//! In: [`Hit`]s as they grow, slot by slot. Out: what to mask. The voices share nothing but the call's [`Window`].

use super::run::Runs;
use super::voices::{Voice, Voices};
use super::window::{Ask, Region, Window};
use crate::spoken::decode::Hit;

/// Digits that a phrase of the first voice must be worth to count; of another; and in a transcript.
const FIRST: f32 = 0.9;
const SECOND: f32 = 1.5;
const READ: f32 = 1.0;

/// The runs of one witness, and the region that they opened last.
#[derive(Clone)]
struct Witness {
    runs: Runs,
    region: Region,
}

/// See the module.
#[derive(Clone)]
pub struct Heard {
    voices: Voices,
    first: Witness,
    second: Witness,
    transcript: Witness,
}

impl Witness {
    const fn new(least: f32) -> Self {
        Self { runs: Runs::new(least), region: Region::new() }
    }

    fn hear(&mut self, window: &mut Window, hit: &Hit, left: u64) -> Option<Ask> {
        let run = self.runs.hear(hit)?;
        window.hear(&run, &mut self.region, left)
    }
}

impl Heard {
    /// Before the first hit of a call.
    pub const fn new() -> Self {
        Self { voices: Voices::new(), first: Witness::new(FIRST), second: Witness::new(SECOND), transcript: Witness::new(READ) }
    }

    /// What is to be masked now that so much is known of a hit. `left` is the first slot of the call that has not left.
    pub fn hear(&mut self, window: &mut Window, hit: &Hit, left: u64) -> Option<Ask> {
        match self.voices.hear(hit)? {
            Voice::First => self.first.hear(window, hit, left),
            Voice::Second => self.second.hear(window, hit, left),
        }
    }

    /// The slots of the card that the first voice reads, and how loud that voice is.
    pub fn card(&self) -> Option<((u64, u64), f32)> {
        self.first.region.card().zip(self.voices.loudness())
    }

    /// What is to be masked now that a transcript tells of digits.
    pub fn read(&mut self, window: &mut Window, hit: &Hit, left: u64) -> Option<Ask> {
        self.transcript.hear(window, hit, left)
    }

    /// What is to be masked after slot `now` although nothing more was heard: what may go on, and what has come to count meanwhile.
    pub fn hold(&mut self, window: &Window, now: u64, left: u64) -> Option<Ask> {
        let held = [&mut self.first, &mut self.second].map(|one| {
            let run = one.runs.last()?;
            window.again(&run, &mut one.region).or_else(|| window.hold(&run, &mut one.region, now, left))
        });
        held.into_iter().flatten().reduce(Ask::and)
    }

    /// What a transcript told of that has come to count meanwhile.
    pub fn read_again(&mut self, window: &Window) -> Option<Ask> {
        window.again(&self.transcript.runs.last()?, &mut self.transcript.region)
    }
}

#[cfg(test)]
impl Heard {
    /// Whether nothing was heard or read.
    pub fn is_blank(&self) -> bool {
        [&self.first, &self.second, &self.transcript].iter().all(|one| one.runs.last().is_none())
    }
}
