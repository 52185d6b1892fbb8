//! The spoken stage's ears: 8 kHz samples -> what a small network says of each slot of 20 ms.
//!
//! `vad` (energy gate) -> `mel` (by `fft`: 40 log energies per 10 ms) -> `net` (weights from `model`; sums in `simd`) -> [`Slot`]s. What to make of
//! them is the decoder's business. In: f32, full scale 1.0, finite and within +-8 as [`coding`](crate::coding) decodes. Out: one slot per [`SLOT`] samples, as soon as the last of them is
//! in; it speaks of the slot [`Model::shift`] earlier, so that the first ones speak of before the call. Slots depend on the samples alone, not on how they
//! were cut nor on the instruction set. In silence neither `mel` nor `net` runs; what is heard after it is heard as at the start of a call.

pub(crate) mod decode;
pub(crate) mod ear;
pub(crate) mod echo;
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
/// Slots whose loudness is remembered: more than any model's shift.
const SOUNDS: usize = 64;
const _: () = assert!(SOUNDS > model::MAX_SHIFT as usize);
/// Nepers of power below the level of the call that still count as speech.
const ACTIVE: f32 = -3.5;

/// What the network says of one slot of 20 ms.
#[derive(Clone, Copy, PartialEq)]
pub struct Slot {
    /// Posterior of any digit, 0 to 1.
    pub any: f32,
    /// Posterior of a digit's onset, 0 to 1.
    pub onset: f32,
    /// Log power of that slot's louder frame, in nepers as the front end has it: -13.8 for silence, about 8 for full scale.
    pub loudness: f32,
    /// Whether that is loud enough, by the level of the call, to hold speech.
    pub active: bool,
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Tells of what was said: shows nothing of it.
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

impl Slot {
    /// Nothing heard.
    pub const SILENT: Self = Self { any: 0.0, onset: 0.0, loudness: mel::SILENCE, active: false };
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
    /// Slots between a sound and the slot that speaks of it.
    #[must_use]
    pub const fn shift(&self) -> u32 {
        self.shift
    }

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
    /// Loudness of the newest slots and whether they were active, by their number.
    sounds: [(f32, bool); SOUNDS],
    count: usize,
}

impl Spotter {
    /// Nothing heard yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            window: [0.0; SPAN],
            filled: LEAD,
            gate: Gate::new(),
            level: Level::new(),
            net: Net::new(),
            sounds: [(mel::SILENCE, false); SOUNDS],
            count: 0,
        }
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
        wipe(&mut self.sounds, (mel::SILENCE, false));
        (self.filled, self.gate, self.level, self.count) = (LEAD, Gate::new(), Level::new(), 0);
        seen(self);
    }

    /// The slot whose samples are all in.
    fn slot(&mut self, params: &Params) -> Slot {
        let was_open = self.gate.is_open();
        let at = self.count;
        self.count = self.count.wrapping_add(1);
        let Some(samples) = self.window.last_chunk() else { return Slot::SILENT };
        self.sounds[at % SOUNDS] = (mel::SILENCE, false);
        if !self.gate.push(samples) {
            if was_open {
                self.level = Level::new();
                self.net.wipe();
            }
            return Slot::SILENT;
        }
        let frames = simd::frames(params.isa, &params.mel, &mut self.level, &self.window);
        let louder = |loudness: f32, frame: &mel::Frame| if frame.loudness > loudness { frame.loudness } else { loudness };
        let active = frames.iter().any(|frame| frame.above > ACTIVE);
        self.sounds[at % SOUNDS] = (frames.iter().fold(mel::SILENCE, louder), active);
        let logits = self.net.push(params.isa, &params.layers, &frames, |_, _| {});
        let (loudness, active) = self.sounds[at.wrapping_sub(params.shift as usize) % SOUNDS];
        Slot { any: sigmoid(logits[ANY]), onset: sigmoid(logits[ONSET]), loudness, active }
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

#[cfg(test)]
mod tests {
    use super::*;
    use cardhush_testkit::rng::Rng;
    use std::vec::Vec;

    /// Slots that the network looks back: those of the blocks, and two frames of the first layer.
    const FIELD: usize = 125;

    fn noise(slots: usize, rms: f64, rng: &mut Rng) -> Vec<f32> {
        (0..slots * SLOT).map(|_| (rng.normal() * rms) as f32).collect()
    }

    /// As [`Spotter::push`], with a gate that is always open.
    fn ungated(params: &Params, samples: &[f32]) -> Vec<Slot> {
        let mut spotter = Spotter::new();
        let mut slots = Vec::new();
        for slot in samples.chunks(SLOT) {
            spotter.gate = Gate::new();
            spotter.gate.push(&[1.0; SLOT]);
            spotter.push(params, slot, &mut |slot| slots.push(slot));
        }
        slots
    }

    #[test]
    fn silence_never_reaches_the_network() {
        let params = Params::new(Isa::detect(), Model::digits());
        let (mut spotter, mut rng) = (Spotter::new(), Rng::new(1));
        // Twice as loud is six standard deviations away: the power of 80 samples has one of 16 %.
        spotter.push(&params, &noise(3_000, 10_f64.powf(-78.0 / 20.0), &mut rng), &mut |slot| assert_eq!(slot, Slot::SILENT));
        assert!(!spotter.gate.is_open() && spotter.is_blank());
        spotter.push(&params, &noise(1, 10_f64.powf(-66.0 / 20.0), &mut rng), &mut |_| {});
        assert!(spotter.gate.is_open() && !spotter.is_blank());
        let mut sounding = 0;
        spotter.push(&params, &[0.0; 100 * SLOT], &mut |slot| sounding += usize::from(slot != Slot::SILENT));
        assert_eq!(sounding, 64, "the hangover");
        assert!(!spotter.gate.is_open() && spotter.is_blank(), "nothing is kept of what was heard");
    }

    /// The gate keeps back what the network would have heard before; of that, nothing reaches further than it looks back. The level lies at its least in both.
    #[test]
    fn behind_the_gate_slots_are_soon_those_without_it() {
        let params = Params::new(Isa::detect(), Model::digits());
        let mut rng = Rng::new(2);
        let quiet = noise(500, 10_f64.powf(-80.0 / 20.0), &mut rng);
        let talk = cardhush_testkit::speech::babble(300 * SLOT, -20.0, 0.0, 8_000, &mut rng);
        let samples: Vec<f32> = quiet.into_iter().chain(talk.into_iter().map(|x| x as f32)).collect();
        let (mut spotter, mut gated) = (Spotter::new(), Vec::new());
        spotter.push(&params, &samples, &mut |slot| gated.push(slot));
        let open = ungated(&params, &samples);
        assert!(gated[..495].iter().all(|slot| *slot == Slot::SILENT) && open[100].any > 0.0);
        assert_eq!(gated[500 + FIELD..], open[500 + FIELD..]);
        let apart = gated[520..].iter().zip(&open[520..]).map(|(gated, open)| (gated.any - open.any).abs());
        let mean = apart.clone().sum::<f32>() / apart.clone().count() as f32;
        std::println!("from 400 ms on, posteriors are {mean:.4} apart on average, at most {:.3}", apart.fold(0.0, f32::max));
        assert!(mean < 0.02);
    }

    #[test]
    fn a_reset_overwrites_what_was_heard() {
        let params = Params::new(Isa::detect(), Model::digits());
        let mut spotter = Spotter::new();
        let loud = noise(200, 0.1, &mut Rng::new(3));
        spotter.push(&params, &loud[..loud.len() - 40], &mut |_| {});
        assert!(!spotter.is_blank() && spotter.window.iter().all(|x| *x != 0.0));
        spotter.reset();
        assert!(spotter.is_blank() && spotter.window.iter().all(|x| *x == 0.0) && spotter.filled == LEAD);
        assert!(spotter.sounds.iter().all(|sound| *sound == (mel::SILENCE, false)));
    }

    impl Spotter {
        fn is_blank(&self) -> bool {
            self.net.is_blank() && self.level == Level::new()
        }
    }
}
