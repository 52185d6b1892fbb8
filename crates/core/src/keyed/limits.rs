//! Limits of the keyed stage: every threshold, with its source.

use super::checks::{Checks, Pair, Ring, WINDOWS};
use super::timing::Shared;
use super::tones::{HOP, Tones};
use super::track::Track;
use crate::config::Nearness;

/// A tone is on while both its parts are within 6 dB of their plateau.
pub const EDGE: f32 = 0.25;
/// Or within 10 dB, where the pair leads its frame: codecs that build a tone up slowly.
pub const LEADING_EDGE: f32 = 0.1;
/// A tone in doubt that becomes so many times stronger from one frame to the next is another.
pub const LEAP: f32 = 8.0;
/// By so much the score of another pair must be better to end a tone that is still on.
pub const RIVAL_MARGIN: f32 = 0.15;
/// Frames before its discovery in which a tone's onset is looked for (80 ms).
pub const ONSET_FRAMES: u64 = 20;
/// Frames that a lost packet of 20 ms takes out of a tone; its first part is a part of it.
pub const LOST_PACKET: u64 = 8;
/// Frames below the edge that end a tone: an interruption of 10 ms is bridged (Q.24), one below 20 ms ends no
/// digit (ES 201 235-3), a pause of 30 ms does (Q.24, NTT).
pub const BRIDGE: u64 = 6;
/// A reflection is at least 6 dB below its tone.
pub const REFLECTION: f32 = 0.25;
/// An edge that stands out by less than 6 dB is not surely the tone's own: the mask goes on for 12 ms beyond it.
pub const BLURRED_EDGE: f32 = 4.0;
/// See [`BLURRED_EDGE`].
pub const BLURRED_FRAMES: u64 = 3;
/// A tone that never stood out may begin 8 ms earlier and end 8 ms later than it shows.
pub const HIDDEN_FRAMES: u64 = 2;
/// Shortest tone that is confirmed, in hops: 25 ms. Q.24 rejects up to 23 ms and accepts from 40 ms; ES 201 235-3 leaves 20-40 ms open.
pub const SHORTEST_DIGIT: f32 = 6.25;
/// Samples from the start of the mask to the middle of the first frame on (frame `t` has its middle at `32 t`). The onset lies up to
/// 32 samples before that middle, so that 4 to 8 ms before it go.
pub const GUARD_BEFORE: u64 = 64;
/// Samples from the middle of the last frame on to the end of the mask. The tone ends up to 32 samples behind that middle; 9 to 13 ms
/// after it go, which covers what bleeds 5 ms late into another channel.
pub const GUARD_AFTER: u64 = 2 * HOP as u64 + 40;
/// Squared amplitude behind the filter below which nothing opens: about -62 dBm0.
pub const FAINTEST: f32 = 2e-7;
/// Frames beside a tone that overlap it.
pub const OVERLAP_FRAMES: u64 = 2;
/// Longest head that is looked for, in frames (60 ms: MP3 pre-echo).
pub const HEAD_FRAMES: u64 = 15;
/// Longest tail that is followed, in frames (100 ms).
pub const TAIL_FRAMES: u64 = 25;
/// Frames without ringing that end a tail, ...
pub const TAIL_QUIET: u64 = 2;
/// ... unless the tone itself comes back within 40 ms: a packet was lost.
pub const TAIL_GAP: u64 = 10;
/// Each part of a ringing pair is within 3 dB of the strongest tone of its group, ...
pub const RING_LEADS: f32 = 0.5;
/// ... stands 6 dB above the background ...
pub const RING_OVER_FLOOR: f32 = 4.0;
/// ... is not more than 45 dB below the tone ...
pub const RING_BELOW_TONE: f32 = 3e-5;
/// ... and is this share of the frame's energy.
pub const RING_FRACTION: f32 = 0.3;
/// How much later an echo may come, in frames (300 ms).
pub const ECHO_FRAMES: u64 = 75;
/// Frames of the shortest and of the longest window in which a copy is looked for (28 and 60 ms).
pub const COPY_SHORTEST: usize = 6;
/// See [`COPY_SHORTEST`].
pub const COPY_LONGEST: usize = 14;
/// Squared amplitude behind the filter below which a copy is not looked for: about -84 dBm0.
pub const FAINTEST_COPY: f32 = 1e-9;
/// Least coherence of both tones of a copy over `n` frames. Noise gives 1.3 / n on average, and more than this in both lanes in
/// one window of ten thousand.
pub fn copy_coherence(n: usize) -> f32 {
    (6.2 / n as f32).min(0.8)
}

/// Weight of a new digit in the running average of the digits near.
pub const TYPICAL_WEIGHT: f32 = 0.3;

/// How a tone compares with the digits near: one keypad sends all of them at about the same levels.
pub enum Likeness {
    /// More than 15 dB below: not taken on weak evidence.
    Faint,
    /// Neither.
    Unlike,
    /// Nothing is known of digits near.
    Unknown,
    /// Both parts within 7 dB and the twist within 5.4 dB.
    Alike,
}

/// Likeness of a tone of line powers `(low, high)` to the typical ones; what is known of none is like none.
pub fn likeness((low, high): (f32, f32), typical: [f32; 2]) -> Likeness {
    let within = |a: f32, b: f32, ratio: f32| a < b * ratio && b < a * ratio;
    if low + high < 0.03 * (typical[0] + typical[1]) {
        Likeness::Faint
    } else if within(low, typical[0], 5.0) && within(high, typical[1], 5.0) && within(low * typical[1], high * typical[0], 3.5) {
        Likeness::Alike
    } else if typical[0] > 0.0 {
        Likeness::Unlike
    } else {
        Likeness::Unknown
    }
}

/// Points of doubtful tones that lower the thresholds for what follows, ...
pub const DOUBT_POINTS: usize = 4;
/// ... if they fall within 5 s: two tones that are nearly certain, or four fragments.
pub const DOUBT_FRAMES: u64 = 1250;

/// Scores (fraction x coherence) by window of 2, 3, 4, 6, 9 and 14 frames; [`OFF`] where a window has no say.
pub type Scores = [f32; WINDOWS.len()];
/// No score is above this.
const OFF: f32 = 9.0;

/// What evidence suffices.
pub struct Thresholds {
    /// Quick test: share of a 16 ms window's energy in the strongest pair.
    pub quick: f32,
    /// Whether the steadiest pair is tried beside the loudest.
    pub steady: bool,
    /// Score that the steadiest pair must come near before the windows are worked out.
    pub least_score: f32,
    /// Frames of the longest window that can open a track.
    pub longest_to_open: usize,
    /// A track opens above one of these.
    pub open: Scores,
    /// Accepted above one of these when its first sample is about to leave.
    pub leaving: Scores,
    /// Accepted at once above one of these.
    pub at_once: Scores,
    /// Accepted at its end above one of these scores, where both edges stand out by the power ratio beside them.
    pub by_edges: &'static [(f32, Scores)],
}

/// Share of a 16 ms window's energy in the strongest pair that is looked at whenever it shows: short fragments have it.
pub const STRIKING: f32 = 0.7;

/// Nothing is known yet. Set on 2.9 h of speech at -18 and -28 dBm0 so that none of it is taken, with a margin.
pub const FIRST: Thresholds = Thresholds {
    quick: 0.5,
    steady: false,
    least_score: 0.2,
    longest_to_open: 4,
    open: [0.56, OFF, 0.5, OFF, OFF, OFF],
    leaving: [OFF, 0.85, 0.8, 0.7, 0.5, 0.4],
    at_once: [OFF, OFF, OFF, 0.97, 0.91, 0.88],
    by_edges: &[
        (4.0, [OFF, OFF, OFF, 0.93, 0.90, 0.87]),
        (10.0, [OFF, OFF, OFF, 0.90, 0.84, 0.80]),
        (32.0, [OFF, OFF, 0.95, 0.84, 0.72, 0.64]),
        (320.0, [OFF, OFF, 0.90, 0.80, 0.68, 0.60]),
    ],
};

// Where keyed digits are near, a tone like them needs little evidence, and one unlike them more; the further off they are, the more. Set
// on 120 digits each of the referee's conditions with speech as loud as the tones, and on speech with four keys every twelve seconds: next to
// a key a tone that is nearly drowned must go, ten seconds away a sound that is like one must not. A tone fills the longest window that it
// has room for, speech does not: next to the keys alone does a shorter window suffice.

/// Within a second, like the digits.
const CLOSE_ALIKE: Thresholds = Thresholds {
    quick: 0.15,
    steady: true,
    least_score: 0.1,
    longest_to_open: 6,
    open: [0.5, OFF, 0.3, 0.2, 0.12, 0.1],
    leaving: [0.5, OFF, 0.3, 0.15, 0.1, 0.08],
    at_once: [OFF, OFF, 0.4, 0.2, 0.13, 0.1],
    by_edges: &[(3.0, [0.5, 0.5, 0.3, 0.3, 0.2, 0.15])],
};
/// The same for the second look of a file, which has time to try what is all but drowned.
const SECOND_ALIKE: Thresholds = Thresholds {
    quick: 0.07,
    least_score: 0.04,
    longest_to_open: 14,
    open: [0.5, OFF, 0.3, 0.17, 0.105, 0.085],
    at_once: [OFF, OFF, 0.4, 0.18, 0.12, 0.09],
    ..CLOSE_ALIKE
};
/// Within a second, unlike the digits.
const CLOSE_UNLIKE: Thresholds = Thresholds {
    leaving: [0.5, OFF, 0.4, 0.2, 0.13, 0.1],
    at_once: [OFF, OFF, OFF, 0.6, 0.4, 0.22],
    by_edges: &[(0.0, [OFF, OFF, 0.5, 0.3, 0.2, 0.15]), (3.0, [0.5, 0.5, 0.3, 0.3, 0.2, 0.15])],
    ..CLOSE_ALIKE
};
/// Within three seconds, like the digits.
const NEAR_ALIKE: Thresholds = Thresholds {
    quick: 0.2,
    open: [0.5, OFF, 0.4, 0.3, 0.2, 0.15],
    leaving: [OFF, OFF, 0.6, 0.4, 0.3, 0.22],
    at_once: [OFF, OFF, OFF, 0.7, 0.45, 0.25],
    by_edges: &[(0.0, [OFF, OFF, 0.6, 0.4, 0.3, 0.2]), (6.0, [0.5, 0.5, 0.5, 0.35, 0.25, 0.2])],
    ..CLOSE_ALIKE
};
/// Within three seconds, unlike the digits.
const NEAR_UNLIKE: Thresholds = Thresholds {
    quick: 0.2,
    open: [0.5, OFF, 0.4, 0.3, 0.2, 0.15],
    leaving: FIRST.leaving,
    at_once: [OFF, OFF, OFF, 0.9, 0.7, 0.5],
    by_edges: &[(0.0, [OFF, OFF, 0.8, 0.6, 0.5, 0.4]), (10.0, [0.55, 0.6, 0.7, 0.5, 0.45, 0.35])],
    ..CLOSE_ALIKE
};
/// Within ten seconds, like the digits.
const FAR_ALIKE: Thresholds = Thresholds {
    quick: 0.3,
    open: [0.5, OFF, 0.5, 0.35, 0.3, 0.25],
    steady: false,
    least_score: 0.2,
    leaving: FIRST.leaving,
    at_once: [OFF, OFF, OFF, 0.75, 0.5, 0.35],
    by_edges: &[(0.0, [OFF, OFF, 0.7, 0.5, 0.4, 0.3]), (10.0, [0.55, 0.55, 0.6, 0.4, 0.35, 0.3])],
    ..CLOSE_ALIKE
};
/// Within ten seconds, unlike the digits.
const FAR_UNLIKE: Thresholds = Thresholds {
    quick: 0.3,
    open: [0.5, OFF, 0.5, 0.35, 0.3, 0.25],
    steady: false,
    least_score: 0.2,
    leaving: FIRST.leaving,
    at_once: [OFF, OFF, OFF, 0.95, 0.8, 0.6],
    by_edges: &[(0.0, [OFF, OFF, 0.9, 0.75, 0.65, 0.55]), (32.0, [0.6, 0.65, 0.75, 0.6, 0.5, 0.45])],
    ..CLOSE_ALIKE
};

/// The thresholds for a tone this near to keyed digits; what is known of none is held to be like those next to it. `second`: they were found
/// by a first look at the file.
pub fn thresholds(near: Nearness, likeness: &Likeness, second: bool) -> &'static Thresholds {
    match (near, likeness) {
        (Nearness::Unknown, _) => &FIRST,
        (_, Likeness::Faint) => &FAR_UNLIKE,
        (Nearness::Close, Likeness::Alike | Likeness::Unknown) if second => &SECOND_ALIKE,
        (Nearness::Close, Likeness::Alike | Likeness::Unknown) => &CLOSE_ALIKE,
        (Nearness::Close, Likeness::Unlike) => &CLOSE_UNLIKE,
        (Nearness::Near, Likeness::Alike) => &NEAR_ALIKE,
        (Nearness::Near, _) => &NEAR_UNLIKE,
        (Nearness::Far, Likeness::Alike) => &FAR_ALIKE,
        (Nearness::Far, _) => &FAR_UNLIKE,
    }
}

impl Thresholds {
    /// Whether the evidence suffices as it stands.
    pub fn at_once(&self, best: &Scores) -> bool {
        above(best, &self.at_once)
    }

    /// Whether a tone of so many frames that has ended is one by its edges. A tone fills the longest window that it has room for,
    /// a sound that passes by does not: that window decides.
    pub fn by_edges(&self, best: &Scores, edges: f32, frames: u64) -> bool {
        let longest = longest_window(frames);
        let score = best.get(longest).copied().unwrap_or(0.0);
        self.by_edges.iter().any(|(contrast, scores)| edges > *contrast && scores.get(longest).is_some_and(|least| score > *least))
    }

    /// Whether a tone of unknown end is masked because its first sample leaves now; `onset` is how far it stands above what was before.
    pub fn leaving(&self, best: &Scores, onset: f32) -> bool {
        above(best, &self.leaving) || (onset > 6.0 && above(best, &[0.65, 0.6, 0.6, 0.5, 0.4, 0.4]))
    }

    /// Whether the evidence on a tone of so many frames that has ended suffices.
    pub fn suffices(&self, best: &Scores, edges: f32, frames: u64) -> bool {
        self.at_once(best) || self.by_edges(best, edges, frames)
    }

    /// How near the evidence comes to being accepted, 1 being enough; fragments by their openings.
    pub fn quality(&self, best: &Scores) -> f32 {
        let scaled = best.iter().zip(self.at_once.iter().zip(self.open));
        scaled.fold(0.0, |quality, (score, (accept, open))| quality.max(score / accept.min(2.0 * open)))
    }

    /// Whether the windows at an opening suffice to follow it.
    pub fn opens(&self, window: usize) -> Option<f32> {
        self.open.get(window).copied().filter(|score| *score < OFF)
    }
}

/// The longest window that lies inside a tone of so many frames; `n` frames span `n + 1` hops.
fn longest_window(frames: u64) -> usize {
    WINDOWS.iter().rposition(|n| (*n as u64) < frames).unwrap_or(0)
}

fn above(best: &Scores, thresholds: &Scores) -> bool {
    best.iter().zip(thresholds).any(|(score, threshold)| score > threshold)
}

/// Whether a tone of so many frames that was masked has been nearly drowned all the time; fragments fill no long window.
pub fn is_hidden(best: &Scores, frames: u64) -> bool {
    frames > 8 && best[2] < 0.7 && best[3] < 0.5 && best[4] < 0.4
}

/// Whether a tone like the digits near that has ended is all but firm: such a one in two minutes of speech.
pub fn all_but_firm(best: &Scores, edges: f32, frames: u64) -> bool {
    FAR_UNLIKE.by_edges(best, edges, frames)
}

/// Whether a tone in doubt looks like one that needs only time: what it leaves on other channels is its copy.
pub fn is_striking(best: &Scores) -> bool {
    above(best, &[OFF, OFF, 0.8, 0.8, 0.8, 0.8])
}

/// Points that a refused track adds to the doubt.
pub fn doubt(best: &Scores, edges: f32, frames: u64) -> usize {
    let longest = longest_window(frames);
    let score = best.get(longest).copied().unwrap_or(0.0);
    if edges > 6.3 && [OFF, OFF, OFF, 0.7, 0.62, 0.57].get(longest).is_some_and(|least| score > *least) {
        2
    } else if edges > 32.0 && frames <= 6 && above(best, &[0.6, OFF, OFF, OFF, OFF, OFF]) {
        1
    } else {
        0
    }
}

/// Twist (high over low) that masking takes: +11..-15 dB, the +8..-12 dB of a masker with room for noise.
#[inline(always)]
pub fn twist_maskable(tones: &Tones, pair: Pair, power: [f32; 2]) -> bool {
    let (low, high) = line_power(tones, pair, power);
    high < low * 12.6 && high * 31.6 > low
}

/// Powers on the line: the front filter's gain taken out.
pub fn line_power(tones: &Tones, pair: Pair, power: [f32; 2]) -> (f32, f32) {
    (power[0] / tones.filter_power[pair.low()], power[1] / tones.filter_power[pair.high()])
}

/// Frequency offsets that masking takes: 3.2 % (2.5 % and the error of a short tone), measured over the whole tone; short fragments are not held to it.
pub fn offsets_maskable(shared: &Shared<'_>, ring: &Ring, track: &Track) -> bool {
    let frames = track.last - track.start + 1;
    frames < 4
        || [track.pair.low(), track.pair.high()]
            .into_iter()
            .all(|lane| libm::fabsf(Checks::offset_percent(shared.tones, ring, lane, track.last, frames.min(40) as usize)) < 3.2)
}

/// Offset in percent that no key has, where half a second tells: the 2.5 % that masking takes, and the error of a measurement.
const FOREIGN_OFFSET_PERCENT: f32 = 2.7;
/// Difference of both tones' offsets that no key has which lasts so long: one clock makes both, and Q.24 leaves each 1.8 %, so that 2.4 % up and down is no key's, though either by itself is.
const FOREIGN_SPREAD_PERCENT: f32 = 3.8;
/// Frames after which a tone whose frequencies were off all the time is no key (500 ms).
pub const FOREIGN_FRAMES: u64 = 125;
/// Frames over which its frequencies are measured while it is on (40 ms), ...
pub const FOREIGN_WINDOW: usize = 9;
/// ... and at last (164 ms).
pub const FOREIGN_LONG_WINDOW: usize = 40;

/// Whether the frequencies of `n` frames up to `t` are further off than those of a key.
pub fn off_pitch(shared: &Shared<'_>, ring: &Ring, pair: Pair, t: u64, n: usize) -> bool {
    let [low, high] = [pair.low(), pair.high()].map(|lane| Checks::offset_percent(shared.tones, ring, lane, t, n));
    libm::fabsf(low) > FOREIGN_OFFSET_PERCENT
        || libm::fabsf(high) > FOREIGN_OFFSET_PERCENT
        || libm::fabsf(high - low) > FOREIGN_SPREAD_PERCENT
}

/// Twist (high over low) of a confirmed digit, as power ratios: +11 dB and -15 dB. Q.24 asks for +4 and -8 dB, and leaves the rest open.
const MOST_TWIST: f32 = 12.6;
/// See [`MOST_TWIST`].
const LEAST_TWIST: f32 = 1.0 / 31.6;
/// Line power of the weaker tone of a confirmed digit: -50 dBm0. RFC 4733: -36 dBm0 accepted, -55 dBm0 rejected.
const FAINTEST_DIGIT: f32 = 5e-6;
/// Offset of a confirmed digit in percent, as measured. Q.24: 1.8 accepted, 3.0 rejected.
const DIGIT_OFFSET_PERCENT: f32 = 2.5;
/// Score of a confirmed digit over 28 or 40 ms: white noise 3 dB below its tones leaves it that.
const DIGIT_SCORES: Scores = [OFF, OFF, OFF, 0.62, 0.58, OFF];
/// The same where it is unlike the digits near: what else there is of steady pairs beside keyed digits is speech.
const STRANGE_DIGIT_SCORES: Scores = [OFF, OFF, OFF, 0.88, 0.8, OFF];

/// Q.24 / ES 201 235-3: whether the track is a digit that a receiver must accept.
pub fn confirms(shared: &Shared<'_>, ring: &Ring, track: &Track, t: u64, best: &Scores, strange: bool) -> bool {
    let frames = (t - track.start + 1) as usize;
    let reflects = track.plateau[0] + track.plateau[1] < REFLECTION * track.behind;
    if reflects || !above(best, if strange { &STRANGE_DIGIT_SCORES } else { &DIGIT_SCORES }) {
        return false;
    }
    let (low, high) = line_power(shared.tones, track.pair, track.plateau);
    let lanes = [track.pair.low(), track.pair.high()];
    high < low * MOST_TWIST
        && high > low * LEAST_TWIST
        && low.min(high) > FAINTEST_DIGIT
        && duration(ring, track, t) > SHORTEST_DIGIT
        && lanes
            .into_iter()
            .all(|lane| libm::fabsf(Checks::offset_percent(shared.tones, ring, lane, t, frames.min(14))) < DIGIT_OFFSET_PERCENT)
}

/// How long both tones have been on, in hops. Windows that overlap by half make the amplitudes of a tone's frames sum up to its
/// length, edges included.
fn duration(ring: &Ring, track: &Track, t: u64) -> f32 {
    let first = track.start.saturating_sub(2).max(t.saturating_sub(16));
    let lanes = [track.pair.low(), track.pair.high()];
    let mut hops = 0.0;
    for frame in first..=t {
        let power = &ring.at(frame).power;
        let on = lanes.into_iter().zip(track.plateau).fold(1.0_f32, |on, (lane, plateau)| on.min(power[lane & 7] / (plateau + 1e-12)));
        hops += libm::sqrtf(on);
    }
    hops
}
