//! Faint and delayed copies: what a tone on one channel leaves on the others (bleed, line echo, conference bridges).
//!
//! Where: beside the tracks of each channel. In: the tones that the other channels carry, with their measured frequencies. Out:
//! the samples at 8 kHz of a copy. Knowing what to listen for, 60 ms suffice for a copy 5 dB below the noise of the channel: the
//! phases of both tones must run on at the very frequencies of the source. A copy masks its own channel alone and is never
//! linked back, nor does it say that digits are keyed on its channel.

use super::checks::{Pair, Ring, coherent};
use super::limits;
use super::tones::HOP;
use super::track::Track;

/// Tones of other channels that a channel remembers at a time: 430 ms of keying at 54 ms a digit, less than any person does.
const SOURCES: usize = 8;
/// Frames for which a tone is remembered: the latest echo, and what its own end takes (a bridge, a tail).
const KEPT_FRAMES: u64 = limits::ECHO_FRAMES + limits::BRIDGE + limits::TAIL_FRAMES;

/// A tone on another channel.
#[derive(Clone, Copy)]
struct Source {
    channel: usize,
    pair: Pair,
    advance: [[f32; 2]; 2],
    plateau: [f32; 2],
    start: u64,
    last: u64,
}

/// What one channel listens for.
#[derive(Clone)]
pub struct Echoes {
    sources: [Option<Source>; SOURCES],
    next: usize,
}

impl Echoes {
    pub const fn new() -> Self {
        Self { sources: [None; SOURCES], next: 0 }
    }

    /// Whether there is nothing to listen for.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.sources.iter().all(Option::is_none)
    }

    /// Channel `channel` carries `track`: listen for it.
    pub fn listen(&mut self, channel: usize, track: &Track) {
        let source =
            Source { channel, pair: track.pair, advance: track.advance, plateau: track.plateau, start: track.start, last: track.last };
        let known = self
            .sources
            .iter_mut()
            .flatten()
            .find(|s| s.channel == channel && s.pair == track.pair && track.start <= s.last && s.start <= track.last);
        if let Some(known) = known {
            *known = source;
        } else {
            self.sources[self.next & (SOURCES - 1)] = Some(source);
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Whether `track` is a weaker copy of what another channel carries or carried.
    pub fn is_copy(&self, track: &Track) -> bool {
        self.sources.iter().flatten().any(|source| {
            source.pair == track.pair
                && source.start <= track.last
                && track.start <= source.last + limits::ECHO_FRAMES
                && source.plateau[0] + source.plateau[1] > track.plateau[0] + track.plateau[1]
        })
    }

    /// The copy that shows in the window which ends with frame `t`, in samples at 8 kHz.
    #[inline]
    pub fn step(&mut self, ring: &Ring, t: u64) -> Option<(u64, u64)> {
        let mut found: Option<(u64, u64)> = None;
        for slot in &mut self.sources {
            let Some(source) = slot else { continue };
            if t > source.last + KEPT_FRAMES {
                *slot = None;
                continue;
            }
            if t > source.last + limits::ECHO_FRAMES {
                continue;
            }
            let frames = (source.last - source.start + 1) as usize;
            let n = frames.clamp(limits::COPY_SHORTEST, limits::COPY_LONGEST);
            let least = limits::copy_coherence(n);
            let lanes = [source.pair.low(), source.pair.high()];
            let mut level = [0.0; 2];
            let mut heard = true;
            for (((lane, advance), plateau), level) in lanes.into_iter().zip(source.advance).zip(source.plateau).zip(level.iter_mut()) {
                let (power, total) = coherent(ring, lane, t, n, advance);
                heard &= power > least * total && power > limits::FAINTEST_COPY && power < plateau;
                *level = power;
            }
            if !heard {
                continue;
            }
            // The window may reach beyond the copy at either end: its frames tell.
            let shows = |frame: u64| lanes.iter().zip(level).all(|(lane, level)| ring.at(frame).power[*lane & 7] > limits::EDGE * level);
            let first = t.saturating_sub(n as u64 - 1);
            let (Some(first), Some(last)) = ((first..=t).find(|f| shows(*f)), (first..=t).rev().find(|f| shows(*f))) else { continue };
            let from = (first * HOP as u64).saturating_sub(limits::GUARD_BEFORE / 2);
            let to = last * HOP as u64 + limits::GUARD_AFTER;
            found = Some(found.map_or((from, to), |(a, b)| (a.min(from), b.max(to))));
        }
        found
    }
}
