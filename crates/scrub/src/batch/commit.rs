//! Makes outputs appear, many at a time: contents to the disk, lines to the ledger, names to the files, and a seal that says so.
//!
//! In that order, so that whatever the moment at which a run is cut off: a name stands for contents that are on the disk and in the ledger; and a line without a seal is one whose output the next
//! run looks at. What is in place already is not written again: it is the same bytes, since equal files and settings give equal outputs.

use super::found::path_below;
use super::one::{Done, digest_of, ns};
use super::{Batch, Found, Ran, Told, Where};
use crate::beside::sweep;
use crate::error::{Error, doing};
use crate::ledger::{CallRecord, CutOff, Ledger, Opened, Record, Treatment, file, reason, run};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that are committed together at most: each holds a descriptor until then.
const GROUP: usize = 64;
/// How long the first of them waits.
const WAIT: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct Commit<'a> {
    batch: &'a Batch,
    ledger: Option<&'a mut Ledger>,
    /// The run's first line, and whether the ledger has it.
    opened: Opened,
    is_open: bool,
    /// How it treats files, in a few bits.
    run: u64,
    group: Vec<Done>,
    since: Instant,
    /// The folder of outputs, by which all of its file system is brought to the disk.
    folder: Option<File>,
    /// What came in this run: by a few bits of its name, those of where it is.
    names: HashMap<u64, u64>,
}

impl<'a> Commit<'a> {
    pub fn new(batch: &'a Batch, ledger: Option<&'a mut Ledger>) -> Result<Self, Error> {
        let folder = match &batch.to {
            Where::Folder(folder) => {
                fs::create_dir_all(folder).map_err(doing("make", folder))?;
                Some(File::open(folder).map_err(doing("open", folder))?)
            }
            _ => None,
        };
        let opened = batch.opened();
        let run = run(&opened);
        let mut commit =
            Self { batch, ledger, opened, run, is_open: false, group: Vec::new(), since: Instant::now(), folder, names: HashMap::new() };
        commit.settle()?;
        Ok(commit)
    }

    /// Finds out what became of lines that no seal covers, before anything is sealed: an output that did not come to be is told as failed, and its file is treated anew once it is found.
    fn settle(&mut self) -> Result<(), Error> {
        let cut_off = self.ledger.as_mut().map_or_else(Vec::new, |ledger| ledger.cut_off());
        for CutOff { mut record, run } in cut_off {
            let below = path_below(&record.path);
            let place = match &self.batch.to {
                Where::Folder(folder) => below.map(|below| folder.join(below)),
                _ => below.map(|below| Path::new(&record.root).join(below)),
            };
            place.as_deref().map(sweep);
            let Some(written) = record.output.as_ref() else { continue };
            let there = place.as_deref().and_then(digest_of);
            if run != self.run || there.is_none() || there != written.sha256 {
                (record.outcome, record.output) = (Treatment::Failed, None);
                record.reason = Some("the run was cut off, and its output is not there".into());
                record.spans.clear();
                record.asked.clear();
                self.add_line(&record)?;
            }
        }
        Ok(())
    }

    /// Whether a file came in this run already (true), or another one of its name (false).
    pub fn is_twice(&mut self, found: &Found) -> Option<bool> {
        let file = file(&found.root.to_string_lossy(), &found.relative);
        // In place each is its own output.
        let name = if self.batch.to == Where::InPlace { file } else { reason(&found.relative) };
        let before = self.names.insert(name, file);
        let first = before.unwrap_or(file);
        self.names.insert(name, first);
        before.map(|before| before == file)
    }

    /// How a file ended that needs nothing done, and its hours; `None` for one that does.
    pub fn before(&self, found: &Found) -> Option<(Treatment, f64)> {
        let known = self.ledger.as_ref()?.known(&found.root.to_string_lossy(), &found.relative)?;
        let same_run = known.run == self.run;
        let (_, sha256) = known.output.filter(|_| same_run && matches!(known.outcome, Treatment::Scrubbed | Treatment::NothingFound))?;
        if self.batch.to != Where::InPlace {
            let metadata = fs::symlink_metadata(&found.path).ok()?;
            if known.bytes != metadata.len() || known.modified_ns != metadata.modified().ok().and_then(ns) {
                return None;
            }
        }
        // By its contents: neither length nor time tells an output from what it came of, and in place it stands where that stood.
        (digest_of(&self.output(found)?) == Some(sha256)).then_some((known.outcome, known.hours))
    }

    fn output(&self, found: &Found) -> Option<PathBuf> {
        match &self.batch.to {
            Where::Folder(folder) => Some(folder.join(found.under.as_ref()?)),
            _ => Some(found.path.clone()),
        }
    }

    /// Takes in a file that was treated.
    pub fn add(&mut self, done: Done, ran: &mut Ran, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        if done.interrupted {
            return Ok(());
        }
        if self.group.is_empty() {
            self.since = Instant::now();
        }
        self.group.push(done);
        if self.group.len() >= GROUP { self.flush(ran, tell) } else { self.idle(ran, tell) }
    }

    /// Commits what has waited long enough.
    pub fn idle(&mut self, ran: &mut Ran, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        if !self.group.is_empty() && self.since.elapsed() >= WAIT { self.flush(ran, tell) } else { Ok(()) }
    }

    /// Commits all that waits.
    pub fn flush(&mut self, ran: &mut Ran, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        let mut group = std::mem::take(&mut self.group);
        for done in &mut group {
            self.refuse_foreign(done);
        }
        self.contents()?;
        self.lines(&group)?;
        for done in &mut group {
            let Some(staged) = done.staged.take() else { continue };
            // In place the folders may lie anywhere: each file is brought to the disk by itself.
            let each = self.batch.sync && self.folder.is_none();
            // What was free when it was looked at must still be.
            let replace = self.folder.is_none() || done.replaces;
            if let Err(error) = if each { staged.publish() } else { staged.publish_many(replace) } {
                // Its line is there: another takes its place.
                (done.record.outcome, done.record.reason, done.record.output) = (Treatment::Failed, Some(error.to_string()), None);
                done.record.spans.clear();
                self.add_line(&done.record)?;
            }
        }
        self.contents()?;
        if let Some(ledger) = self.ledger.as_mut().filter(|ledger| !ledger.is_sealed()) {
            ledger.seal()?;
            ledger.sync(self.batch.sync)?;
        }
        for done in &group {
            ran.totals.count(done.record.outcome, done.record.hours());
            tell(Told::Treated(&done.record));
        }
        Ok(())
    }

    /// The run is over: its last lines are sealed.
    pub fn end(mut self) -> Result<(), Error> {
        if let Some(ledger) = self.ledger.as_mut() {
            ledger.sync(self.batch.sync)?;
        }
        Ok(())
    }

    /// A file that stands where an output should go, and that the ledger does not know as this output, stays.
    fn refuse_foreign(&self, done: &mut Done) {
        let (Where::Folder(_), Some(output)) = (&self.batch.to, self.output(&done.found)) else { return };
        let Some(state) = done.record.output.as_ref().filter(|_| fs::symlink_metadata(&output).is_ok()) else { return };
        done.replaces = true;
        let known = self.ledger.as_ref().and_then(|ledger| ledger.known(&done.record.root, &done.record.path));
        let known = known.and_then(|known| known.output);
        let there = digest_of(&output);
        if there == state.sha256 {
            // As it will be.
            done.staged = None;
        } else if !self.batch.force && (there.is_none() || there != known.map(|(_, sha256)| sha256)) {
            let error = Error::Exists { path: output };
            (done.record.outcome, done.record.reason, done.record.output) = (Treatment::Failed, Some(error.to_string()), None);
            done.record.spans.clear();
            done.staged = None;
        }
    }

    /// Lines for the ledger, at the disk before any name is given.
    fn lines(&mut self, group: &[Done]) -> Result<(), Error> {
        let Some(ledger) = self.ledger.as_mut() else { return Ok(()) };
        for done in group {
            let known = ledger.known(&done.record.root, &done.record.path);
            let told = |known: &crate::ledger::Known| {
                let input = &done.record.input;
                known.outcome == done.record.outcome
                    && known.reason == done.record.reason.as_deref().map_or(0, reason)
                    && (known.bytes, known.modified_ns) == (input.bytes, input.modified_ns)
            };
            // The same refusal of the same file is told once.
            if done.record.output.is_none() && known.is_some_and(told) {
                continue;
            }
            if !self.is_open {
                ledger.add(&Record::Opened(Box::new(self.opened.clone())))?;
                self.is_open = true;
            }
            ledger.add(&Record::Call(Box::new(done.record.clone())))?;
        }
        ledger.sync(self.batch.sync)
    }

    fn add_line(&mut self, record: &CallRecord) -> Result<(), Error> {
        let Some(ledger) = self.ledger.as_mut() else { return Ok(()) };
        if !self.is_open {
            ledger.add(&Record::Opened(Box::new(self.opened.clone())))?;
            self.is_open = true;
        }
        ledger.add(&Record::Call(Box::new(record.clone())))
    }

    /// Brings what was written, contents and names, to the disk.
    fn contents(&self) -> Result<(), Error> {
        if !self.batch.sync {
            return Ok(());
        }
        match (&self.folder, &self.batch.to) {
            (Some(folder), Where::Folder(path)) => sync_all(folder).map_err(doing("write to", path)),
            _ => Ok(()),
        }
    }
}

/// Brings the file system of an open folder to the disk: one call for many files.
#[cfg(target_os = "linux")]
fn sync_all(folder: &File) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_all(folder: &File) -> std::io::Result<()> {
    folder.sync_all()
}
