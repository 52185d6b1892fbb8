//! What one channel carries of the spoken stage: the spotter, what it said that was not stepped through yet, and what became of it.
//!
//! In: samples at 8 kHz, as they come. Out: what is to be masked, slot by slot, in step with the other channels of the call.

use super::decode::{Decoder, Hit};
use super::echo::{Echo, Said};
use super::{Params, SLOT, Slot, Spotter};
use crate::keyed::BLOCK;
use crate::policy::heard::Heard;
use crate::policy::window::{Ask, Window};

/// Slots that may wait to be stepped through.
const WAITING: usize = 2;
const _: () = assert!(SLOT - 1 + BLOCK < (WAITING + 1) * SLOT, "a block completes more slots than may wait");

/// Slots ahead of the decoder for which tones can be told: more than any model's shift, and the look ahead of whoever knows of them.
const TONES: usize = 128;
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
    echo: Echo,
    decoder: Decoder,
    heard: Heard,
    /// The first slot of the card that was told last.
    card: Option<u64>,
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
            echo: Echo::new(),
            decoder: Decoder::new(),
            heard: Heard::new(),
            card: None,
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

    /// Tones sound in the samples `[from, to)` at 8 kHz of this channel; what is known too late or too early of it is left out.
    pub fn tone(&mut self, from: u64, to: u64) {
        let (start, end) = (from / SLOT as u64, to.div_ceil(SLOT as u64));
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
        let tone = core::mem::take(&mut self.tones[now as usize % TONES]);
        let slot = if tone { Slot { any: 0.0, onset: 0.0, ..slot } } else { slot };
        let hit = self.decoder.push(slot);
        self.echo.push(now, slot.loudness, hit.as_ref());
        let asked = hit.and_then(|hit| self.heard.hear(window, &hit, left));
        let held = self.heard.hold(window, now, left);
        match (asked, held) {
            (Some(asked), Some(held)) => Some(asked.and(held)),
            (asked, held) => asked.or(held),
        }
    }

    /// The slots of a card beyond doubt that is read here, once each card.
    pub fn card(&mut self) -> Option<(u64, u64)> {
        let (slots, _) = self.heard.card()?;
        let before = self.card.replace(slots.0);
        Some(slots).filter(|(from, _)| before != Some(*from))
    }

    /// Digits of a card that are said here, each once.
    pub fn said(&mut self) -> Option<Said> {
        let (slots, loudness) = self.heard.card()?;
        self.echo.said(slots, loudness)
    }

    /// The stretches of slots in which the echo can be here of what was `said` on another channel.
    pub fn echoes(&self, said: &Said, stretch: impl FnMut(u64, u64)) {
        self.echo.of(said, stretch);
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

#[cfg(test)]
impl Ear {
    /// Whether it is as new: nothing can be told from it of what was said.
    pub fn is_blank(&self) -> bool {
        self.count == 0
            && self.next == 0
            && self.waiting.iter().all(|slot| *slot == Slot::SILENT)
            && !self.tones.contains(&true)
            && self.echo.is_blank()
            && self.decoder.is_blank()
            && self.heard.is_blank()
    }
}
