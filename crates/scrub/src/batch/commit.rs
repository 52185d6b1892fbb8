//! Makes outputs appear, many at a time: contents to the disk, lines to the ledger, names to the files, and a seal that says so.
//!
//! In that order, so that whatever the moment at which a run is cut off: a name stands for contents that are on the disk and in the ledger; and a line without a seal is one whose output the next
//! run looks at. What is in place already is not written again: it is the same bytes, since equal files and settings give equal outputs.

use super::found::path_below;
use super::one::{Done, ns};
use super::{Batch, Found, Ran, Told, Where};
use crate::beside::sweep;
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::ledger::{CallRecord, CutOff, FileState, Known, Ledger, Opened, Record, Treatment, name, run};
use crate::store::Store;
use crate::tree::key;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files that are committed together at most: each holds a descriptor until then.
const GROUP: usize = 64;
/// How long the first of them waits.
const WAIT: Duration = Duration::from_millis(500);
/// ... and while others wait for the memory that they take.
const SHORT: Duration = Duration::from_millis(20);

/// What is known of a file from before.
pub(super) enum Before {
    /// Nothing that would count.
    New,
    /// How it ended, and its hours: nothing is to be done.
    Treated(Treatment, f64),
    /// That, if its store says that nothing has changed.
    Ask(Known),
}

/// See the module.
pub(super) struct Commit<'a> {
    pub(super) batch: &'a Batch,
    pub(super) ledger: Option<&'a mut Ledger>,
    /// The run's first line, and whether the ledger has it.
    opened: Opened,
    is_open: bool,
    /// How it treats files, in a few bits.
    run: u32,
    group: Vec<Done>,
    since: Instant,
    /// The folder of outputs, by which all of its file system is brought to the disk.
    folder: Option<File>,
    /// What came in this run: by the name of its output, its own, in a few bits each.
    names: BTreeMap<u128, u64>,
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
            Self { batch, ledger, opened, run, is_open: false, group: Vec::new(), since: Instant::now(), folder, names: BTreeMap::new() };
        commit.settle()?;
        Ok(commit)
    }

    /// Finds out what became of lines that no seal covers, before anything is sealed: an output that did not come to be is told as failed, and its file is treated anew once it is found.
    fn settle(&mut self) -> Result<(), Error> {
        let cut_off = self.ledger.as_mut().map_or_else(Vec::new, |ledger| ledger.cut_off());
        for CutOff { mut record, to, seq } in cut_off {
            let root = to.as_deref().unwrap_or(&record.root);
            let there = if Store::is_named(root) {
                let Some(written) = record.output.as_ref().and_then(|output| output.sha256) else { continue };
                // In place, what nothing was found in was never put.
                if to.is_none() && record.outcome == Treatment::NothingFound {
                    continue;
                }
                let there = Store::open(root)?.below(&key(&record.path)?).digest()?;
                let ours = there.filter(|(_, digest)| *digest == written).and_then(|(version, _)| version.etag);
                if let (Some(etag), Some(ledger)) = (ours, self.ledger.as_mut()) {
                    ledger.add(&Record::Stored { outputs: vec![(seq, etag)] })?;
                    continue;
                }
                None
            } else {
                let place = path_below(&record.path).map(|below| Path::new(root).join(below));
                place.as_deref().map(sweep);
                if record.output.is_none() {
                    continue;
                }
                place.as_deref().and_then(Sha256::at)
            };
            let written = record.output.as_ref().and_then(|output| output.sha256);
            if written.is_none() || there != written {
                record.fail(Treatment::Failed, "the run was cut off, and its output is not there".into());
                self.add_line(&record)?;
            }
        }
        Ok(())
    }

    /// Whether a file came in this run already (true), or another one of its name (false).
    pub fn is_twice(&mut self, found: &Found) -> Option<bool> {
        let root = found.root.to_string_lossy();
        let own = name(&root, &found.relative);
        // In place each is its own output.
        let output = if self.batch.to == Where::InPlace { own } else { name("", &found.relative) };
        // A store has each key once: two that are called the same are two, of names that cannot be told apart.
        let listed = found.object.as_ref().is_some_and(|object| object.version.is_some());
        match self.names.entry(output) {
            Entry::Vacant(place) => {
                place.insert(own as u64);
                None
            }
            Entry::Occupied(first) => Some(*first.get() == own as u64 && !listed),
        }
    }

    /// What is known of a file from before.
    pub fn before(&self, found: &Found) -> Before {
        let known = self.ledger.as_ref().and_then(|ledger| ledger.known(&found.root.to_string_lossy(), &found.relative));
        let Some(known) = known.filter(|known| known.run == self.run && known.has_output()) else { return Before::New };
        if found.object.is_some() || matches!(self.batch.to, Where::Store(_)) {
            return Before::Ask(*known);
        }
        self.treated(found, known).unwrap_or(Before::New)
    }

    /// Whether a file is still as it was, and its output too.
    fn treated(&self, found: &Found, known: &Known) -> Option<Before> {
        if self.batch.to != Where::InPlace {
            let metadata = fs::symlink_metadata(&found.path).ok()?;
            let now = FileState { bytes: metadata.len(), modified_ns: metadata.modified().ok().and_then(ns), sha256: None, etag: None };
            if !known.is_state(&now) {
                return None;
            }
        }
        // By its contents: neither length nor time tells an output from what it came of, and in place it stands where that stood.
        known.is_output(Sha256::at(&self.output(found)?)?).then_some(Before::Treated(known.outcome, known.hours))
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
        if let Some((outcome, hours)) = done.before {
            ran.count_before(outcome, hours, tell);
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

    /// Commits what waits because others wait for the memory that it takes; a few of them together.
    pub fn make_room(&mut self, ran: &mut Ran, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        if !self.group.is_empty() && self.since.elapsed() >= SHORT { self.flush(ran, tell) } else { Ok(()) }
    }

    /// Commits all that waits.
    pub fn flush(&mut self, ran: &mut Ran, tell: &mut dyn FnMut(Told<'_>)) -> Result<(), Error> {
        if self.group.is_empty() && self.ledger.as_ref().is_none_or(|ledger| ledger.is_sealed()) {
            return Ok(());
        }
        let mut group = std::mem::take(&mut self.group);
        for done in &mut group {
            self.refuse_foreign(done);
        }
        self.contents()?;
        self.lines(&mut group)?;
        self.put_objects(&mut group)?;
        for done in &mut group {
            let Some(staged) = done.staged.take() else { continue };
            // In place the folders may lie anywhere: each file is brought to the disk by itself.
            let each = self.batch.sync && self.folder.is_none();
            // What was free when it was looked at must still be.
            let replace = self.folder.is_none() || done.replaces;
            match if each { staged.publish() } else { staged.publish_many(replace) } {
                Ok(()) => {}
                // It is there, as its line says, and a power cut may take it away: then the next run finds out.
                Err(error @ Error::Unsettled { .. }) => done.record.reason = Some(error.to_string()),
                // Another run of the same files was faster, and wrote the same.
                Err(Error::Exists { path })
                    if done.record.output.as_ref().is_some_and(|own| own.sha256.is_some() && own.sha256 == Sha256::at(&path)) => {}
                Err(error) => {
                    // Its line is there: another takes its place.
                    done.record.fail(Treatment::Failed, error.to_string());
                    self.add_line(&done.record)?;
                }
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

    /// A file that stands where an output should go, and that the ledger does not know as this output, stays.
    fn refuse_foreign(&self, done: &mut Done) {
        let (Where::Folder(_), Some(output)) = (&self.batch.to, self.output(&done.found)) else { return };
        let Some(state) = done.record.output.as_ref().filter(|_| fs::symlink_metadata(&output).is_ok()) else { return };
        done.replaces = true;
        let known = self.ledger.as_ref().and_then(|ledger| ledger.known(&done.record.root, &done.record.path));
        let there = Sha256::at(&output);
        if there == state.sha256 {
            // As it will be.
            done.staged = None;
        } else if !self.batch.force && !there.is_some_and(|there| known.is_some_and(|known| known.is_output(there))) {
            done.record.fail(Treatment::Failed, Error::Exists { path: output }.to_string());
            done.staged = None;
        }
    }

    /// Lines for the ledger, at the disk before any name is given.
    fn lines(&mut self, group: &mut [Done]) -> Result<(), Error> {
        for done in group {
            // The same refusal of the same file is told once.
            let Done { record, .. } = &*done;
            let known = self.ledger.as_ref().and_then(|ledger| ledger.known(&record.root, &record.path));
            if record.output.is_some() || !known.is_some_and(|known| known.is_told(record)) {
                let before = known.and_then(Known::output);
                done.seq = self.add_line(&done.record)?;
                done.replaces_own = before;
            }
        }
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.sync(self.batch.sync))
    }

    /// Gives the line's number.
    pub(super) fn add_line(&mut self, record: &CallRecord) -> Result<Option<u64>, Error> {
        let Some(ledger) = self.ledger.as_mut() else { return Ok(None) };
        if !self.is_open {
            ledger.add(&Record::Opened(Box::new(self.opened.clone())))?;
            self.is_open = true;
        }
        ledger.add(&Record::Call(Box::new(record.clone()))).map(Some)
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
