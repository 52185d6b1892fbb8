//! Energy gate: tells whether a slot of 20 ms may hold speech, so that silence costs next to nothing.
//!
//! First of the spoken stage on a channel. In: 160 samples, f32, full scale 1.0. Out: whether [`mel`](super::mel) and [`net`](super::net) must look at them. No latency.

use super::SLOT;
use super::mel::HOP;
use super::model::MAX_SHIFT;

/// Mean square of 10 ms above which something may be said: -71 dBFS, above G.711's smallest steps, 8 of 32,768 or -72 dBFS, and below the noise of any line
/// that is open, so that the gate does not open and shut with it: each time, the network would begin anew and hear the next digit worse.
const FLOOR: f32 = 7.943_282e-8;
/// Slots that the gate stays open for after the last that was louder: 1.28 s, more than any model's shift, so that what was said last is spoken of, and more than
/// most pauses between two digits.
const HANGOVER: u8 = 64;
const _: () = assert!(HANGOVER as u32 > MAX_SHIFT);

/// The gate of one channel.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Slots since the last one that was louder than the floor.
    quiet: u8,
}

impl Gate {
    /// Shut: nothing heard yet.
    pub const fn new() -> Self {
        Self { quiet: HANGOVER + 1 }
    }

    /// Whether the last slot may hold speech.
    pub const fn is_open(&self) -> bool {
        self.quiet <= HANGOVER
    }

    /// Takes the samples of a slot; returns whether it may hold speech.
    pub fn push(&mut self, x: &[f32; SLOT]) -> bool {
        let loud = x.chunks_exact(HOP).any(|frame| {
            let mut lanes = [0.0_f32; 8];
            for row in frame.as_chunks::<8>().0 {
                for (lane, x) in lanes.iter_mut().zip(row) {
                    *lane += x * x;
                }
            }
            lanes.iter().sum::<f32>() > FLOOR * HOP as f32
        });
        self.quiet = if loud { 0 } else { self.quiet.saturating_add(1) };
        self.is_open()
    }
}
