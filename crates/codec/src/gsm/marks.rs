//! States of the decoder at places all over a file, so that a look at the middle of a recording does not decode it from the start.
//!
//! The decoder feeds back what it has put out, so only the state of a whole run gives the same bits. At most [`MARKS`] are kept, at equal distances,
//! which are doubled where the file turns out longer: constant memory, and a look decodes at most a 32nd of the file in vain.

use super::synthesis::Synthesis;

/// Most states that are kept: about 20 kB.
const MARKS: usize = 64;
/// Blocks between two marks at first: a second of raw frames.
const FIRST_DISTANCE: u64 = 50;

/// See the module.
#[derive(Debug)]
pub(super) struct Marks {
    distance: u64,
    /// The state before block 0, `distance`, twice that, and so on.
    states: Vec<Synthesis>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { distance: FIRST_DISTANCE, states: Vec::new() }
    }
}

impl Marks {
    /// The decoder is about to decode this block; blocks come in order.
    pub fn pass(&mut self, block: u64, state: &Synthesis) {
        if block == self.distance * self.states.len() as u64 {
            if self.states.len() == MARKS {
                let mut even = false;
                self.states.retain(|_| {
                    even = !even;
                    even
                });
                self.distance *= 2;
            }
            // Of an even number of marks the next one is on the wider grid, too.
            self.states.push(state.clone());
        }
    }

    /// The last mark at this block or before it: its block and state.
    pub fn before(&self, block: u64) -> (u64, Synthesis) {
        let last = (self.states.len() as u64).saturating_sub(1);
        let number = (block / self.distance).min(last);
        let state = usize::try_from(number).ok().and_then(|number| self.states.get(number));
        (number * self.distance, state.cloned().unwrap_or_default())
    }
}
