//! The keyed stage: a DTMF receiver in two tiers on each channel.
//!
//! 8 kHz samples -> `bank` (complex tone amplitudes every 4 ms) -> `checks` (windows of 12 to 60 ms) -> `timing` (tracks, by their
//! `edges`, and `refused` looked at again) -> masks and confirmed digits; `echo` listens for what other channels carry. `tones` and `limits` hold the constants.

pub mod bank;
pub mod checks;
pub mod echo;
pub mod edges;
pub mod limits;
pub mod refused;
pub mod simd;
pub mod timing;
pub mod tones;
pub mod track;

use crate::config::{Isa, KeyedConfig, Nearness};
use crate::event::Digit;
use crate::wipe::{seen, wipe};
use bank::{Frame, LEAD};
use checks::{Checks, Ring};
use echo::Echoes;
use simd::BATCH;
use timing::{Shared, Timing};
use tones::{HOP, TONES, Tones};
use track::{Tone, Track};

/// Most frames that one call of [`Receiver::advance`] makes.
pub const FRAMES_AHEAD: usize = 8;
/// Most samples that one call of [`Receiver::advance`] takes.
pub const BLOCK: usize = HOP * FRAMES_AHEAD;
const BUFFER: usize = LEAD + HOP + BLOCK;

/// Tables that all channels share.
#[derive(Clone, Debug)]
pub struct Params {
    tones: Tones,
    checks: Checks,
    isa: Isa,
    context: bool,
}

impl Params {
    /// Builds the tables.
    pub fn new(isa: Isa, config: KeyedConfig) -> Self {
        let tones = Tones::new();
        let checks = Checks::new(&tones);
        Self { tones, checks, isa, context: config.context }
    }

    fn shared(&self) -> Shared<'_> {
        Shared { tones: &self.tones, checks: &self.checks }
    }
}

/// The keyed stage of one channel.
#[derive(Clone)]
pub struct Receiver {
    buffer: [f32; BUFFER],
    filled: usize,
    ring: Ring,
    /// Strongest pair and energy over 16 ms, for the frames that are made and not yet stepped through.
    promise: [[f32; 2]; FRAMES_AHEAD],
    made: u64,
    timing: Timing,
    echoes: Echoes,
    /// The tone of the frame that was stepped through last.
    tone: Option<Tone>,
    /// The tone that was vouched for at that frame.
    late: Option<Tone>,
}

impl Receiver {
    /// Nothing heard yet.
    pub const fn new() -> Self {
        Self {
            buffer: [0.0; BUFFER],
            filled: LEAD,
            ring: Ring::new(),
            promise: [[0.0; 2]; FRAMES_AHEAD],
            made: 0,
            timing: Timing::new(),
            echoes: Echoes::new(),
            tone: None,
            late: None,
        }
    }

    /// Room for the next `count` samples (at most [`BLOCK`]) at 8 kHz, full scale 1.0, to be written before [`advance`](Self::advance).
    pub fn room(&mut self, count: usize) -> &mut [f32] {
        let from = self.filled.min(BUFFER);
        let to = (from + count).min(BUFFER);
        self.buffer.get_mut(from..to).unwrap_or(&mut [])
    }

    /// Takes the `count` samples that were written to the room; returns how many frames they completed.
    pub fn advance(&mut self, params: &Params, count: usize) -> usize {
        self.filled = (self.filled + count).min(BUFFER);
        let count = ((self.filled - LEAD.min(self.filled)) / HOP).min(FRAMES_AHEAD);
        let mut done = 0;
        while done < count {
            let mut frames = [Frame::ZERO; BATCH];
            let take = (count - done).min(BATCH);
            let Some(x) = self.buffer.get(done * HOP..) else { break };
            simd::frames(params.isa, &params.tones, x, take, &mut frames);
            for (i, frame) in frames.iter().take(take).enumerate() {
                let t = self.made + (done + i) as u64;
                self.ring.put(t, frame);
                self.promise[(done + i) & (FRAMES_AHEAD - 1)] = promise(&self.ring, t);
            }
            done += take;
        }
        self.made += count as u64;
        // Keep what the next windows still need.
        let used = count * HOP;
        let rest = self.filled.saturating_sub(used);
        if used > 0 {
            self.buffer.copy_within(used.min(BUFFER).., 0);
        }
        self.filled = rest;
        count
    }

    /// Whether frame `index` of the `count` that [`advance`](Self::advance) just made says nothing and nothing waits for it.
    #[inline(always)]
    pub fn is_idle(&self, index: usize, count: usize) -> bool {
        self.timing.is_idle() && self.echoes.is_idle() && !self.is_promising(index, count)
    }

    /// Steps through frame `index` of the `count` that [`advance`](Self::advance) just made; returns the digit that it confirms.
    pub fn step(&mut self, params: &Params, index: usize, count: usize, frontier: u64) -> Option<Digit> {
        let promising = self.is_promising(index, count);
        let t = self.made - (count - index.min(count)) as u64;
        let step = self.timing.step(&params.shared(), &self.ring, t, promising, frontier);
        self.tone = step.tone;
        self.late = step.late;
        step.confirmed
    }

    /// The accepted tone of the last step.
    pub fn tone(&self) -> Option<Tone> {
        self.tone
    }

    /// What was refused some time ago and is vouched for since the last step.
    pub fn late(&self) -> Option<Tone> {
        self.late
    }

    #[inline(always)]
    fn is_promising(&self, index: usize, count: usize) -> bool {
        let t = self.made - (count - index.min(count)) as u64;
        let [pair, energy] = self.promise[index & (FRAMES_AHEAD - 1)];
        // A lower share, as speech has it often, is looked at every other frame: what it may be the sign of is longer than two.
        pair > limits::STRIKING * energy || (t & 1 == 0 && pair > self.timing.thresholds(t).quick * energy)
    }
}

impl Receiver {
    /// Keyed digits are known to be so near on this channel, from now on.
    pub fn give(&mut self, near: Nearness) {
        self.timing.give(near);
    }

    /// Channel `channel` carries `track`: listens for its copies here.
    pub fn listen(&mut self, channel: usize, track: &Track) {
        self.echoes.listen(channel, track);
    }

    /// Samples of a copy of another channel's tone that shows at frame `t`.
    pub fn copy(&mut self, t: u64) -> Option<(u64, u64)> {
        self.echoes.step(&self.ring, t)
    }

    /// Whether `track` of another channel may be a copy of what sounds on this one.
    pub fn carries(&self, track: &Track) -> bool {
        self.timing.carries(track)
    }

    /// Whether `track` of this channel is a copy of a tone that was found on another.
    pub fn is_copy(&self, track: &Track) -> bool {
        self.echoes.is_copy(track)
    }

    /// `track` of this channel is no copy: keyed digits are near, if it says so.
    pub fn vouch(&mut self, params: &Params, track: &Track, t: u64) {
        if track.vouches && params.context {
            self.timing.draw_near(&params.tones, track, t);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        wipe(&mut self.buffer, 0.0);
        self.ring.wipe();
        self.timing.wipe();
        (self.tone, self.late) = (Some(Track::BLANK.tone(0)), Some(Track::BLANK.tone(0)));
        seen(self);
    }
}

/// Power of the strongest tone of each group over four frames, added; and the energy of the same window.
#[inline(always)]
fn promise(ring: &Ring, t: u64) -> [f32; 2] {
    let (a, b, c, d) = (ring.at(t), ring.at(t.wrapping_sub(1)), ring.at(t.wrapping_sub(2)), ring.at(t.wrapping_sub(3)));
    let mut sum = [0.0_f32; TONES];
    for (k, sum) in sum.iter_mut().enumerate() {
        *sum = (a.power[k] + b.power[k]) + (c.power[k] + d.power[k]);
    }
    // Not f32::max: it looks for NaN, and there is none.
    let greater = |a: f32, b: f32| if a > b { a } else { b };
    let low = greater(greater(sum[0], sum[1]), greater(sum[2], sum[3]));
    let high = greater(greater(sum[4], sum[5]), greater(sum[6], sum[7]));
    let energy = 0.375 * (a.energy + ring.at(t.wrapping_sub(4)).energy) + (b.energy + c.energy + d.energy);
    // Mean of A^2 / 2 over four frames against the mean square over 3.75 hops.
    [(low + high) * (1.0 / 8.0), energy * (1.0 / 3.75)]
}
