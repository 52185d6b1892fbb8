//! One file of many: staged, or refused, or failed; with what the ledger says of it.

use super::room::Taken;
use super::{Batch, Found, Job, Shared, Where};
use crate::beside::memory;
use crate::call::{Call, same_file};
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::ledger::{CallRecord, FileState, Known, SpanRecord, Treatment, now};
use crate::plan::Plan;
use crate::report::Outcome;
use crate::stage::{Staged, Target, stage_call};
use crate::store::{Kept, Object, Version};
use crate::tree::key;
use cardhush_core::Redaction;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
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
    /// How it ended, and its hours, where it was treated before and nothing has changed.
    pub before: Option<(Treatment, f64)>,
    /// The number of its line.
    pub seq: Option<u64>,
    /// How the digest of its output began that was told before.
    pub replaces_own: Option<[u8; 16]>,
    /// What an object has beside its contents.
    pub kept: Kept,
    /// The memory that it takes.
    _memory: Option<Taken>,
}

/// An object that was read.
#[derive(Default)]
struct Fetched {
    kept: Kept,
    memory: Option<Taken>,
}

/// Treats a file. Whatever happens to it is in its record, a defect of ours as well: it stops no other file.
pub(super) fn treat(shared: &Shared<'_>, job: &Job) -> Done {
    catch_unwind(AssertUnwindSafe(|| treat_one(shared, job))).unwrap_or_else(|_| {
        failed(job.found.clone(), "a defect of cardhush, whose place in the source was told: please report it; nothing was written".into())
    })
}

fn treat_one(shared: &Shared<'_>, job: &Job) -> Done {
    let (batch, mut found) = (shared.batch, job.found.clone());
    let mut record = CallRecord::begun(&found.root, &found.relative);
    if let (None, Ok(metadata)) = (&found.object, fs::symlink_metadata(&found.path)) {
        (record.input.bytes, record.input.modified_ns) = (metadata.len(), metadata.modified().ok().and_then(ns));
    }
    let (mut staged, mut interrupted, mut before, mut fetched) = (None, false, None, Fetched::default());
    let result = job.known.as_ref().map_or(Ok(false), |known| is_as_it_was(batch, &found, known)).and_then(|as_it_was| {
        before = job.known.filter(|_| as_it_was).map(|known| (known.outcome, known.hours));
        if as_it_was { Ok(None) } else { scrub(shared, &mut found, &mut fetched).map(Some) }
    });
    if let Some(version) = found.object.as_ref().and_then(|object| object.version.clone()) {
        record.input = state(version);
    }
    match result {
        Ok(None) => {}
        Ok(Some((one, sha256))) => {
            record.input.sha256 = Some(sha256);
            record.form = Some(one.form());
            record.spans = spans(one.plan());
            record.asked = one.asked().map_or_else(Vec::new, spans);
            if batch.to != Where::Nowhere {
                // Files that are left as they are, in place, are their own output.
                let bytes = one.output_metadata().map_or(record.input.bytes, |output| output.len());
                let sha256 = one.digests().map_or(sha256, |digests| digests.output);
                record.output = Some(FileState { bytes, sha256: Some(sha256), etag: None, ..record.input.clone() });
            }
            record.outcome = if one.outcome() == Outcome::NothingFound { Treatment::NothingFound } else { Treatment::Scrubbed };
            staged = (one.output().is_some() || matches!(batch.to, Where::Store(_))).then_some(one);
        }
        Err(error) => {
            interrupted = matches!(error, Error::Interrupted { .. });
            record.fail(if is_refusal(&error) { Treatment::Refused } else { Treatment::Failed }, error.to_string());
        }
    }
    record.ended = now();
    let Fetched { kept, memory } = fetched;
    Done { staged, interrupted, before, kept, _memory: memory, ..Done::new(found, record) }
}

/// An object's state, of which the contents are not known.
fn state(of: Version) -> FileState {
    FileState { bytes: of.bytes, modified_ns: of.modified_ns, sha256: None, etag: of.etag }
}

/// Whether nothing is to be done about a file of which the ledger knows: a store says of it, or of its output, what was told of them.
fn is_as_it_was(batch: &Batch, found: &Found, known: &Known) -> Result<bool, Error> {
    let now = match &found.object {
        None => {
            let metadata = fs::symlink_metadata(&found.path).map_err(doing("read", &found.path))?;
            FileState { bytes: metadata.len(), modified_ns: metadata.modified().ok().and_then(ns), sha256: None, etag: None }
        }
        Some(Object { version: Some(version), .. }) => state(version.clone()),
        Some(object) => match object.look()? {
            Some(there) => state(there.version),
            None => return Ok(false),
        },
    };
    let same = known.is_state(&now);
    Ok(match &batch.to {
        // It is its own output.
        Where::InPlace => now.etag.is_some_and(|etag| known.is_stored(&etag)) || (same && known.outcome == Treatment::NothingFound),
        Where::Store(place) => {
            let there = if same { place.below(&key(&found.relative)?).look()? } else { None };
            there.and_then(|there| there.version.etag).is_some_and(|etag| known.is_stored(&etag))
        }
        Where::Folder(folder) => {
            let output = found.under.as_ref().filter(|_| same).map(|under| folder.join(under));
            output.and_then(|output| Sha256::at(&output)).is_some_and(|digest| known.is_output(digest))
        }
        Where::Nowhere => false,
    })
}

impl Done {
    fn new(found: Found, record: CallRecord) -> Self {
        Self {
            found,
            record,
            staged: None,
            interrupted: false,
            replaces: false,
            before: None,
            seq: None,
            replaces_own: None,
            kept: Kept::default(),
            _memory: None,
        }
    }
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
    Done::new(found, record)
}

fn scrub(shared: &Shared<'_>, found: &mut Found, fetched: &mut Fetched) -> Result<(Box<Staged>, Sha256), Error> {
    let (batch, stop) = (shared.batch, &shared.stop);
    let held = found.object.as_mut().map(|object| fetch(object, shared, fetched)).transpose()?;
    let path = &found.path;
    if held.is_none() {
        let metadata = fs::symlink_metadata(path).map_err(doing("read", path))?;
        if metadata.is_symlink() {
            return Err(Error::Link { path: path.clone() });
        }
        if !metadata.is_file() {
            return Err(Error::NotAFile { path: path.clone() });
        }
        if matches!(batch.to, Where::Store(_)) {
            fetched.memory = Some(room(path, metadata.len(), shared)?);
        }
    }
    let _processor = shared.processors.take(1, stop).ok_or_else(|| Error::Interrupted { path: path.clone() })?;
    let mut watch = |_| if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let under = found.under.as_ref().ok_or_else(|| Error::LeadsOut { path: path.clone() })?;
    let beside = if let Where::Folder(folder) = &batch.to { Some(output(folder, under, path)?) } else { None };
    let target = match (&batch.to, &beside) {
        (Where::Nowhere, _) => Target::Nowhere,
        (Where::Store(_), _) => Target::Memory,
        (Where::InPlace, _) if held.is_some() => Target::Memory,
        // What may be replaced is found out where it is committed.
        (_, Some(path)) => Target::File { path, replace: true },
        (_, None) => Target::InPlace,
    };
    let recording = held.map_or_else(|| Call::open(path), |file| Call::held(path, file))?;
    still_growing(&recording)?;
    if let Some(note) = recording.cut_short() {
        return Err(Error::CutShort { path: path.clone(), note: note.into() });
    }
    let staged = stage_call(recording, target, &batch.settings, &mut watch)?;
    let sha256 = staged.digests().map_or_else(|| staged.call().digest(), |digests| Ok(digests.input))?;
    staged.call().unchanged()?;
    Ok((Box::new(staged), sha256))
}

/// Reads an object into memory, once there is room for it.
fn fetch(object: &mut Object, shared: &Shared<'_>, fetched: &mut Fetched) -> Result<File, Error> {
    let path = object.path();
    if object.is_folder() {
        return Err(Error::NotAFile { path });
    }
    if matches!(&shared.batch.to, Where::Store(place) if place.holds(object)) {
        return Err(Error::SameFile { path });
    }
    if object.version.is_none() {
        let there = object.look()?.ok_or_else(|| doing("read", &path)(std::io::ErrorKind::NotFound.into()))?;
        object.version = Some(there.version);
    }
    let bytes = object.version.as_ref().map_or(0, |version| version.bytes);
    fetched.memory = Some(room(&path, bytes, shared)?);
    let mut file = memory(&path)?;
    let got = object.get(bytes, &mut file)?;
    // An object that stands for a folder is listed without the slash that its name ends with.
    let gone = || if bytes == 0 { Error::NotAFile { path: path.clone() } } else { Error::Changed { path: path.clone() } };
    let (version, kept) = got.ok_or_else(gone)?;
    (object.version, fetched.kept) = (Some(version), kept);
    Ok(file)
}

/// Room in memory for a call and what is made of it.
fn room(path: &Path, bytes: u64, shared: &Shared<'_>) -> Result<Taken, Error> {
    let (much, limit) = (bytes.saturating_mul(2), shared.memory.all());
    if much > limit {
        return Err(Error::TooLarge { path: path.into(), bytes, limit });
    }
    shared.memory.take(much, &shared.stop).ok_or_else(|| Error::Interrupted { path: path.into() })
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
    // An object is put whole.
    if recent && call.is_open_ended() && !call.is_held() { Err(Error::Growing { path: call.path().into() }) } else { Ok(()) }
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
        | Error::TooLarge { .. }
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
