//! The spoken stage's ears: 8 kHz samples -> what a small network says of each slot of 20 ms.
//!
//! `vad` (energy gate) -> `mel` (by `fft`: 40 log energies per 10 ms) -> `net` (weights from `model`; sums in `simd`) -> [`Slot`]s. What to make of
//! them is the decoder's business. In: f32, full scale 1.0, finite and within +-8 as [`coding`](crate::coding) decodes. Out: one slot per [`SLOT`] samples, as soon as the last of them is
//! in; it speaks of the slot [`Model::shift`] earlier, so that the first ones speak of before the call. Slots depend on the samples alone, not on how they
//! were cut nor on the instruction set. In silence neither `mel` nor `net` runs; what is heard after it is heard as at the start of a call.

mod error;
mod fft;
#[cfg(test)]
mod golden;
mod mel;
mod model;
mod net;
mod simd;
mod vad;

pub use error::{Malformed, ModelError, Unsupported};
pub use model::Model;

use crate::config::Isa;
use crate::wipe::{seen, wipe};
use mel::{HOP, Level, Mel, SPAN, WINDOW};
use model::OUTPUTS;
use net::{Layers, Net};
use vad::Gate;

/// Samples of a slot at 8 kHz, 20 ms.
pub const SLOT: usize = 2 * HOP;
/// Samples in front of a slot that its first frame covers.
const LEAD: usize = WINDOW - HOP;
/// Which logits are any digit and onset.
const ANY: usize = 12;
const ONSET: usize = 13;
const _: () = assert!(LEAD + SLOT == SPAN && ONSET + 1 == OUTPUTS);
/// Nepers of power below the level of the call that still count as speech.
const ACTIVE: f32 = -3.5;

/// What the network says of one slot of 20 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slot {
    /// Posterior of any digit, 0 to 1.
    pub any: f32,
    /// Posterior of a digit's onset, 0 to 1.
    pub onset: f32,
    /// Whether the slot that this speaks of is loud enough, by the level of the call, to hold speech.
    pub active: bool,
}

/// Tables that all channels share, 6 KiB.
#[derive(Clone, Debug)]
pub struct Params {
    mel: Mel,
    layers: Layers,
    shift: u32,
    isa: Isa,
}

impl Params {
    /// Builds the tables.
    #[must_use]
    pub fn new(isa: Isa, model: Model) -> Self {
        Self { mel: Mel::new(), layers: Layers::new(&model), shift: model.shift(), isa }
    }
}

/// The ears of one channel, 18 KiB.
#[derive(Clone)]
pub struct Spotter {
    /// The samples in front of a slot, then those of the slot itself.
    window: [f32; SPAN],
    /// How many of them are in.
    filled: usize,
    gate: Gate,
    level: Level,
    net: Net,
    /// Whether the newest slot was active, and in the bits above, those before it.
    active: u64,
}

impl Spotter {
    /// Nothing heard yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: [0.0; SPAN], filled: LEAD, gate: Gate::new(), level: Level::new(), net: Net::new(), active: 0 }
    }

    /// Takes samples at 8 kHz, full scale 1.0; gives each slot that they complete, in order.
    pub fn push(&mut self, params: &Params, samples: &[f32], sink: &mut impl FnMut(Slot)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let room = self.window.get_mut(self.filled..).unwrap_or(&mut []);
            let take = room.len().min(rest.len());
            room.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            rest = rest.get(take..).unwrap_or(&[]);
            self.filled += take;
            if self.filled >= SPAN {
                sink(self.slot(params));
                self.window.copy_within(SLOT.., 0);
                self.filled = LEAD;
            }
        }
    }

    /// Overwrites what was heard; as new.
    pub fn reset(&mut self) {
        wipe(&mut self.window, 0.0);
        self.net.wipe();
        (self.filled, self.gate, self.level, self.active) = (LEAD, Gate::new(), Level::new(), 0);
        seen(self);
    }

    /// The slot whose samples are all in.
    fn slot(&mut self, params: &Params) -> Slot {
        let was_open = self.gate.is_open();
        self.active <<= 1;
        let Some(samples) = self.window.last_chunk() else { return Slot::default() };
        if !self.gate.push(samples) {
            if was_open {
                self.level = Level::new();
                self.net.wipe();
            }
            return Slot::default();
        }
        let frames = simd::frames(params.isa, &params.mel, &mut self.level, &self.window);
        self.active |= u64::from(frames.iter().any(|frame| frame.above > ACTIVE));
        let logits = self.net.push(params.isa, &params.layers, &frames, |_, _| {});
        Slot { any: sigmoid(logits[ANY]), onset: sigmoid(logits[ONSET]), active: self.active >> (params.shift & 63) & 1 == 1 }
    }
}

impl Default for Spotter {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Spotter {
    fn drop(&mut self) {
        self.reset();
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-logit))
}
