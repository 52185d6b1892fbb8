//! One file of many: staged, or refused, or failed; with what the ledger says of it.

use super::{Batch, Found, Where};
use crate::call::{Call, same_file};
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::ledger::{CallRecord, FileState, SpanRecord, Treatment, now};
use crate::plan::Plan;
use crate::report::Outcome;
use crate::stage::{Staged, Target, stage_call};
use cardhush_core::Redaction;
use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long ago a file whose header has no length must have been written to, to be taken for one that its recorder has closed.
const SETTLED: Duration = Duration::from_secs(60);

/// A file that was treated, but for its output's name.
pub(super) struct Done {
    pub found: Found,
    pub record: CallRecord,
    /// What lacks its name; `None` where nothing is to be written.
    pub staged: Option<Box<Staged>>,
    /// Broken off: to be told nowhere.
    pub interrupted: bool,
    /// Something stands where its output goes, and may be replaced.
    pub replaces: bool,
}

/// Treats a file. Whatever happens to it is in its record, a defect of ours as well: it stops no other file.
pub(super) fn treat(batch: &Batch, found: &Found, stop: &AtomicBool) -> Done {
    catch_unwind(AssertUnwindSafe(|| treat_one(batch, found, stop))).unwrap_or_else(|_| {
        failed(found.clone(), "a defect of cardhush, whose place in the source was told: please report it; nothing was written".into())
    })
}

fn treat_one(batch: &Batch, found: &Found, stop: &AtomicBool) -> Done {
    let mut record = CallRecord::begun(&found.root, &found.relative);
    if let Ok(metadata) = fs::symlink_metadata(&found.path) {
        (record.input.bytes, record.input.modified_ns) = (metadata.len(), metadata.modified().ok().and_then(ns));
    }
    let (mut staged, mut interrupted) = (None, false);
    match scrub(batch, found, stop) {
        Ok((one, sha256)) => {
            record.input.sha256 = Some(sha256);
            record.form = Some(one.form());
            record.spans = spans(one.plan());
            record.asked = one.asked().map_or_else(Vec::new, spans);
            if batch.to != Where::Nowhere {
                // Files that are left as they are, in place, are their own output.
                let bytes = one.output_metadata().map_or(record.input.bytes, |output| output.len());
                let sha256 = one.digests().map_or(sha256, |digests| digests.output);
                record.output = Some(FileState { bytes, sha256: Some(sha256), ..record.input.clone() });
            }
            record.outcome = if one.outcome() == Outcome::NothingFound { Treatment::NothingFound } else { Treatment::Scrubbed };
            staged = one.output().is_some().then_some(one);
        }
        Err(error) => {
            interrupted = matches!(error, Error::Interrupted { .. });
            record.fail(if is_refusal(&error) { Treatment::Refused } else { Treatment::Failed }, error.to_string());
        }
    }
    record.ended = now();
    Done { found: found.clone(), record, staged, interrupted, replaces: false }
}

/// A folder or list that could not be read on.
pub(super) fn unread(error: &Error) -> Done {
    let path = match error {
        Error::Io { path, .. } => path.clone(),
        _ => PathBuf::new(),
    };
    failed(Found::new(&path, Path::new("/"), &path), error.to_string())
}

/// A file that could not be treated.
pub(super) fn failed(found: Found, reason: String) -> Done {
    let mut record = CallRecord::begun(&found.root, &found.relative);
    record.reason = Some(reason);
    Done { found, record, staged: None, interrupted: false, replaces: false }
}

fn scrub(batch: &Batch, found: &Found, stop: &AtomicBool) -> Result<(Box<Staged>, Sha256), Error> {
    let path = &found.path;
    let metadata = fs::symlink_metadata(path).map_err(doing("read", path))?;
    if metadata.is_symlink() {
        return Err(Error::Link { path: path.clone() });
    }
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.clone() });
    }
    let mut watch = |_| if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let under = found.under.as_ref().ok_or_else(|| Error::LeadsOut { path: path.clone() })?;
    let beside = if let Where::Folder(folder) = &batch.to { Some(output(folder, under, path)?) } else { None };
    let target = match (&batch.to, &beside) {
        (Where::Nowhere, _) => Target::Nowhere,
        // What may be replaced is found out where it is committed.
        (_, Some(path)) => Target::File { path, replace: true },
        (_, None) => Target::InPlace,
    };
    let recording = Call::open(path)?;
    still_growing(&recording)?;
    if let Some(note) = recording.cut_short() {
        return Err(Error::CutShort { path: path.clone(), note: note.into() });
    }
    let staged = stage_call(recording, target, &batch.settings, &mut watch)?;
    let sha256 = staged.digests().map_or_else(|| staged.call().digest(), |digests| Ok(digests.input))?;
    staged.call().unchanged()?;
    Ok((Box::new(staged), sha256))
}

/// Where the output of a file goes, with a folder for it. Never the input.
fn output(folder: &Path, under: &Path, input: &Path) -> Result<PathBuf, Error> {
    let path = folder.join(under);
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(doing("make", parent))?;
    if same_file(input, &path) { Err(Error::SameFile { path }) } else { Ok(path) }
}

/// A file whose header lacks its length, or has another, was not closed by its recorder, unless that is some time ago.
fn still_growing(call: &Call) -> Result<(), Error> {
    let recent = call.metadata().modified().is_ok_and(|at| {
        // A time to come is one too: the clock that wrote it is ahead.
        SystemTime::now().duration_since(at).map_or(true, |age| age < SETTLED)
    });
    if recent && call.is_open_ended() { Err(Error::Growing { path: call.path().into() }) } else { Ok(()) }
}

/// Whether an error is about what the file is, and will be the same next time.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Wav { source, .. } => !matches!(source, cardhush_wav::WavError::Io(_)),
        Error::Codec { source, .. } => !matches!(source, cardhush_codec::CodecError::Io(_)),
        Error::Config { .. }
        | Error::Recording { .. }
        | Error::Mask { .. }
        | Error::NotAFile { .. }
        | Error::Link { .. }
        | Error::HardLinked { .. }
        | Error::SameFile { .. }
        | Error::LeadsOut { .. }
        | Error::Growing { .. }
        | Error::CutShort { .. }
        | Error::Changed { .. } => true,
        _ => false,
    }
}

fn spans(plan: &Plan) -> Vec<SpanRecord> {
    let record =
        |one: Redaction| SpanRecord(one.channel.into(), one.span.start, one.span.end, one.cause.name().into(), plan.confidence(one));
    plan.redactions().map(record).collect()
}

/// An instant in nanoseconds since the epoch.
pub(super) fn ns(at: SystemTime) -> Option<u64> {
    at.duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_nanos()).ok())
}
