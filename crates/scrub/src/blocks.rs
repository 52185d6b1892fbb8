//! A call in a block codec, scrubbed: which blocks go, what the fill's level is, the output written, and the output checked.

use crate::beside::Beside;
use crate::call::{Call, read_at};
use crate::digest::{Digest, Digests, Sha256};
use crate::error::{Error, doing};
use crate::eye::Eye;
use crate::find::pieces;
use crate::held::Held;
use crate::plan::Plan;
use crate::reading::Reading;
use crate::settings::{Look, Settings};
use crate::watch::{Step, Watch, tell};
use cardhush_codec::Coded;
use cardhush_core::{Cause, Fill, Linear16, Redaction, Span};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, Write as _};
use std::ops::Range;
use std::path::Path;

/// Frames of 20 ms that the background before a span is taken from, and which of them by loudness: one in ten, as quiet as a pause is.
const FRAMES: usize = 100;
const QUIETEST: usize = 10;
/// How near to replaced blocks spoken digits are not looked for in the output, as in [`check`](crate::check).
const CHOPPED_MS: u64 = 200;

/// What a plan alters where blocks are replaced whole: at least itself, as far as the decoder is affected, and where channels are coded together, all of them.
pub(crate) fn altered(call: &Call, coded: &dyn Coded, plan: &Plan) -> Plan {
    let mut altered = Plan::new(plan.channels());
    altered.add_sure(plan.sure());
    for one in plan.redactions() {
        let reach = coded.reach(one.channel, one.span.start..one.span.end);
        let span = Span::new(reach.start.min(one.span.start), reach.end.max(one.span.end).min(call.frames()));
        let others = (0..plan.channels()).filter(|channel| coded.joint() && *channel != one.channel);
        altered.add(others.map(|channel| Redaction { channel, span, cause: Cause::Linked }).chain([Redaction { span, ..one }]));
    }
    altered
}

fn spans(plan: &Plan) -> Vec<Vec<Range<u64>>> {
    (0..plan.channels()).map(|channel| plan.channel(channel).iter().map(|(span, _)| span.start..span.end).collect()).collect()
}

/// Writes the output of a call; gives the digests of both.
pub(crate) fn fill(
    call: &Call,
    coded: &dyn Coded,
    to: &Beside,
    plan: &Plan,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Digests, Error> {
    if plan.is_empty() {
        return copy(call, to);
    }
    let levels = if settings.fill == Fill::ComfortNoise { levels(call, plan, watch)? } else { Vec::new() };
    let mut level = |channel: u8, start: u64| {
        let own = levels.iter().find(|(c, span, _)| *c == channel && span.contains(start));
        own.map_or(0.0, |(.., level)| *level)
    };
    let written = to.file().set_len(0).and_then(|()| to.file().rewind()).map(|()| BufWriter::new(to.file()));
    let mut out = written.map_err(doing("write", to.target()))?;
    let mut reader = BufReader::new(call.file());
    coded.rewrite(&mut reader, &spans(plan), &mut level, &mut out).map_err(call.codec())?;
    out.flush().map_err(doing("write", to.target()))?;
    drop(out);
    Ok(Digests { input: call.digest()?, output: Sha256::of_file(to.file()).map_err(doing("read", to.target()))? })
}

/// Writes the call as it is: there is nothing to decode.
fn copy(call: &Call, to: &Beside) -> Result<Digests, Error> {
    let (mut bytes, mut digest) = (Held::default(), Digest::new());
    let write = |part: &[u8]| to.file().write_all(part).map_err(doing("write", to.target()));
    to.file().set_len(0).and_then(|()| to.file().rewind()).map_err(doing("write", to.target()))?;
    for part in call.whole() {
        let part = call.read(part, &mut bytes)?;
        digest.add(part);
        write(part)?;
    }
    let digest = digest.end();
    Ok(Digests { input: digest, output: digest })
}

/// The level of the background before each span of a plan, full scale 1.0, of what is not planned.
fn levels(call: &Call, plan: &Plan, watch: &mut Watch<'_>) -> Result<Vec<(u8, Span, f32)>, Error> {
    let channels = usize::from(plan.channels());
    let frame = (u64::from(call.rate_hz()) / 50).max(1);
    let mut heard = vec![VecDeque::with_capacity(FRAMES); channels];
    let mut levels = Vec::new();
    let mut reading = call.reading(Span::new(0, call.frames()))?;
    while let Some((block, bytes)) = reading.next()? {
        tell(watch, call.path(), Step::Writing, block.start, call.frames())?;
        let (samples, _) = bytes.as_chunks::<2>();
        for start in (block.start..block.end).step_by(frame as usize) {
            let span = Span::new(start, block.end.min(start + frame));
            for (channel, heard) in heard.iter_mut().enumerate() {
                let (near, _) = plan.near(channel as u8, span);
                for (one, _) in near.iter().filter(|(one, _)| span.contains(one.start)) {
                    levels.push((channel as u8, *one, quiet(heard)));
                }
                if near.is_empty() {
                    let from = (span.start - block.start) as usize * channels;
                    let own = samples.get(from..).unwrap_or_default().iter().skip(channel).step_by(channels).take(span.len() as usize);
                    let power: f64 = own.map(|two| (f64::from(i16::from_le_bytes(*two)) / 32_768.0).powi(2)).sum();
                    if heard.len() == FRAMES {
                        heard.pop_front();
                    }
                    heard.push_back((power / span.len().max(1) as f64).sqrt() as f32);
                }
            }
        }
    }
    Ok(levels)
}

fn quiet(heard: &VecDeque<f32>) -> f32 {
    let mut levels: Vec<f32> = heard.iter().copied().collect();
    levels.sort_unstable_by(f32::total_cmp);
    levels.get(levels.len() / QUIETEST).copied().unwrap_or(0.0)
}

/// Checks an output against its original: the same bytes outside of the blocks that were to be replaced, other samples in every span of `plan`, and nothing left to find outside of what is `altered`.
pub(crate) fn check(
    original: &Call,
    coded: &dyn Coded,
    output: &File,
    path: &Path,
    (plan, altered): (&Plan, &Plan),
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Vec<Redaction>, Error> {
    same_between(original, &coded.changed(&spans(plan)), output, path)?;
    let whole = Span::new(0, original.frames());
    let mut eyes = [
        Eye::<Linear16>::new(original, settings, Look::KeyedNearby, whole)?,
        Eye::<Linear16>::new(original, settings, Look::Spoken, whole)?,
    ];
    // The same bytes, in which nobody looks for anything.
    if plan.is_empty() && eyes.iter().all(Option::is_none) {
        return Ok(Vec::new());
    }
    let scrubbed = Call::of_file(path, output)?;
    if scrubbed.coded().is_none_or(|other| (other.form().frames, other.form().channels) != (coded.form().frames, coded.form().channels)) {
        return Err(Error::Length { path: path.into(), bytes: scrubbed.bytes(), original: original.bytes() });
    }
    let margin = u64::from(original.rate_hz()) * CHOPPED_MS / 1_000;
    let mut before = if plan.is_empty() { None } else { Some(original.reading(whole)?) };
    let mut after = scrubbed.reading(whole)?;
    let mut alike: Vec<_> = plan.redactions().map(|one| (one, Likeness::default())).collect();
    while let Some((block, after)) = after.next()? {
        tell(watch, path, Step::Checking, block.start, whole.end)?;
        if let Some((_, before)) = before.as_mut().map(Reading::next).transpose()?.flatten() {
            for (one, likeness) in alike.iter_mut().filter(|(one, _)| !one.span.overlap(block).is_empty()) {
                likeness.add(*one, usize::from(original.channels()), block, before, after);
            }
        }
        for eye in eyes.iter_mut().flatten() {
            for (piece, bytes) in pieces(original, block, after) {
                eye.no_words(altered, piece, margin);
                eye.push(bytes);
            }
        }
    }
    if let Some((one, _)) = alike.iter().find(|(_, likeness)| likeness.is_the_same()) {
        return Err(Error::NotReplaced { path: path.into(), channel: one.channel, start: one.span.start, end: one.span.end });
    }
    let found = eyes.into_iter().flatten().flat_map(|eye| eye.finish().redactions);
    Ok(found.filter(|one| !altered.covers(*one)).collect())
}

/// Everything between what was changed must be as it was.
fn same_between(original: &Call, changes: &[cardhush_codec::Change], output: &File, path: &Path) -> Result<(), Error> {
    let bytes = output.metadata().map_err(doing("read", path))?.len();
    let (mut one, mut other) = (Held::default(), Held::default());
    let (mut before, mut after) = (0, 0);
    let ends = std::iter::once((original.bytes()..original.bytes(), bytes..bytes));
    for (changed, stands) in changes.iter().map(|change| (change.before.clone(), change.after.clone())).chain(ends) {
        if changed.start.checked_sub(before) != stands.start.checked_sub(after) || changed.start < before {
            return Err(Error::Length { path: path.into(), bytes, original: original.bytes() });
        }
        while before < changed.start {
            let count = (changed.start - before).min(crate::call::BLOCK_BYTES);
            let kept = original.read(before..before + count, &mut one)?;
            let found = read_at(output, after..after + count, &mut other).map_err(doing("read", path))?;
            crate::check::same(kept, found, after, path)?;
            (before, after) = (before + count, after + count);
        }
        (before, after) = (changed.end, stands.end);
    }
    Ok(())
}

/// Samples of the original's and the output's that are held against each other at a time: a GSM frame.
const WINDOW: usize = 160;

/// How like a span of the output is to that of the original, window by window.
#[derive(Default)]
struct Likeness {
    own: f64,
    other: f64,
    both: f64,
    count: usize,
    same: bool,
}

impl Likeness {
    fn add(&mut self, one: Redaction, channels: usize, block: Span, before: &[u8], after: &[u8]) {
        let part = one.span.overlap(block);
        let (before, after) = (before.as_chunks::<2>().0, after.as_chunks::<2>().0);
        for frame in part.start - block.start..part.end - block.start {
            let at = frame as usize * channels + usize::from(one.channel);
            let value = |of: &[[u8; 2]]| of.get(at).map_or(0.0, |two| f64::from(i16::from_le_bytes(*two)) / 32_768.0);
            let (one, other) = (value(before), value(after));
            self.own += one * one;
            self.other += other * other;
            self.both += one * other;
            self.count += 1;
            if self.count == WINDOW {
                self.end_window();
            }
        }
    }

    /// A window of both that is nearly one, upright or inverted, and no silence, was not replaced.
    fn end_window(&mut self) {
        const SILENCE: f64 = 1e-8 * WINDOW as f64;
        let alike = self.both.abs() > 0.9 * (self.own * self.other).sqrt();
        self.same |= self.own > SILENCE && self.other > SILENCE && alike;
        (self.own, self.other, self.both, self.count) = (0.0, 0.0, 0.0, 0);
    }

    /// Whether any of it is still there.
    fn is_the_same(&self) -> bool {
        self.same
    }
}
