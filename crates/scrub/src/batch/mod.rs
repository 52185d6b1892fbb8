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

pub(crate) use found::path_below;
pub use found::{Found, Search, Shard, glob, is_pattern};

use crate::error::Error;
use crate::ledger::{CallRecord, Ledger, Opened, Totals, Treatment};
use crate::settings::Settings;
use commit::Commit;
use one::Done;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Files that wait for a worker, and that wait to be committed.
const QUEUE: usize = 64;

/// What becomes of many files.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How each is treated.
    pub settings: Settings,
    /// Where they go.
    pub to: Where,
    /// Workers at a time.
    pub jobs: usize,
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
    let stop = AtomicBool::new(false);
    let (give, take) = sync_channel::<Found>(QUEUE);
    let (hand_in, collect) = sync_channel::<Done>(QUEUE);
    let (ask, asked) = sync_channel::<Result<Found, Error>>(QUEUE);
    let take = Mutex::new(take);
    let mut commit = Commit::new(batch, ledger)?;
    let mut ran = Ran::default();
    let (stop, take) = (&stop, &take);
    let result = std::thread::scope(|scope| {
        for _ in 0..batch.jobs.max(1) {
            let hand_in = hand_in.clone();
            scope.spawn(move || work(batch, take, &hand_in, stop));
        }
        drop(hand_in);
        scope.spawn(move || {
            // Whoever asked may have gone.
            let _ = found.take_while(|_| !stop.load(Ordering::Relaxed)).try_for_each(|one| ask.send(one));
        });
        let steering = Steering { commit: &mut commit, ran: &mut ran, tell, stopped, stop };
        let result = steering.run(&asked, give, &collect);
        stop.store(true, Ordering::Relaxed);
        // Whoever waits to hand something in is let go.
        drop((asked, collect));
        result
    });
    result.map(|()| ran)
}

fn work(batch: &Batch, take: &Mutex<Receiver<Found>>, hand_in: &SyncSender<Done>, stop: &AtomicBool) {
    loop {
        let found = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(found) = found else { return };
        if hand_in.send(one::treat(batch, &found, stop)).is_err() {
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
    stop: &'a AtomicBool,
}

impl Steering<'_, '_> {
    fn run(mut self, found: &Receiver<Result<Found, Error>>, give: SyncSender<Found>, collect: &Receiver<Done>) -> Result<(), Error> {
        let (mut give, mut under_way) = (Some(give), 0_usize);
        loop {
            if (self.stopped)() {
                // What is under way is broken off.
                self.stop.store(true, Ordering::Relaxed);
                (give, self.ran.interrupted) = (None, true);
            }
            // As many as there is room for, without waiting: `under_way` counts what lies in both queues.
            while let Some(to) = give.as_ref().filter(|_| under_way < QUEUE) {
                match found.try_recv() {
                    Ok(Ok(found)) => {
                        if self.was_treated(&found)? {
                            continue;
                        }
                        if to.send(found).is_err() {
                            give = None;
                        } else {
                            under_way += 1;
                        }
                    }
                    Ok(Err(error)) => self.commit.add(one::unread(&error), self.ran, self.tell)?,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => give = None,
                }
            }
            if give.is_none() && under_way == 0 {
                return self.commit.flush(self.ran, self.tell);
            }
            // While there may be more to give out, not for long.
            match collect.recv_timeout(Duration::from_millis(if give.is_some() { 2 } else { 100 })) {
                Ok(done) => {
                    under_way -= 1;
                    self.commit.add(done, self.ran, self.tell)?;
                }
                Err(RecvTimeoutError::Timeout) => self.commit.idle(self.ran, self.tell)?,
                Err(RecvTimeoutError::Disconnected) => return self.commit.flush(self.ran, self.tell),
            }
        }
    }

    /// Whether nothing is to be done about a file: it was treated before, or came already.
    fn was_treated(&mut self, found: &Found) -> Result<bool, Error> {
        match self.commit.is_twice(found) {
            Some(true) => return Ok(true),
            Some(false) => {
                let error = Error::SameName { path: found.path.clone() };
                // By its whole path, since the relative one is the other's.
                let named = Found { relative: found.path.to_string_lossy().into_owned(), ..found.clone() };
                self.commit.add(one::failed(named, error.to_string()), self.ran, self.tell)?;
                return Ok(true);
            }
            None => {}
        }
        let Some((outcome, hours)) = self.commit.before(found) else { return Ok(false) };
        self.ran.before += 1;
        self.ran.totals.count(outcome, hours);
        (self.tell)(Told::Before(outcome));
        Ok(true)
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
            to: if let Where::Folder(folder) = &self.to { Some(whole(folder)) } else { None },
            shard: self.shard.to_string(),
            at: crate::ledger::now(),
        }
    }
}

/// A path from the root, as text.
fn whole(path: &std::path::Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.into()).to_string_lossy().into_owned()
}
