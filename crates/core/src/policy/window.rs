//! Which runs of digits are masked: those that can be a card, and, in the time after a card or while the caller says so, shorter ones.
//!
//! In: the [`Run`]s of all channels of a call, as they grow, and the caller's arming. Out: what to mask of a channel, piece by piece. A run of
//! [`CARD`] digits and more opens a region, which reaches from its first digit to its last with all that lies between, what sounds right before it, and a
//! guard. From then to [`AFTER`] behind it, any run on any channel does: an expiry, a code, a second attempt, a read-back. The number is never checked (Luhn, prefix): a misheard digit would leave a card in.
//!
//! While a region may still go on, what leaves the look-ahead is masked, digit or not: with little look-ahead, the next digit would else have left
//! before it is heard. With more than [`PAUSE`] and the decision's 500 ms that never comes to pass.

use super::run::{PAUSE, Run};
use crate::spoken::decode::SECOND;

/// Digits that a run must be worth to be a card. A little more than four: a year is no card.
const CARD: f32 = 4.5;
/// The same where its first digit has left: at four digits a second, two more go before a decision, and no more than six may stay (truncation: PCI DSS
/// v4.0.1, 3.5.1, and the PCI SSC's FAQ 1091: of a card the first six digits and the last four).
const CARD_LATE: f32 = 3.5;
/// The same for a run of three digits and more.
const THREE: f32 = 2.4;
/// Digits that a run must be worth for the other channels to be masked with it: half a card; behind such a one, a code.
const SURE: f32 = 8.0;
const SURE_BEHIND: f32 = THREE;
/// Slots behind a card in which any run is masked, and slots by which it may begin before the card is known to be one.
const AFTER: u64 = 90 * SECOND;
const EARLY: u64 = SECOND;
/// Slots before a region that are masked with it, and behind it: 80 ms, and 400 ms, for a digit's end sounds less like one than its onset.
const BEFORE: u64 = 4;
const BEHIND: u64 = 20;

/// Which runs are masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Runs that can be a card, and shorter ones for 90 s behind one.
    #[default]
    Card,
    /// Every run of three digits and more.
    Digits,
    /// Only what is said while the caller has armed the call.
    Armed,
}

impl Preset {
    /// The name used on the command line and in reports: `card`, `digits`, `armed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Digits => "digits",
            Self::Armed => "armed",
        }
    }
}

/// What is to be masked of a channel, in slots of 20 ms: `[from, to)`; what has left of it matters from `sounds` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    pub from: u64,
    pub to: u64,
    pub sounds: u64,
}

/// The region of one channel that was opened last.
#[derive(Clone)]
pub struct Region {
    /// First slot of its run.
    run: Option<u64>,
    /// Whether that is a card beyond doubt.
    sure: bool,
    /// The slot from which it is masked.
    from: u64,
    /// The slot up to which it is masked.
    to: u64,
}

/// See the module. The state of a call.
#[derive(Clone)]
pub struct Window {
    preset: Preset,
    /// Slots in which a run may begin to be masked because of a card.
    cards: Option<(u64, u64)>,
    /// The slot up to which a run may begin that follows a card beyond doubt.
    sure: u64,
    /// What was said in these slots was said while the call was armed.
    armed: Option<(u64, u64)>,
}

impl Region {
    /// Nothing opened.
    pub const fn new() -> Self {
        Self { run: None, sure: false, from: 0, to: 0 }
    }

    /// Opens with a run, and asks for all of it.
    fn open(&mut self, run: &Run, sure: bool) -> Ask {
        let ask = Ask { from: run.from.saturating_sub(BEFORE), to: run.end.saturating_add(BEHIND), sounds: run.from };
        *self = Self { run: Some(run.start), sure, from: ask.from, to: ask.to };
        ask
    }

    /// Reaches up to slot `to`, and asks for what that adds.
    fn reach(&mut self, to: u64) -> Option<Ask> {
        let ask = Ask { from: self.to, to, sounds: self.to };
        self.to = self.to.max(to);
        Some(ask).filter(|ask| ask.from < ask.to)
    }

    /// The slots that are masked, if it is a card's beyond doubt, or a code's behind one.
    pub fn card(&self) -> Option<(u64, u64)> {
        Some((self.from, self.to)).filter(|_| self.sure)
    }
}

impl Window {
    /// Before the first run of a call.
    pub const fn new(preset: Preset) -> Self {
        Self { preset, cards: None, sure: 0, armed: None }
    }

    /// Every run of digits that is not over by slot `now` is masked, until [`disarm`](Self::disarm).
    pub fn arm(&mut self, now: u64) {
        // What is still to be decided was said before.
        let from = self.armed.filter(|(_, to)| to.saturating_add(SECOND) > now).map_or(now, |(from, _)| from);
        self.armed = Some((from, u64::MAX));
    }

    /// What begins at slot `now` and later was said unarmed.
    pub fn disarm(&mut self, now: u64) {
        self.armed = self.armed.map(|(from, to)| (from, to.min(now)));
    }

    /// What a run that has grown asks for on its channel. `left` is the first slot that has not left.
    pub fn hear(&mut self, run: &Run, region: &mut Region, left: u64) -> Option<Ask> {
        let card = self.is_card(run, left);
        if card {
            let opened = run.end.saturating_sub(EARLY);
            let until = run.end.saturating_add(AFTER);
            // A transcript may tell of a card before or after it was heard.
            let before = self.cards.filter(|(from, to)| opened <= *to && *from <= until);
            self.cards = Some(before.map_or((opened, until), |(from, to)| (from.min(opened), to.max(until))));
        }
        if self.preset == Preset::Card && run.digits >= SURE {
            self.sure = self.sure.max(run.end.saturating_add(AFTER));
        }
        if region.run != Some(run.start) {
            return (card || self.counts(run)).then(|| region.open(run, self.is_sure(run)));
        }
        region.sure = self.is_sure(run);
        region.reach(run.end.saturating_add(BEHIND))
    }

    /// What the last run of a channel asks for without having grown: a card on another channel, or the caller, may have made it count meanwhile.
    pub fn again(&self, run: &Run, region: &mut Region) -> Option<Ask> {
        (region.run != Some(run.start) && self.counts(run)).then(|| region.open(run, self.is_sure(run)))
    }

    /// What leaves before the next slot is heard, if the last run of a channel may go on after slot `now`, which was heard last. `left` is the
    /// first slot that has not left.
    pub fn hold(&self, run: &Run, region: &mut Region, now: u64, left: u64) -> Option<Ask> {
        let goes_on = region.run == Some(run.start) && now <= run.end.saturating_add(PAUSE);
        goes_on.then(|| region.reach(left.saturating_add(2))).flatten()
    }

    /// Forgets the call; as new.
    pub fn reset(&mut self) {
        *self = Self::new(self.preset);
    }

    /// Whether a run is masked whatever it is worth.
    fn counts(&self, run: &Run) -> bool {
        let near_card = self.preset == Preset::Card && self.cards.is_some_and(|(from, to)| (from..=to).contains(&run.start));
        near_card || self.armed.is_some_and(|(from, to)| run.end > from && run.start < to)
    }

    /// Whether the echo of a run goes with it.
    fn is_sure(&self, run: &Run) -> bool {
        run.digits >= SURE || (run.digits >= SURE_BEHIND && run.start <= self.sure)
    }

    fn is_card(&self, run: &Run, left: u64) -> bool {
        run.digits
            >= match self.preset {
                Preset::Card if run.start < left => CARD_LATE,
                Preset::Card => CARD,
                Preset::Digits => THREE,
                Preset::Armed => f32::INFINITY,
            }
    }
}

impl Ask {
    /// Both, and what lies between them.
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to), sounds: self.sounds.min(other.sounds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the echo of a code goes with it that follows 10 s behind a run of so many digits.
    fn code_is_linked(digits: f32, code: f32) -> bool {
        let (mut window, mut region) = (Window::new(Preset::Card), Region::new());
        let first = Run { start: 100, from: 100, end: 500, digits };
        assert!(window.hear(&first, &mut region, 0).is_some() && region.card().is_some() == (digits >= SURE));
        let second = Run { start: 1_000, from: 1_000, end: 1_100, digits: code };
        assert!(window.hear(&second, &mut region, 0).is_some(), "masked on its own channel");
        region.card().is_some()
    }

    #[test]
    fn the_echo_of_a_code_goes_with_it_behind_a_card_beyond_doubt() {
        assert!(code_is_linked(16.0, 3.0));
        assert!(!code_is_linked(16.0, 1.0) && !code_is_linked(5.0, 3.0));
    }
}
