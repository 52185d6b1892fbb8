//! Writes a ledger: at the end alone, one writer at a time, and going on where the run before was cut off.

use super::key::Key;
use super::read::{Entries, LedgerError, Line, NOTHING, SCHEMA, SEALED};
use super::record::{CallRecord, FileState, Opened, Record, Totals, Treatment};
use crate::beside::{Beside, Readers};
use crate::digest::Sha256;
use crate::error::{Error, doing};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a list of what was not scrubbed begins.
const OWN: &[u8] = b"{\"path\":";

/// What is remembered of a file that has a line, for millions of them: some 60 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The line's number.
    pub seq: u64,
    pub hours: f64,
    /// A few bits of its length, and of its time or ETag.
    state: u64,
    /// Half of the digest of the last output that it had; zeros where it never had one.
    output: [u8; 16],
    /// A few bits of the reason, to tell a refusal that is told again.
    reason: u32,
    /// Some bits of its output's ETag in a store; 0 where it is in none. In place nothing else tells a new recording from what was put over the old one.
    stored: u64,
    /// A few bits of how and whereto it was treated.
    pub run: u32,
    pub outcome: Treatment,
}

/// A line that no seal covers: its run was cut off before it could say that the output has its name.
pub(crate) struct CutOff {
    pub record: CallRecord,
    /// The line's number.
    pub seq: u64,
    /// The folder of outputs of its run; `None` in place.
    pub to: Option<String>,
}

/// A ledger that is written. Dropped, it is unlocked.
pub struct Ledger {
    path: PathBuf,
    file: File,
    key: Option<Key>,
    seq: u64,
    prev: Sha256,
    /// Lines that are not in the file yet.
    lines: Vec<u8>,
    /// By the first half of the digest of their paths.
    known: BTreeMap<u128, Known>,
    /// Files of lines without a seal, by the lines' numbers.
    open: Vec<(u64, u128)>,
    /// Lines without a seal: of runs before this one, with what they say; and whether there are any.
    cut_off: Vec<CutOff>,
    unsealed: bool,
    /// How the lines that come now are treated, see [`Known::run`], and the folder that their outputs go to.
    run: u32,
    to: Option<String>,
    /// Whether seals before were signed.
    signed: bool,
    totals: Totals,
}

impl Ledger {
    /// Opens a ledger or begins one. A line that was cut off is taken away; anything else that is wrong with one is an error.
    ///
    /// # Errors
    /// Another run has it open; it cannot be read or written; it was changed.
    pub fn open(path: &Path, key: Option<Key>) -> Result<Self, Error> {
        let fresh = !path.exists();
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(doing("open", path))?;
        lock(&file, path)?;
        if fresh {
            sync_name(path)?;
        }
        let mut ledger = Self {
            path: path.into(),
            file,
            key,
            seq: 0,
            prev: NOTHING,
            lines: Vec::new(),
            known: BTreeMap::new(),
            open: Vec::new(),
            cut_off: Vec::new(),
            unsealed: false,
            run: 0,
            to: None,
            signed: false,
            totals: Totals::default(),
        };
        let mut end = 0;
        let reader = ledger.file.try_clone().map_err(doing("read", path))?;
        let public = ledger.key.as_ref().map(Key::public);
        for entry in Entries::new(BufReader::new(reader), public) {
            match entry {
                Ok(entry) => {
                    (ledger.seq, ledger.prev, end) = (entry.seq + 1, entry.digest, entry.end);
                    if let Record::Call(call) = &entry.record {
                        ledger.cut_off.push(CutOff { record: (**call).clone(), seq: entry.seq, to: ledger.to.clone() });
                    }
                    ledger.remember(entry.seq, &entry.record);
                }
                Err(LedgerError::Torn { .. }) if ledger.is_own_tail(end)? => break,
                Err(source) => return Err(Error::Ledger { path: path.into(), source }),
            }
        }
        if ledger.signed && ledger.key.is_none() {
            return Err(Error::KeyMissing { path: path.into() });
        }
        ledger.file.set_len(end).and_then(|()| ledger.file.seek(SeekFrom::Start(end))).map_err(doing("write", path))?;
        Ok(ledger)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sums over the last line of each file.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What is known of a file: of the one that is called so under the same root, and no other.
    pub(crate) fn known(&self, root: &str, path: &str) -> Option<&Known> {
        self.known.get(&name(root, path))
    }

    /// Whether lines wait for their seal.
    pub(crate) fn is_sealed(&self) -> bool {
        !self.unsealed
    }

    /// The lines of earlier runs that no seal covers, of each file the last; once. Nothing may be sealed before it is known what became of them.
    pub(crate) fn cut_off(&mut self) -> Vec<CutOff> {
        let mut cut_off = std::mem::take(&mut self.cut_off);
        cut_off.retain(|one| self.known(&one.record.root, &one.record.path).is_some_and(|known| known.seq == one.seq));
        cut_off
    }

    /// Whether what follows the last whole line begins as the next line would: else the file is no ledger, and nobody's to cut.
    fn is_own_tail(&mut self, end: u64) -> Result<bool, Error> {
        let begins = format!("{{\"schema\":{SCHEMA},\"seq\":{},\"prev\":\"{}\"", self.seq, self.prev);
        let mut tail = vec![0; begins.len()];
        let read = doing("read", &self.path);
        self.file.seek(SeekFrom::Start(end)).map_err(&read)?;
        let mut count = 0;
        while let Some(rest) = tail.get_mut(count..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest).map_err(&read)? {
                0 => break,
                more => count += more,
            }
        }
        let tail = tail.get(..count).unwrap_or_default();
        Ok(begins.as_bytes().starts_with(tail))
    }

    /// Adds a line; it is in the file after [`sync`](Self::sync).
    /// Gives its number.
    pub(crate) fn add(&mut self, record: &Record) -> Result<u64, Error> {
        let (seq, line) = (self.seq, self.line(record)?);
        self.put(line);
        self.remember(seq, record);
        Ok(seq)
    }

    /// Adds a seal: all outputs of the lines before have their names.
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        /// What a seal says before it is sealed.
        #[derive(Serialize)]
        struct Open<'a> {
            r#type: &'a str,
            at: String,
            key: Option<Sha256>,
            totals: Totals,
        }
        let key = self.key.as_ref().map(|key| Sha256(key.public().0));
        let mut line = self.line(&Open { r#type: "seal", at: now(), key, totals: self.totals })?;
        line.pop(); // the brace
        let digest = Sha256::of(line.as_bytes());
        let signature = self.key.as_ref().map(|key| key.sign(&digest).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        line += &format!("{SEALED}\"{digest}\",\"signature\":{}}}", serde_json::json!(signature));
        self.put(line);
        self.open.clear();
        self.unsealed = false;
        Ok(())
    }

    /// Brings all lines to the file, and to the disk where that is wanted.
    pub(crate) fn sync(&mut self, disk: bool) -> Result<(), Error> {
        let write = doing("write", &self.path);
        self.file.write_all(&self.lines).map_err(&write)?;
        self.lines.clear();
        if disk { self.file.sync_data().map_err(&write) } else { Ok(()) }
    }

    /// Writes what was not scrubbed and not copied, as of now, with its reason: the last line of each such file, to a file of its own, which appears whole.
    ///
    /// # Errors
    /// The ledger cannot be read any more, or the file not be written.
    pub fn write_quarantine(&self, path: &Path) -> Result<(), Error> {
        let bad = |known: &Known| matches!(known.outcome, Treatment::Refused | Treatment::Failed);
        if !path.exists() && !self.known.values().any(bad) {
            return Ok(());
        }
        // Nobody else's.
        let mut start = Vec::new();
        if File::open(path).is_ok_and(|file| file.take(OWN.len() as u64).read_to_end(&mut start).is_ok()) && !OWN.starts_with(&start) {
            return Err(Error::Exists { path: path.into() });
        }
        let beside = Beside::new(path, Readers::Usual)?;
        let mut to = BufWriter::new(beside.file());
        let file = File::open(&self.path).map_err(doing("read", &self.path))?;
        for entry in Entries::new(BufReader::new(file), None) {
            let entry = entry.map_err(|source| Error::Ledger { path: self.path.clone(), source })?;
            if let Record::Call(call) = &entry.record
                && self.known(&call.root, &call.path).is_some_and(|known| known.seq == entry.seq && bad(known))
            {
                call.write(&mut to).map_err(doing("write", path))?;
            }
        }
        to.flush().map_err(doing("write", path))?;
        drop(to);
        beside.publish(true)
    }

    fn line(&self, record: &impl Serialize) -> Result<String, Error> {
        let line = Line { schema: SCHEMA, seq: self.seq, prev: self.prev, record };
        serde_json::to_string(&line).map_err(|e| doing("write", &self.path)(e.into()))
    }

    fn put(&mut self, line: String) {
        (self.seq, self.prev) = (self.seq + 1, Sha256::of(line.as_bytes()));
        self.lines.extend_from_slice(line.as_bytes());
        self.lines.push(b'\n');
    }

    fn remember(&mut self, seq: u64, record: &Record) {
        match record {
            Record::Call(call) => {
                let (name, mut known) = (name(&call.root, &call.path), Known::of(seq, call, self.run));
                if let (true, Some(before)) = (call.output.is_none(), self.known.get(&name)) {
                    // It stays where it is, and ours to replace.
                    known.output = before.output;
                }
                self.totals.count(known.outcome, known.hours);
                if let Some(before) = self.known.insert(name, known) {
                    self.totals.uncount(before.outcome, before.hours);
                }
                self.open.push((seq, name));
                self.unsealed = true;
            }
            Record::Stored { outputs } => {
                for (seq, etag) in outputs {
                    let place = self.open.binary_search_by_key(seq, |(seq, _)| *seq).ok().and_then(|at| self.open.get(at));
                    if let Some(known) = place.and_then(|(_, name)| self.known.get_mut(name)).filter(|known| known.seq == *seq) {
                        known.stored = many_bits(etag);
                    }
                }
            }
            Record::Seal(seal) => {
                self.cut_off.clear();
                self.open.clear();
                (self.unsealed, self.signed) = (false, seal.signature.is_some());
            }
            Record::Opened(opened) => (self.run, self.to) = (run(opened), opened.to.clone()),
        }
    }
}

impl Known {
    fn of(seq: u64, call: &CallRecord, run: u32) -> Self {
        Self {
            seq,
            hours: call.hours(),
            state: state(&call.input),
            output: call.output.as_ref().and_then(|output| output.sha256).map_or([0; 16], Sha256::half),
            stored: 0,
            reason: call.reason.as_deref().map_or(0, bits),
            run,
            outcome: call.outcome,
        }
    }

    /// Whether a file is of the length and time that it had.
    pub fn is_state(&self, now: &FileState) -> bool {
        self.state == state(now)
    }

    /// Whether its last output has this digest.
    pub fn is_output(&self, digest: Sha256) -> bool {
        self.output() == Some(digest.half())
    }

    /// How the digest of the last output begins that it had, whatever came after.
    pub fn output(&self) -> Option<[u8; 16]> {
        Some(self.output).filter(|half| *half != [0; 16])
    }

    /// Whether that is the ETag which its output had when it was put.
    pub fn is_stored(&self, etag: &str) -> bool {
        self.stored != 0 && self.stored == many_bits(etag)
    }

    /// Whether there is an output.
    pub fn has_output(&self) -> bool {
        matches!(self.outcome, Treatment::Scrubbed | Treatment::NothingFound) && self.output().is_some()
    }

    /// Whether the same file had the same end.
    pub fn is_told(&self, call: &CallRecord) -> bool {
        self.outcome == call.outcome && self.reason == call.reason.as_deref().map_or(0, bits) && self.is_state(&call.input)
    }
}

/// How a run treats files, and where it puts them, in a few bits.
pub(crate) fn run(opened: &Opened) -> u32 {
    bits(&format!("{} {} {:?}", opened.settings, opened.mode, opened.to))
}

/// A new file's name, brought to the disk.
fn sync_name(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()).map_err(doing("write to", folder)) } else { Ok(()) }
}

/// A text in a few bits.
fn bits(text: &str) -> u32 {
    Sha256::of(text.as_bytes()).0.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// A file's length, and its time or ETag, in a few bits.
fn state(of: &FileState) -> u64 {
    let text = of.etag.as_ref().map_or_else(|| format!("{} {:?}", of.bytes, of.modified_ns), |etag| format!("{} {etag}", of.bytes));
    many_bits(&text)
}

/// A text in 64 bits.
fn many_bits(text: &str) -> u64 {
    Sha256::of(text.as_bytes()).0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Now, RFC 3339, UTC.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_micros(SystemTime::now()).to_string()
}

/// Where a file is, in a few bits.
pub(crate) fn name(root: &str, path: &str) -> u128 {
    Sha256::of(format!("{root}\n{path}").as_bytes()).0.first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

#[cfg(unix)]
fn lock(file: &File, path: &Path) -> Result<(), Error> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse { path: path.into() }),
        Err(std::fs::TryLockError::Error(source)) => Err(doing("lock", path)(source)),
    }
}

#[cfg(not(unix))]
fn lock(_: &File, _: &Path) -> Result<(), Error> {
    Ok(())
}
