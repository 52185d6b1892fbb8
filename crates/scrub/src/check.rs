//! Is the output what the plan says? Both files are read side by side, and the output is looked at as if nothing was known of it.

use crate::call::{Call, open, read_at};
use crate::error::{Error, doing};
use crate::eye::Eye;
use crate::find::{find, pieces};
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::{Look, Settings};
use crate::watch::{Step, Watch, tell};
use cardhush_core::{Cause, Coding, Redaction, Span};
use cardhush_wav::with_coding;
use std::fs::File;
use std::path::Path;

/// What a check of a finished pair says; differences are errors.
#[derive(Debug)]
pub struct Verified {
    /// The original.
    pub original: Call,
    /// The spans that may differ.
    pub plan: Plan,
    /// What is still found in the output: anything outside of the plan, and tones inside of it.
    pub left: Plan,
}

/// Checks a scrubbed call against its original: the same bytes outside of `plan`, every span of it replaced, nothing left to find.
/// Without a plan it is found anew in the original.
///
/// # Errors
/// [`Error::Length`], [`Error::Differs`], [`Error::NotReplaced`]: the output is not the original with the plan's spans replaced; or one of
/// the two cannot be read.
pub fn verify(original: Call, output: &Path, plan: Option<Plan>, settings: &Settings, watch: &mut Watch<'_>) -> Result<Verified, Error> {
    let plan = plan.map_or_else(|| find(&original, settings, None, watch), Ok)?;
    verify_open(original, &open(output)?, output, plan, settings, watch)
}

/// The same of an output that is open, with a plan.
pub(crate) fn verify_open(
    original: Call,
    file: &File,
    output: &Path,
    plan: Plan,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Verified, Error> {
    let mut left = Plan::new(original.channels());
    left.add(check(&original, file, output, &plan, settings, watch)?);
    Ok(Verified { original, plan, left })
}

/// The checks themselves; returns what is still found. `path` names the output in errors.
pub(crate) fn check(
    original: &Call,
    output: &File,
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Vec<Redaction>, Error> {
    if let Some(coded) = original.coded() {
        let altered = crate::blocks::altered(original, coded, plan);
        return crate::blocks::check(original, coded, output, path, (plan, &altered), settings, watch);
    }
    let bytes = output.metadata().map_err(doing("read", path))?.len();
    if bytes != original.bytes() {
        return Err(Error::Length { path: path.into(), bytes, original: original.bytes() });
    }
    with_coding!(original.format().coding, C => check_as::<C>(original, output, path, plan, settings, watch))
}

fn check_as<C: Coding>(
    original: &Call,
    output: &File,
    path: &Path,
    plan: &Plan,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Vec<Redaction>, Error> {
    let (mut before, mut after) = (Held::default(), Held::default());
    let read = doing("read", path);
    for part in original.head().chain(original.tail()) {
        let before = original.read(part.clone(), &mut before)?;
        same(before, read_at(output, part.clone(), &mut after).map_err(&read)?, part.start, path)?;
    }
    let whole = Span::new(0, original.frames());
    let mut eyes = [Eye::<C>::new(original, settings, Look::KeyedNearby, whole)?, Eye::<C>::new(original, settings, Look::Spoken, whole)?];
    let margin = u64::from(original.rate_hz()) * CHOPPED_MS / 1_000;
    let mut replaced = Replaced::new(plan);
    for block in original.blocks(whole) {
        tell(watch, path, Step::Checking, block.start, whole.end)?;
        let part = original.bytes_of(block);
        let before = original.read(part.clone(), &mut before)?;
        let after = read_at(output, part.clone(), &mut after).map_err(&read)?;
        original.turn(before);
        original.turn(after);
        for eye in eyes.iter_mut().flatten() {
            for (piece, bytes) in pieces(original, block, after) {
                eye.no_words(plan, piece, margin);
                eye.push(bytes);
            }
        }
        replaced.take_out::<C>(plan, block, before, after);
        original.turn(before);
        original.turn(after);
        same(before, after, part.start, path)?;
    }
    replaced.all(plan, path)?;
    // Inside the plan only a tone of its own counts: what is told for its sake on another channel is the fill that is there.
    let found = eyes.into_iter().flatten().flat_map(|eye| eye.finish().redactions);
    Ok(found.filter(|one| one.cause == Cause::Keyed || !plan.covers(*one)).collect())
}

/// How near to a masked span spoken digits are not looked for in the output: a steady sound that masks have chopped has onsets like a number's. The
/// original was listened to there.
const CHOPPED_MS: u64 = 200;

/// Peak to peak, full scale 1.0, up to which a span may be what it was: two steps of 8-bit linear, as quiet as the faintest tone that is
/// masked (-45 dBm0 each of two). Silence may be replaced by silence, and low noise by noise that happens to be the same.
const QUIET: f32 = 2.0 / 128.0;

/// Loud samples of a span from which on most of them must differ: among fewer, chance may keep more than half.
const MANY: u64 = 32;

/// Which spans of a plan hold something else than they did.
struct Replaced {
    /// By channel and span.
    seen: Vec<Vec<Seen>>,
}

#[derive(Clone)]
struct Seen {
    /// Whether any sample differs.
    differs: bool,
    /// Samples of the original that a [`QUIET`] span would not have, and how many of them are what they were.
    loud: u64,
    kept: u64,
    /// Range of the original's samples, full scale 1.0.
    low: f32,
    high: f32,
}

impl Replaced {
    fn new(plan: &Plan) -> Self {
        Self { seen: (0..plan.channels()).map(|channel| vec![Seen::NOTHING; plan.channel(channel).len()]).collect() }
    }

    /// Notes what the planned samples of a block hold, and copies them from `after` to `before`, so that the rest can be compared whole.
    fn take_out<C: Coding>(&mut self, plan: &Plan, block: Span, before: &mut [u8], after: &[u8]) {
        let frame_bytes = C::BYTES * usize::from(plan.channels());
        for (channel, seen) in self.seen.iter_mut().enumerate() {
            let (near, first) = plan.near(channel as u8, block);
            for ((span, _), seen) in near.iter().zip(seen.iter_mut().skip(first)) {
                let part = span.overlap(block);
                for frame in part.start - block.start..part.end - block.start {
                    let at = frame as usize * frame_bytes + channel * C::BYTES;
                    if let (Some(old), Some(new)) = (before.get_mut(at..at + C::BYTES), after.get(at..at + C::BYTES)) {
                        seen.note::<C>(old, new);
                        old.copy_from_slice(new);
                    }
                }
            }
        }
    }

    /// A span that is what it was, or of which most loud samples are, is not replaced, unless it was [`QUIET`].
    fn all(&self, plan: &Plan, path: &Path) -> Result<(), Error> {
        let spans = plan.redactions().zip(self.seen.iter().flatten());
        match spans.into_iter().find(|(_, seen)| !seen.replaced()) {
            None => Ok(()),
            Some((one, _)) => Err(Error::NotReplaced { path: path.into(), channel: one.channel, start: one.span.start, end: one.span.end }),
        }
    }
}

impl Seen {
    const NOTHING: Self = Self { differs: false, loud: 0, kept: 0, low: f32::INFINITY, high: f32::NEG_INFINITY };

    fn note<C: Coding>(&mut self, old: &[u8], new: &[u8]) {
        let sample = C::decode(C::from_le_bytes(old));
        self.differs |= old != new;
        let loud = sample.abs() > QUIET / 2.0;
        self.loud += u64::from(loud);
        self.kept += u64::from(loud && old == new);
        (self.low, self.high) = (self.low.min(sample), self.high.max(sample));
    }

    fn replaced(&self) -> bool {
        self.high - self.low <= QUIET || self.differs && (self.loud < MANY || 2 * self.kept <= self.loud)
    }
}

/// Two parts of files, at `offset`, must be the same.
pub(crate) fn same(before: &[u8], after: &[u8], offset: u64, path: &Path) -> Result<(), Error> {
    if before == after {
        return Ok(());
    }
    let at = before.iter().zip(after).take_while(|(before, after)| before == after).count() as u64;
    Err(Error::Differs { path: path.into(), offset: offset + at })
}
