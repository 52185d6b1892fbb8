//! Hits of one voice become phrases, and phrases runs: digits said one after the other, with what is said and not said between them.
//!
//! In: a [`Hit`] as it grows, slot by slot. Out: the [`Run`] that it belongs to. Hits no more than [`WITHIN_PHRASE`] apart are one phrase, which counts
//! once it is worth so many digits: words that sound a little like digits are everywhere, but not in rows. Phrases that count, no
//! more than [`PAUSE`] apart, are one run, whatever lies between: pauses, fillers, "double", teens.

use crate::spoken::decode::{Hit, SECOND};

/// Longest pause within a run, in slots of 20 ms.
pub const PAUSE: u64 = 5 * SECOND / 2;
/// Longest pause within a phrase.
const WITHIN_PHRASE: u64 = 13 * SECOND / 10;

/// A run of digits, as far as it is known. Slots of 20 ms from the start of the call.
#[derive(Clone, Copy)]
pub struct Run {
    /// Its first slot, and where what sounds before it begins.
    pub start: u64,
    pub from: u64,
    /// The slot after its last so far.
    pub end: u64,
    /// Digits that it is worth.
    pub digits: f32,
}

/// See the module. The state of one voice.
#[derive(Clone)]
pub struct Runs {
    /// Digits that a phrase must be worth to count.
    least: f32,
    run: Option<Run>,
    phrase: Option<Run>,
    /// Whether the phrase is part of the run.
    counts: bool,
    /// First slot of the hit that goes on, and how much of it is in the phrase.
    hit: Option<(u64, f32)>,
}

impl Runs {
    /// Before the first hit of a call. A phrase counts from `least` digits on.
    pub const fn new(least: f32) -> Self {
        Self { least, run: None, phrase: None, counts: false, hit: None }
    }

    /// Takes what is known of a hit; gives the run that it is part of, if it counts. The end of a hit and its digits only grow; that it is over is told once.
    pub fn hear(&mut self, hit: &Hit) -> Option<Run> {
        let known = self.hit.filter(|(start, _)| *start == hit.start).map(|(_, digits)| digits);
        // Two words of a transcript may begin at once: one that is over does not grow.
        self.hit = Some((hit.start, hit.digits)).filter(|_| !hit.over);
        let news = Run { start: hit.start, from: hit.from, end: hit.end, digits: hit.digits - known.unwrap_or(0.0) };
        let same = self.phrase.filter(|phrase| known.is_some() || hit.start <= phrase.end.saturating_add(WITHIN_PHRASE));
        self.counts &= same.is_some();
        let phrase = same.map_or(news, |phrase| phrase.joined(&news));
        self.phrase = Some(phrase);
        if phrase.digits < self.least {
            return None;
        }
        let more = if self.counts { news } else { phrase };
        let same = self.run.filter(|run| self.counts || phrase.start <= run.end.saturating_add(PAUSE));
        self.run = Some(same.map_or(more, |run| run.joined(&more)));
        self.counts = true;
        self.run
    }

    /// The run that went on last.
    pub fn last(&self) -> Option<Run> {
        self.run
    }
}

impl Run {
    fn joined(self, next: &Self) -> Self {
        Self { end: self.end.max(next.end), digits: self.digits + next.digits, ..self }
    }
}
