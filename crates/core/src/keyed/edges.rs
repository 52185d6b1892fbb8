//! Edges of a tone: where it begins, what precedes it, what it leaves behind.
//!
//! Where: under timing. In: the ring of frames and a tone's plateau (squared amplitudes behind the front filter). Out: frames by
//! number, powers and power ratios. Edges are known to a frame (4 ms); guards make up for that. Pre-echo and ringing are followed as
//! long as they can be told from the background, instead of one large guard for all.

use super::bank::Frame;
use super::checks::{Pair, Ring};
use super::limits;
use super::tones::HOP;
use super::track::Track;

/// First frame on of a tone that is on at `t`; interruptions are bridged as they are on the way forward.
pub fn onset(ring: &Ring, pair: Pair, plateau: [f32; 2], t: u64) -> u64 {
    let mut first = t;
    for frame in (t.saturating_sub(limits::ONSET_FRAMES)..t).rev() {
        let heard = ring.at(frame);
        let gap = first - frame;
        if gap > limits::LOST_PACKET {
            break;
        }
        // Across a lost packet only what is surely the tone's own counts.
        let certain = gap <= limits::BRIDGE || on(heard, pair, plateau, limits::EDGE);
        if certain && shows(ring, frame, pair, plateau) {
            first = frame;
        }
    }
    first
}

/// Whether frame `t` belongs to the tone: both parts within 6 dB of their plateau, or within 10 dB and a good share of all there is.
/// No test of a tone's edges compares it with other tones: how it fares there depends on the digit.
#[inline(always)]
pub fn shows(ring: &Ring, t: u64, pair: Pair, plateau: [f32; 2]) -> bool {
    let frame = ring.at(t);
    on(frame, pair, plateau, limits::EDGE)
        || (on(frame, pair, plateau, limits::LEADING_EDGE)
            && frame.power[pair.low()] + frame.power[pair.high()]
                >= limits::RING_FRACTION * (frame.energy + ring.at(t.wrapping_sub(1)).energy))
}

/// The strongest pair over the last four frames.
pub fn leading(ring: &Ring, t: u64) -> Pair {
    let mut recent = ring.at(t).power;
    for i in 1..4 {
        for (sum, p) in recent.iter_mut().zip(ring.at(t.wrapping_sub(i)).power) {
            *sum += p;
        }
    }
    Pair::strongest(&recent)
}

/// Whether both tones stand at `edge` of their plateau or above.
#[inline(always)]
pub fn on(frame: &Frame, pair: Pair, plateau: [f32; 2], edge: f32) -> bool {
    frame.power[pair.low()] >= plateau[0] * edge && frame.power[pair.high()] >= plateau[1] * edge
}

/// Mean power of both bands over `n` frames from `first`.
pub fn band_power(ring: &Ring, pair: Pair, first: u64, n: u64) -> [f32; 2] {
    let mut sum = [0.0; 2];
    for i in 0..n {
        let frame = ring.at_or_before(first.wrapping_add(i));
        sum[0] += frame.power[pair.low()];
        sum[1] += frame.power[pair.high()];
    }
    sum.map(|s| s / n as f32)
}

/// Background of both bands before an onset: the quietest 12 ms of the 100 ms before it, so that pre-echo does not pass for it.
pub fn quietest(ring: &Ring, pair: Pair, start: u64) -> [f32; 2] {
    let mut floor = band_power(ring, pair, start.wrapping_sub(4), 3);
    for back in [9, 14, 19, 24] {
        let power = band_power(ring, pair, start.wrapping_sub(back), 3);
        floor = [floor[0].min(power[0]), floor[1].min(power[1])];
    }
    floor
}

/// How far the plateau stands above the surroundings, the poorer tone, as a power ratio.
pub fn contrast(plateau: [f32; 2], around: [f32; 2]) -> f32 {
    (plateau[0] / (around[0] + 1e-12)).min(plateau[1] / (around[1] + 1e-12))
}

/// First sample to mask: the onset less its guard, or earlier where a codec's pre-echo of the tone shows.
pub fn head(ring: &Ring, track: &Track) -> u64 {
    let mut first = track.start;
    let mut quiet = 0;
    for back in limits::OVERLAP_FRAMES + 1..=limits::HEAD_FRAMES {
        let frame = track.start.wrapping_sub(back);
        if rings(ring, frame, frame.wrapping_sub(1), track) {
            first = frame;
            quiet = 0;
        } else {
            quiet += 1;
            if quiet > limits::TAIL_QUIET {
                break;
            }
        }
    }
    first = first.min(track.start.saturating_sub(doubtful_frames(track, track.before)));
    (first * HOP as u64).saturating_sub(limits::GUARD_BEFORE)
}

/// Frames by which an edge may lie further out than it seems, where it does not stand out of what is `around` it.
pub fn doubtful_frames(track: &Track, around: [f32; 2]) -> u64 {
    if contrast(track.plateau, around) < limits::BLURRED_EDGE { limits::BLURRED_FRAMES } else { 0 }
}

/// Whether two neighbouring frames outside the tone still show it: both parts about lead their groups, stand out of the
/// background and make up a share of all there is.
pub fn rings(ring: &Ring, one: u64, other: u64, track: &Track) -> bool {
    let (one, other) = (ring.at_or_before(one), ring.at_or_before(other));
    let mut power = one.power;
    for (sum, p) in power.iter_mut().zip(other.power) {
        *sum = 0.5 * (*sum + p);
    }
    let strongest = Pair::strongest(&power);
    let (low, high) = (power[track.pair.low()], power[track.pair.high()]);
    low >= limits::RING_LEADS * power[strongest.low()]
        && high >= limits::RING_LEADS * power[strongest.high()]
        && low >= (limits::RING_OVER_FLOOR * track.floor[0]).max(limits::RING_BELOW_TONE * track.plateau[0])
        && high >= (limits::RING_OVER_FLOOR * track.floor[1]).max(limits::RING_BELOW_TONE * track.plateau[1])
        && low + high >= limits::RING_FRACTION * (one.energy + other.energy)
}
