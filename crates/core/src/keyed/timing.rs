//! Timing of tones: frames -> tracks, from the first sign of a pair to the end of its ringing.
//!
//! Where: last block of the keyed stage on one channel. In: the ring of frames, one new frame a step. Out: [`Step`], in samples at
//! 8 kHz. A track opens on weak evidence, is *accepted* (masked) once its evidence suffices or its surroundings speak for it, and
//! *confirmed* (a digit a caller may act on) within the limits of Q.24 and ES 201 235-3. Latency: at most
//! [`LONGEST_DOUBT`] frames from a tone's first frame to its acceptance, but for what a later tone vouches for (`refused`), and, where no keyed
//! digits are near, for a steady pair whose frequencies are no key's: that is accepted when it ends or is about to leave, and never once it
//! was on for [`limits::FOREIGN_FRAMES`].

use super::checks::{Checks, Evidence, Pair, Ring, WINDOWS};
use super::edges::{band_power, contrast, doubtful_frames, head, leading, on, onset, quietest, rings, shows};
use super::limits::{self, Likeness, Thresholds};
use super::refused::Refused;
use super::tones::{HOP, Tones};
use super::track::{Pitch, Tone, Track};
use crate::config::Nearness;
use crate::event::Digit;
use crate::wipe::{seen, wipe};

/// Frames after which a track that was never accepted is dropped and looked at anew (112 ms).
pub const LONGEST_DOUBT: u64 = 28;

/// Length of a frame's step in ms.
const HOP_MS: u64 = HOP as u64 / 8;

/// Frames over which two pairs are compared (20 ms).
const RIVAL_FRAMES: usize = 4;

/// What a channel's keyed stage found at one frame.
#[derive(Clone, Copy, Default)]
pub struct Step {
    /// The accepted tone that is on, ends now or rings.
    pub tone: Option<Tone>,
    /// A tone of the last seconds that was refused and is vouched for now.
    pub late: Option<Tone>,
    /// A digit was confirmed at this frame.
    pub confirmed: Option<Digit>,
}

/// The decay of an accepted tone: ringing, reflections, codec smear.
#[derive(Clone, Copy)]
struct Tail {
    track: Track,
    /// Last frame to mask.
    reached: u64,
    /// Next frame to look at.
    next: u64,
    /// Frames since it was last heard.
    quiet: u64,
}

impl Tail {
    /// Power with which a pair rings. A call of its own: inlined, its reads come before the question whether there is a tail, which is harmless and looks to memory
    /// checkers like a use of what was never written.
    #[inline(never)]
    fn power_of(&self, pair: Pair) -> f32 {
        if self.track.pair == pair { self.track.plateau[0] + self.track.plateau[1] } else { 0.0 }
    }
}

/// One channel's tracks.
#[derive(Clone)]
pub struct Timing {
    track: Option<Track>,
    tail: Option<Tail>,
    /// How near keyed digits are known to be, from outside.
    given: Nearness,
    /// Frame at which a tone that speaks for itself was last on, if there was any.
    certain: Option<u64>,
    /// Line power of the low and the high tone of the digits near, averaged.
    typical: [f32; 2],
    doubts: [u64; limits::DOUBT_POINTS],
    refused: Refused,
}

/// What all channels share.
pub struct Shared<'a> {
    pub tones: &'a Tones,
    pub checks: &'a Checks,
}

impl Timing {
    pub const fn new() -> Self {
        Self {
            track: None,
            tail: None,
            given: Nearness::Unknown,
            certain: None,
            typical: [0.0; 2],
            doubts: [0; limits::DOUBT_POINTS],
            refused: Refused::new(),
        }
    }

    /// Keyed digits are known to be so near on this channel, from now on.
    pub fn give(&mut self, near: Nearness) {
        self.given = near;
    }

    /// How near keyed digits are at frame `t`, as far as is known.
    fn nearness(&self, t: u64) -> Nearness {
        self.heard(t).max(self.given)
    }

    /// How near the last digit is that was heard here.
    fn heard(&self, t: u64) -> Nearness {
        self.certain.map_or(Nearness::Unknown, |at| Nearness::of_ms(t.saturating_sub(at) * HOP_MS))
    }

    /// The thresholds for what opens at frame `t`: lower where a tone was found a short while ago, or is known to be near.
    #[inline(always)]
    pub fn thresholds(&self, t: u64) -> &'static Thresholds {
        limits::thresholds(self.nearness(t), &Likeness::Alike, self.given == Nearness::Close)
    }

    /// The thresholds for `track` at frame `t`.
    fn thresholds_for(&self, shared: &Shared<'_>, track: &Track, t: u64) -> &'static Thresholds {
        limits::thresholds(self.nearness(t), &self.likeness(shared.tones, track, t), self.given == Nearness::Close)
    }

    /// Likeness of `track` to the digits that were heard last.
    fn likeness(&self, tones: &Tones, track: &Track, t: u64) -> Likeness {
        match limits::likeness(limits::line_power(tones, track.pair, track.plateau), self.typical) {
            // Another number may come at another level.
            Likeness::Faint if self.heard(t) == Nearness::Unknown => Likeness::Unlike,
            likeness => likeness,
        }
    }

    /// Keyed digits are near: `track` says so, on this channel and not as a copy of another's. What was refused before it is looked at again.
    pub fn draw_near(&mut self, tones: &Tones, track: &Track, t: u64) {
        let (low, high) = limits::line_power(tones, track.pair, track.plateau);
        let weight = if self.heard(t) > Nearness::Unknown { limits::TYPICAL_WEIGHT } else { 1.0 };
        for (typical, power) in self.typical.iter_mut().zip([low, high]) {
            *typical += weight * (power - *typical);
        }
        self.certain = Some(t);
        let typical = self.typical;
        self.refused.judge(|refused| {
            let likeness = limits::likeness(limits::line_power(tones, refused.pair, refused.plateau), typical);
            let near = Nearness::of_ms(track.start.saturating_sub(refused.last) * HOP_MS);
            // What was refused longer ago is too far off, and its samples may be forgotten.
            near >= Nearness::Near
                && limits::thresholds(near, &likeness, false).suffices(&refused.best, refused.edges, refused.last - refused.start + 1)
        });
    }

    /// Overwrites the tracks.
    pub fn wipe(&mut self) {
        self.refused.wipe();
        let mut tracks = [self.track, self.tail.map(|tail| tail.track)];
        wipe(&mut tracks, Some(Track::BLANK));
        self.track = Some(Track::BLANK);
        self.tail = Some(Tail { track: Track::BLANK, reached: 0, next: 0, quiet: 0 });
        seen(self);
        *self = Self::new();
    }

    /// Whether no tone is on and none rings.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.track.is_none() && self.tail.is_none() && self.refused.is_idle()
    }

    /// Whether keyed digits are near and `track` is unlike them.
    fn is_strange(&self, shared: &Shared<'_>, track: &Track, t: u64) -> bool {
        self.nearness(t) > Nearness::Unknown && matches!(self.likeness(shared.tones, track, t), Likeness::Faint | Likeness::Unlike)
    }

    /// Whether the track that is on here is the same pair as `copy`, stronger and no later, and about to be certain.
    pub fn carries(&self, copy: &Track) -> bool {
        self.track.as_ref().is_some_and(|track| {
            track.pair == copy.pair
                && limits::is_striking(&track.best)
                && track.start <= copy.start
                && track.plateau[0] + track.plateau[1] > copy.plateau[0] + copy.plateau[1]
        })
    }

    /// Takes frame `t`, the newest in the ring. `frontier` is the 8 kHz sample before which everything has left.
    pub fn step(&mut self, shared: &Shared<'_>, ring: &Ring, t: u64, promising: bool, frontier: u64) -> Step {
        let thresholds = self.thresholds(t);
        let mut step = Step::default();
        if let Some(mut track) = self.track.take() {
            let rival = if promising { self.rival(shared, ring, t, &track, thresholds) } else { None };
            if track.pitch == Pitch::Foreign {
                self.pass_by(shared, ring, t, &mut track, &mut step);
            } else {
                self.follow(shared, ring, t, &mut track, frontier, rival.is_some(), &mut step);
            }
            if rival.is_some() {
                self.track = rival;
            }
        } else if promising {
            self.track = self.open(shared, ring, t, thresholds);
        }
        if self.track.is_none() {
            self.decay(ring, t, &mut step);
        }
        if !self.refused.is_idle() {
            // The second look of a file has looked at it with the thresholds that hold near a key, edges included.
            let wider = if self.given == Nearness::Unknown { limits::HIDDEN_FRAMES } else { 0 };
            step.late = self.refused.take(wider).map(|track| track.tone(track.last));
        }
        step
    }

    /// What has taken over from the track that is on: the next digit after a very short pause, or the digit itself where something
    /// else had opened the track.
    fn rival(&self, shared: &Shared<'_>, ring: &Ring, t: u64, track: &Track, thresholds: &Thresholds) -> Option<Track> {
        let settled = track.accepted || track.pitch == Pitch::Off;
        if settled && t <= track.last + 1 {
            // The bands of neighbouring tones overlap by half: the old pair may still seem to be on while the new one sounds.
            if leading(ring, t) == track.pair {
                return None;
            }
            let rival = self.open(shared, ring, t, thresholds).filter(|rival| rival.pair != track.pair)?;
            let ours = shared.checks.window(shared.tones, ring, track.pair, t, RIVAL_FRAMES).score();
            let theirs = shared.checks.window(shared.tones, ring, rival.pair, t, RIVAL_FRAMES).score();
            return (theirs > ours + limits::RIVAL_MARGIN).then_some(rival);
        }
        let leaps = on(ring.at(t), track.pair, track.plateau, limits::LEAP);
        if !leaps && t & 1 == 1 && leading(ring, t) == track.pair {
            return None;
        }
        let rival = self.open(shared, ring, t, thresholds)?;
        let takes_over = if settled || track.pitch == Pitch::Foreign {
            rival.pair != track.pair
        } else {
            leaps || (rival.pair != track.pair && thresholds.quality(&rival.best) > thresholds.quality(&track.best))
        };
        takes_over.then_some(rival)
    }

    /// A track where a pair shows.
    fn open(&self, shared: &Shared<'_>, ring: &Ring, t: u64, thresholds: &Thresholds) -> Option<Track> {
        let steadiest = shared.checks.steadiest(shared.tones, ring, t, thresholds.least_score)?;
        let quickest = leading(ring, t);
        let mut found: Option<(Pair, Evidence)> = None;
        for pair in [quickest, steadiest].into_iter().take(if quickest == steadiest || !thresholds.steady { 1 } else { 2 }) {
            let windows = shared.checks.windows(shared.tones, ring, pair, t, thresholds.longest_to_open, thresholds.least_score);
            for (i, evidence) in windows.into_iter().enumerate() {
                let Some(open) = thresholds.opens(i) else { continue };
                if evidence.score() > open
                    && limits::twist_maskable(shared.tones, pair, evidence.power)
                    && found.is_none_or(|(other, best)| other == pair || evidence.score() > best.score())
                {
                    found = Some((pair, evidence));
                }
            }
        }
        let (pair, evidence) = found?;
        let plateau = [2.0 * evidence.power[0], 2.0 * evidence.power[1]];
        if plateau[0] < limits::FAINTEST || plateau[1] < limits::FAINTEST {
            return None;
        }
        let start = onset(ring, pair, plateau, t);
        let before = band_power(ring, pair, start.wrapping_sub(4), 3);
        let floor = quietest(ring, pair, start);
        let from = (start * HOP as u64).saturating_sub(limits::GUARD_BEFORE);
        let behind = self.tail.as_ref().map_or(0.0, |tail| tail.power_of(pair));
        let advance = [[1.0, 0.0]; 2];
        let mut track = Track {
            pair,
            start,
            last: t,
            plateau,
            from,
            pitch: Pitch::Maskable,
            accepted: false,
            firm: false,
            vouches: false,
            edges: 0.0,
            confirmed: false,
            behind,
            headed: false,
            best: [0.0; 6],
            before,
            floor,
            advance,
        };
        self.judge(shared, ring, t, false, &mut track);
        Some(track)
    }

    /// Follows a track that is no key for as long as it lasts. Where its frequencies come near a key's, the key of its pair sounds in it: that much is masked.
    fn pass_by(&mut self, shared: &Shared<'_>, ring: &Ring, t: u64, track: &mut Track, step: &mut Step) {
        if shows(ring, t, track.pair, track.plateau) {
            track.last = t;
            if !limits::off_pitch(shared, ring, track.pair, t, limits::FOREIGN_WINDOW) {
                let start = t - limits::ONSET_FRAMES;
                let from = (start * HOP as u64).saturating_sub(limits::GUARD_BEFORE);
                step.tone = Some(Track { start, from, ..*track }.tone(t));
            }
        }
        if t - track.last < limits::BRIDGE {
            self.track = Some(*track);
        }
    }

    /// Follows the track that is on, until it ends.
    #[allow(clippy::too_many_arguments)]
    fn follow(&mut self, shared: &Shared<'_>, ring: &Ring, t: u64, track: &mut Track, frontier: u64, displaced: bool, step: &mut Step) {
        let frame = ring.at(t);
        let leaps = !track.accepted && on(frame, track.pair, track.plateau, limits::LEAP);
        if shows(ring, t, track.pair, track.plateau) && !leaps {
            track.last = t;
            for (level, lane) in track.plateau.iter_mut().zip([track.pair.low(), track.pair.high()]) {
                *level += 0.25 * (frame.power[lane] - *level);
            }
            if !(track.firm && track.confirmed) {
                self.judge(shared, ring, t, false, track);
                if track.accepted
                    && !track.confirmed
                    && limits::confirms(shared, ring, track, t, &track.best, self.is_strange(shared, track, t))
                {
                    track.confirmed = true;
                    step.confirmed = Some(Digit::from_row_column(track.pair.low() as u8, (track.pair.high() & 3) as u8));
                }
            }
        }
        if !track.accepted && frontier > track.from {
            track.accepted = self.thresholds_for(shared, track, t).leaving(&track.best, contrast(track.plateau, track.before));
        }
        if track.pitch == Pitch::Off
            && !track.accepted
            && t - track.start >= limits::FOREIGN_FRAMES
            && limits::off_pitch(shared, ring, track.pair, track.last, limits::FOREIGN_LONG_WINDOW)
        {
            track.pitch = Pitch::Foreign;
            self.track = Some(*track);
            return;
        }
        if !track.accepted && track.pitch == Pitch::Maskable && t - track.start > LONGEST_DOUBT && t == track.last {
            // Doubt has an end: what is a tone would have been accepted by now, or will be vouched for.
            // The second look of a file knew of what is near all along.
            if self.given == Nearness::Unknown && limits::offsets_maskable(shared, ring, track) {
                track.edges = contrast(track.plateau, track.before);
                self.refused.remember(track);
            }
            return;
        }
        let ended = displaced || t - track.last >= limits::BRIDGE;
        if ended && !track.firm {
            self.judge(shared, ring, track.last, true, track);
            let after = band_power(ring, track.pair, (track.last + 2).min(t.saturating_sub(2)), 3);
            track.edges = contrast(track.plateau, track.before).min(contrast(track.plateau, after));
            let frames = track.last - track.start + 1;
            if limits::offsets_maskable(shared, ring, track) {
                track.firm = limits::FIRST.by_edges(&track.best, track.edges, frames)
                    || self.add_doubt(limits::doubt(&track.best, track.edges, frames), t);
                track.accepted |= track.firm || self.thresholds_for(shared, track, t).by_edges(&track.best, track.edges, frames);
                if !track.accepted {
                    self.refused.remember(track);
                }
                let alike = matches!(self.likeness(shared.tones, track, t), Likeness::Alike);
                track.vouches = track.firm || (track.accepted && alike && limits::all_but_firm(&track.best, track.edges, frames));
            }
        }
        if track.accepted {
            // Before the end is moved out: beyond frame `t`, the ring holds whatever the chunks have left there.
            track.measure(shared, ring);
        }
        if ended && track.accepted && limits::is_hidden(&track.best, track.last - track.start + 1) {
            // Both edges of what is nearly drowned may lie further out.
            track.from = track.from.saturating_sub(limits::HIDDEN_FRAMES * HOP as u64);
            track.last += limits::HIDDEN_FRAMES;
        }
        if (track.accepted || track.pitch == Pitch::Off) && !track.headed {
            track.from = head(ring, track);
            track.headed = true;
            self.tail = None;
        }
        if track.accepted {
            step.tone = Some(track.tone(track.last));
        }
        if ended {
            if track.accepted {
                let after = band_power(ring, track.pair, (track.last + 2).min(t.saturating_sub(2)), 3);
                let reached = track.last + doubtful_frames(track, after);
                // The frames that overlap the tone show its end and not its decay; how much depends on the digit.
                self.tail = Some(Tail { track: *track, reached, next: track.last + limits::OVERLAP_FRAMES + 1, quiet: 0 });
            }
        } else {
            self.track = Some(*track);
        }
    }

    /// Gathers evidence from the windows that end now and lie inside the track; accepts where it suffices.
    fn judge(&self, shared: &Shared<'_>, ring: &Ring, t: u64, ends: bool, track: &mut Track) {
        let frames = (t - track.start + 2) as usize;
        // Long windows move little from frame to frame: each has its turn, and one more at the end of the tone.
        let longest = match t & 3 {
            _ if ends => WINDOWS[5],
            0 => WINDOWS[5],
            2 => WINDOWS[4],
            _ if frames > 12 => return,
            _ => WINDOWS[3],
        };
        let windows = shared.checks.windows(shared.tones, ring, track.pair, t, frames.min(longest), 0.0);
        for (best, evidence) in track.best.iter_mut().zip(windows) {
            if limits::twist_maskable(shared.tones, track.pair, evidence.power) {
                *best = best.max(evidence.score());
            }
        }
        let firm = limits::FIRST.at_once(&track.best);
        let suffices = firm || self.thresholds_for(shared, track, t).at_once(&track.best);
        // Measured over the window that ends now, for the start of the track may lie in the tone before. Near keyed digits, what
        // suffices is accepted whatever its frequencies: speech over a tone bends them.
        let far = self.nearness(t) == Nearness::Unknown;
        let off = far && firm && !ends && !track.accepted && limits::off_pitch(shared, ring, track.pair, t, limits::FOREIGN_WINDOW);
        track.pitch = if off { Pitch::Off } else { Pitch::Maskable };
        if track.pitch == Pitch::Maskable {
            track.firm |= firm;
            track.vouches |= firm;
            track.accepted |= suffices;
        }
    }

    /// Several doubtful tones within a few seconds lower the thresholds, from the last of them on.
    fn add_doubt(&mut self, points: usize, t: u64) -> bool {
        for _ in 0..points {
            self.doubts.rotate_left(1);
            self.doubts[limits::DOUBT_POINTS - 1] = t + 1;
        }
        points > 0 && self.doubts[0] > 0 && t - self.doubts[0] < limits::DOUBT_FRAMES
    }

    /// Follows the decay of the tone that ended, as long as it can be told from the background.
    fn decay(&mut self, ring: &Ring, t: u64, step: &mut Step) {
        let Some(mut tail) = self.tail.take() else { return };
        if t > tail.next + limits::TAIL_FRAMES {
            // Something else was on for so long that the ring has forgotten the decay.
            return;
        }
        let track = &tail.track;
        while tail.next <= t {
            let frame = tail.next;
            let heard = shows(ring, frame, track.pair, track.plateau)
                || (tail.quiet < limits::TAIL_QUIET && rings(ring, frame, frame.wrapping_sub(1), track));
            if heard {
                tail.reached = frame;
                tail.quiet = 0;
            } else {
                tail.quiet += 1;
            }
            tail.next += 1;
        }
        if tail.reached > track.last {
            step.tone = Some(track.tone(tail.reached));
        }
        if tail.quiet < limits::TAIL_GAP && tail.reached < track.last + limits::TAIL_FRAMES {
            self.tail = Some(tail);
        }
    }
}
