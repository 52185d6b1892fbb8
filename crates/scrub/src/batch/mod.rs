//! Many files: found, shared out to workers, written where nobody sees them, told in the ledger, and given their names together.
//!
//! ```text
//! found --> worker --> staged, without a name --+
//!      \--> worker --> staged, without a name --+--> commit: contents to the disk, lines to the ledger, names to the files, a seal
//! ```
//!
//! A run that is cut off anywhere leaves no output that is not in the ledger, and none in part. The next run finds out which of the last lines came true, and does the others again. One bad
//! file never stops the rest: it is refused or failed, with its reason, and is not copied.

mod commit;
mod found;
mod one;
mod put;
mod room;

pub(crate) use found::path_below;
pub use found::{Buckets, Ending, Found, Search, Shard, glob, is_pattern};

use crate::error::Error;
use crate::ledger::{CallRecord, Known, Ledger, Opened, Totals, Treatment};
use crate::settings::Settings;
use crate::store::{LISTING, Store};
use commit::{Before, Commit};
use one::Done;
use room::Room;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Files that wait for a worker, and that wait to be committed.
const QUEUE: usize = 64;
/// Workers beside those that calculate: they wait for object stores meanwhile.
const WAITING: usize = 16;

/// What becomes of many files.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How each is treated.
    pub settings: Settings,
    /// Where they go.
    pub to: Where,
    /// Files that are calculated with at a time.
    pub jobs: usize,
    /// Bytes of memory that objects of stores may take, each twice its own.
    pub memory: u64,
    /// The part of the files that is treated, for the ledger.
    pub shard: Shard,
    /// Whether outputs, names and lines are brought to the disk before the run goes on.
    pub sync: bool,
    /// Whether files that stand where outputs go, and are no outputs of this ledger, are replaced.
    pub force: bool,
}

/// Where outputs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// Into a folder, under their relative paths.
    Folder(PathBuf),
    /// Into an object store, under their relative paths.
    Store(Store),
    /// Over their inputs.
    InPlace,
    /// Nowhere: only planned, and not told in the ledger.
    Nowhere,
}

/// What is told of each file as it is done.
#[derive(Debug)]
pub enum Told<'a> {
    /// It was treated.
    Treated(&'a CallRecord),
    /// It was treated before, so.
    Before(Treatment),
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ran {
    /// How the files that were found ended, now or before.
    pub totals: Totals,
    /// How many of them had been treated before.
    pub before: u64,
    /// Whether it was broken off.
    pub interrupted: bool,
}

/// A file to be treated.
struct Job {
    found: Found,
    /// What the ledger says of it, where a store has to be asked whether that is still so.
    known: Option<Known>,
}

/// What the workers share.
struct Shared<'a> {
    batch: &'a Batch,
    memory: Room,
    processors: Room,
    stop: AtomicBool,
}

/// Treats all files that are found. `tell` hears of each once it is committed; `stopped` is asked whether to go on.
///
/// # Errors
/// The ledger or the folder fails; files that fail are told and counted.
pub fn run(
    batch: &Batch,
    found: impl Iterator<Item = Result<Found, Error>> + Send,
    ledger: Option<&mut Ledger>,
    stopped: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<Ran, Error> {
    let jobs = batch.jobs.max(1);
    let shared = Shared { batch, memory: Room::new(batch.memory), processors: Room::new(jobs as u64), stop: AtomicBool::new(false) };
    let (give, take) = sync_channel::<Job>(QUEUE);
    let (hand_in, collect) = sync_channel::<Done>(QUEUE);
    let (ask, asked) = sync_channel::<Result<Found, Error>>(QUEUE);
    let take = Mutex::new(take);
    let mut commit = Commit::new(batch, ledger)?;
    let mut ran = Ran::default();
    let (shared, take) = (&shared, &take);
    let result = std::thread::scope(|scope| {
        let mut hire = |count: usize| {
            for _ in 0..count {
                let hand_in = hand_in.clone();
                scope.spawn(move || work(shared, take, &hand_in));
            }
        };
        hire(jobs);
        scope.spawn(move || {
            // Whoever asked may have gone.
            let _ = found.take_while(|_| !shared.stop.load(Ordering::Relaxed)).all(|one| ask.send(one).is_ok());
        });
        let steering = Steering { commit: &mut commit, ran: &mut ran, tell, stopped, shared, hire: Some(&mut hire) };
        let result = steering.run(&asked, give, &collect);
        shared.stop.store(true, Ordering::Relaxed);
        // Whoever waits to hand something in is let go.
        drop((asked, collect));
        result
    });
    result.map(|()| ran)
}

fn work(shared: &Shared<'_>, take: &Mutex<Receiver<Job>>, hand_in: &SyncSender<Done>) {
    loop {
        let job = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if hand_in.send(one::treat(shared, &job)).is_err() {
            return;
        }
    }
}

/// Gives found files to the workers, unless the ledger knows what became of them, and commits what comes back.
struct Steering<'a, 'b> {
    commit: &'a mut Commit<'b>,
    ran: &'a mut Ran,
    tell: &'a mut dyn FnMut(Told<'_>),
    stopped: &'a dyn Fn() -> bool,
    shared: &'a Shared<'a>,
    /// Takes on more workers, once: those who wait for a store while others calculate. Of files alone they would only take turns with these.
    hire: Option<&'a mut dyn FnMut(usize)>,
}

impl Steering<'_, '_> {
    fn run(mut self, found: &Receiver<Result<Found, Error>>, give: SyncSender<Job>, collect: &Receiver<Done>) -> Result<(), Error> {
        let (mut give, mut under_way) = (Some(give), 0_usize);
        loop {
            if (self.stopped)() {
                // What is under way is broken off.
                self.shared.stop.store(true, Ordering::Relaxed);
                (give, self.ran.interrupted) = (None, true);
            }
            // As many as there is room for, without waiting: `under_way` counts what lies in both queues.
            while let Some(to) = give.as_ref().filter(|_| under_way < QUEUE) {
                match found.try_recv() {
                    Ok(Ok(found)) => {
                        let Some(known) = self.is_to_be_treated(&found)? else { continue };
                        if (found.object.is_some() || matches!(self.shared.batch.to, Where::Store(_)))
                            && let Some(hire) = self.hire.take()
                        {
                            hire(WAITING);
                        }
                        if to.send(Job { found, known }).is_err() {
                            give = None;
                        } else {
                            under_way += 1;
                        }
                    }
                    Ok(Err(error @ Error::Io { doing: LISTING, .. })) => {
                        // What comes behind it is not known: that is no file's failure, but the run's.
                        self.commit.flush(self.ran, self.tell)?;
                        return Err(error);
                    }
                    Ok(Err(error)) => self.commit.add(one::unread(&error), self.ran, self.tell)?,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => give = None,
                }
            }
            if give.is_none() && under_way == 0 {
                return self.commit.flush(self.ran, self.tell);
            }
            // Those who wait for memory wait for what is to be committed.
            if self.shared.memory.is_short() {
                self.commit.make_room(self.ran, self.tell)?;
            }
            // While there may be more to give out, not for long.
            match collect.recv_timeout(Duration::from_millis(if give.is_some() { 2 } else { 100 })) {
                Ok(done) => {
                    under_way -= 1;
                    self.commit.add(done, self.ran, self.tell)?;
                }
                Err(RecvTimeoutError::Timeout) => self.commit.idle(self.ran, self.tell)?,
                // Not before the run ends: `hire` has an end of it too.
                Err(RecvTimeoutError::Disconnected) => return self.commit.flush(self.ran, self.tell),
            }
        }
    }

    /// What the ledger says of a file that is to be treated; `None` where nothing is to be done about it: it was treated before, or came already.
    fn is_to_be_treated(&mut self, found: &Found) -> Result<Option<Option<Known>>, Error> {
        match self.commit.is_twice(found) {
            Some(true) => return Ok(None),
            Some(false) => {
                let error = Error::SameName { path: found.path.clone() };
                // By its whole path, since the relative one is the other's.
                let named = Found { relative: found.path.to_string_lossy().into_owned(), ..found.clone() };
                self.commit.add(one::failed(named, error.to_string()), self.ran, self.tell)?;
                return Ok(None);
            }
            None => {}
        }
        match self.commit.before(found) {
            Before::New => Ok(Some(None)),
            Before::Ask(known) => Ok(Some(Some(known))),
            Before::Treated(outcome, hours) => {
                self.ran.count_before(outcome, hours, self.tell);
                Ok(None)
            }
        }
    }
}

impl Ran {
    /// Counts a file in that was treated before.
    fn count_before(&mut self, outcome: Treatment, hours: f64, tell: &mut dyn FnMut(Told<'_>)) {
        self.before += 1;
        self.totals.count(outcome, hours);
        tell(Told::Before(outcome));
    }
}

impl Batch {
    /// What the ledger says of a run.
    pub(crate) fn opened(&self) -> Opened {
        let settings = &self.settings;
        let examined = settings.examined();
        let (fill, channels) = (settings.fill_name(), settings.linking_name());
        let masks: Vec<_> = settings.masks.iter().map(ToString::to_string).collect();
        let all = format!("{} {examined:?} {fill} {channels} {masks:?}", env!("CARGO_PKG_VERSION"));
        Opened {
            tool: "cardhush".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            examined,
            masks,
            fill: fill.into(),
            channels: channels.into(),
            settings: crate::digest::Sha256::of(all.as_bytes()),
            mode: if self.to == Where::InPlace { "in place" } else { "beside" }.into(),
            to: match &self.to {
                Where::Folder(folder) => Some(whole(folder)),
                Where::Store(place) => Some(place.to_string()),
                Where::InPlace | Where::Nowhere => None,
            },
            shard: self.shard.to_string(),
            at: crate::ledger::now(),
        }
    }
}

/// A path from the root, as text.
fn whole(path: &std::path::Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.into()).to_string_lossy().into_owned()
}
