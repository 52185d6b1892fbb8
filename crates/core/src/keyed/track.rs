//! A track: one tone from the first sign of it to the end of its ringing, and what is to be masked for it.
//!
//! Frames are numbered from the start of the call, 4 ms each; samples are at 8 kHz; powers are squared amplitudes behind the front
//! filter, full scale 1.0.

use super::checks::{Pair, Ring, WINDOWS};
use super::limits;
use super::timing::Shared;
use super::tones::{HOP, TONES};

/// What is to be masked of one tone, as far as known now; grows from step to step. In samples at 8 kHz.
#[derive(Clone, Copy)]
pub struct Tone {
    /// First sample to mask.
    pub from: u64,
    /// First sample that carries the tone.
    pub sounds: u64,
    /// The sample after the last to mask.
    pub to: u64,
    /// The tone without its pre-echo and its ringing, guards included: what other channels are masked for.
    pub linked: (u64, u64),
    /// The track behind it.
    pub track: Track,
}

/// What is known of a tone's frequencies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pitch {
    /// Near enough to a keypad's, or not measured.
    Maskable,
    /// Further off than a keypad's, as far as a short tone can tell: waits for its end before it is accepted.
    Off,
    /// Still so after half a second: no key.
    Foreign,
}

/// A tone that is on, or was a moment ago.
#[derive(Clone, Copy)]
pub struct Track {
    /// Its pair.
    pub pair: Pair,
    /// First frame on.
    pub start: u64,
    /// Last frame on.
    pub last: u64,
    /// Squared amplitude of each tone while on, behind the front filter.
    pub plateau: [f32; 2],
    /// First sample to mask.
    pub from: u64,
    /// What is known of its frequencies.
    pub pitch: Pitch,
    /// Whether it is masked.
    pub accepted: bool,
    /// Whether it would have been masked without any context.
    pub firm: bool,
    /// Whether it says that keyed digits are near: it is firm, or like the digits near and all but firm.
    pub vouches: bool,
    /// Whether it was reported as a digit.
    pub confirmed: bool,
    /// Power of a tone of the same pair that rings as this one begins: a much weaker one is its reflection and no digit.
    pub behind: f32,
    /// Whether its pre-echo was looked for; the ring forgets it.
    pub headed: bool,
    /// Best score by window.
    pub best: [f32; WINDOWS.len()],
    /// How far it stood out at both edges, as a power ratio, once it has ended.
    pub edges: f32,
    /// Power of each tone's band right before the onset.
    pub before: [f32; 2],
    /// Power of each tone's band in the quietest moment before it.
    pub floor: [f32; 2],
    /// Phase advance per hop of each tone.
    pub advance: [[f32; 2]; 2],
}

impl Track {
    /// Nothing of any call: what the place of a track is overwritten with.
    pub const BLANK: Self = Self {
        pair: Pair::strongest(&[0.0; TONES]),
        start: 0,
        last: 0,
        plateau: [0.0; 2],
        from: 0,
        pitch: Pitch::Maskable,
        accepted: false,
        firm: false,
        vouches: false,
        confirmed: false,
        behind: 0.0,
        headed: false,
        best: [0.0; WINDOWS.len()],
        edges: 0.0,
        before: [0.0; 2],
        floor: [0.0; 2],
        advance: [[1.0, 0.0]; 2],
    };

    /// What is to be masked of it if it rang up to frame `last`.
    pub fn tone(&self, last: u64) -> Tone {
        // The onset lies up to a hop before the middle of the first frame on.
        let sounds = (self.from + limits::GUARD_BEFORE).min(self.start * HOP as u64).saturating_sub(HOP as u64);
        let start = (self.start * HOP as u64).saturating_sub(limits::GUARD_BEFORE);
        let linked = (start, self.last * HOP as u64 + limits::GUARD_AFTER);
        Tone { from: self.from, sounds, to: last * HOP as u64 + limits::GUARD_AFTER, linked, track: *self }
    }

    /// Measures the frequencies of the tone.
    pub fn measure(&mut self, shared: &Shared<'_>, ring: &Ring) {
        let n = (self.last - self.start + 1).clamp(2, 14) as usize;
        for (advance, lane) in self.advance.iter_mut().zip([self.pair.low(), self.pair.high()]) {
            *advance = shared.checks.advance(shared.tones, ring, lane, self.last, n);
        }
    }
}
