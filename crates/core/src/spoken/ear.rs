//! What one channel carries of the spoken stage: the spotter, what it said that was not stepped through yet, and what became of it.
//!
//! In: samples at 8 kHz, as they come. Out: what is to be masked, slot by slot, in step with the other channels of the call.

use super::decode::{Decoder, Hit};
use super::{Params, SLOT, Slot, Spotter};
use crate::keyed::BLOCK;
use crate::policy::heard::Heard;
use crate::policy::window::{Ask, Window};

/// Slots that may wait to be stepped through.
const WAITING: usize = 2;
const _: () = assert!(SLOT - 1 + BLOCK < (WAITING + 1) * SLOT, "a block completes more slots than may wait");

/// Slots ahead of the decoder for which tones can be told: more than any model's shift, and the look ahead of whoever knows of them.
const TONES: usize = 128;
/// Slots that are remembered, 10 s: in those, other channels of a card can still be masked when it is known to be one.
const PAST: usize = 512;
/// Nepers of power that an echo is weaker than the loudest of what it echoes, to be masked unheard: 17 dB. A stronger one is heard as digits itself,
/// and under noise that is louder than that, a weaker one cannot be.
const ECHO: f32 = 4.0;
/// Slots by which a line's echo is late at most: 200 ms; and by which a digit sounds before it is heard as one.
const ECHO_SLOTS: u64 = 10;
const BEFORE: u64 = 3;
/// Digits that a hit must be worth for its echo to be masked, and slots in which a digit has come to be worth so much.
const SURE: f32 = 0.5;
const SETTLED: u64 = 20;

/// See the module.
#[derive(Clone)]
pub struct Ear {
    spotter: Spotter,
    waiting: [Slot; WAITING],
    count: usize,
    /// Slots in which tones sound, by their number: they are no words.
    tones: [bool; TONES],
    /// The slot that is spoken of next.
    next: u64,
    /// Log power of the last slots, in steps of an eighth of a neper from -16, by their number.
    loudness: [u8; PAST],
    /// In which of those digits were heard, or their echo may still be.
    said: [bool; PAST],
    /// The slot up to which the other channels were told of a card here.
    linked: u64,
    decoder: Decoder,
    heard: Heard,
}

impl Ear {
    /// Before the first sample of a call.
    pub const fn new() -> Self {
        Self {
            spotter: Spotter::new(),
            waiting: [Slot::SILENT; WAITING],
            count: 0,
            tones: [false; TONES],
            next: 0,
            loudness: [0; PAST],
            said: [false; PAST],
            linked: 0,
            decoder: Decoder::new(),
            heard: Heard::new(),
        }
    }

    /// Listens to at most [`BLOCK`] samples at 8 kHz; every slot that they complete must be stepped through before the next ones.
    pub fn push(&mut self, params: &Params, samples: &[f32]) {
        let (waiting, count) = (&mut self.waiting, &mut self.count);
        self.spotter.push(params, samples, &mut |slot| {
            if let Some(place) = waiting.get_mut(*count) {
                *place = slot;
                *count += 1;
            }
        });
    }

    /// Tones sound in the slots `[start, end)` of this channel; what is known too late or too early of it is left out.
    pub fn tone(&mut self, start: u64, end: u64) {
        for slot in start.max(self.next)..end.min(self.next + TONES as u64) {
            self.tones[slot as usize % TONES] = true;
        }
    }

    /// Steps through the next slot that was heard, which speaks of slot `now`; `None`: of what was before the call. `left` is the first slot of
    /// the call that has not left. Gives what is to be masked.
    pub fn step(&mut self, window: &mut Window, now: Option<u64>, left: u64) -> Option<Ask> {
        let slot = self.waiting[0];
        self.waiting[0] = self.waiting[1];
        self.count = self.count.saturating_sub(1);
        let now = now?;
        self.next = now + 1;
        self.loudness[now as usize % PAST] = step_of(slot.loudness);
        // A slot's place is as new when its echo may begin to reach it.
        self.said[(now + ECHO_SLOTS) as usize % PAST] = false;
        let tone = core::mem::take(&mut self.tones[now as usize % TONES]);
        let slot = if tone { Slot { any: 0.0, onset: 0.0, ..slot } } else { slot };
        let hit = self.decoder.push(slot);
        if let Some(hit) = hit.filter(|hit| !hit.over && hit.digits >= SURE) {
            let (from, to) = (hit.start.max(now.saturating_sub(SETTLED)), now + ECHO_SLOTS);
            (from.saturating_sub(BEFORE)..=to).for_each(|slot| self.said[slot as usize % PAST] = true);
        }
        let asked = hit.and_then(|hit| self.heard.hear(window, &hit, left));
        let held = self.heard.hold(window, now, left);
        match (asked, held) {
            (Some(asked), Some(held)) => Some(asked.and(held)),
            (asked, held) => asked.or(held),
        }
    }

    /// Slots `[from, to)` of a card that is read here, each once; in which of them digits are said; and below which loudness another channel has
    /// nothing of its own in them.
    pub fn card(&mut self) -> Option<(u64, u64, [bool; PAST], f32)> {
        let ((from, to), loudness) = self.heard.card()?;
        let from = from.max(self.linked).max(self.next.saturating_sub(PAST as u64 - 2 * ECHO_SLOTS));
        let to = to.min(self.next.saturating_sub(SETTLED));
        self.linked = self.linked.max(to);
        (from < to).then_some((from, to, self.said, loudness - ECHO))
    }

    /// The stretches of the slots `[from, to)`, which lie in the past, in which digits are `said` elsewhere and this channel is less loud.
    pub fn echoes(&self, from: u64, to: u64, said: &[bool; PAST], than: f32, mut stretch: impl FnMut(u64, u64)) {
        let echoes = |slot: u64| said[slot as usize % PAST] && self.loudness[slot as usize % PAST] < step_of(than);
        let mut at = from;
        while at < to {
            let start = at;
            while at < to && echoes(at) {
                at += 1;
            }
            if at > start {
                stretch(start, at);
            }
            at += 1;
        }
    }

    /// What a transcript told of has come to count: gives what is to be masked for its sake.
    pub fn told(&mut self, window: &Window) -> Option<Ask> {
        self.heard.read_again(window)
    }

    /// A transcript has so many digits in the slots `[start, end)`. Gives what is to be masked.
    pub fn read(&mut self, window: &mut Window, start: u64, end: u64, digits: f32, left: u64) -> Option<Ask> {
        let hit = Hit { start, from: start, end, digits, loudness: f32::NEG_INFINITY, over: true };
        self.heard.read(window, &hit, left)
    }
}

/// A log power in steps.
fn step_of(loudness: f32) -> u8 {
    ((loudness + 16.0) * 8.0) as u8
}

#[cfg(test)]
impl Ear {
    /// Whether it is as new: nothing can be told from it of what was said.
    pub fn is_blank(&self) -> bool {
        self.count == 0
            && self.next == 0
            && self.waiting.iter().all(|slot| *slot == Slot::SILENT)
            && !self.tones.contains(&true)
            && self.loudness.iter().all(|step| *step == 0)
            && !self.said.contains(&true)
            && self.decoder.is_blank()
            && self.heard.is_blank()
    }
}
