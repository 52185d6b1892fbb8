//! `cardhush scrub` of many calls: what is found goes to the workers, what they did to the ledger, and how far it is to people at a terminal or, a line a call, to standard output.

use crate::exit::{Exit, Failure, complain};
use crate::job::{ScrubMany, is_store};
use crate::progress::Rate;
use crate::stop::Stop;
use cardhush_scrub::Error;
use cardhush_scrub::batch::{Ending, Found, Ran, Told, Where, is_pattern, run as run_batch};
use cardhush_scrub::ledger::{Key, Ledger, Treatment};
use cardhush_scrub::store::Store;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

type Files = Box<dyn Iterator<Item = Result<Found, Error>> + Send>;

/// Scrubs many calls.
pub fn run(mut job: ScrubMany) -> Result<Exit, Failure> {
    let key = job.key.as_deref().map(Key::read).transpose().map_err(Failure::failed)?;
    if let Where::Folder(folder) = &job.batch.to {
        fs::create_dir_all(folder).map_err(|e| Failure::failed(format_args!("{}: cannot make it: {e}", folder.display())))?;
    }
    let mut ledger = job.ledger.as_deref().map(|path| Ledger::open(path, key)).transpose().map_err(Failure::failed)?;
    job.search.without = without(&job)?;
    if let Where::Store(place) = &job.batch.to {
        job.search.without_store = Some(place.clone());
    }
    let files = files(&job)?;
    let stop = Stop::listen();
    let mut rate = Rate::new(job.quiet);
    if rate.is_shown() && job.list.as_deref() != Some(Path::new("-")) {
        rate.count_all(self::files(&job)?);
    }
    let lines = !job.quiet && (job.json || !rate.is_shown());
    let mut broken = None;
    let ran = run_batch(&job.batch, files, ledger.as_mut(), &|| stop.asked(), &mut |told| {
        let (outcome, hours) = match &told {
            Told::Treated(record) => (record.outcome, record.hours()),
            Told::Before(outcome) => (*outcome, 0.0),
        };
        if let Told::Treated(record) = told {
            if let Some(reason) = record.reason.as_deref().filter(|_| !lines && !job.quiet) {
                rate.above(|| complain(reason));
            }
            if lines && broken.is_none() {
                broken = record.write(io::stdout().lock()).err();
            }
        }
        rate.count(matches!(outcome, Treatment::Refused | Treatment::Failed), hours);
    });
    rate.clear();
    // Whatever else failed, what is kept aside is listed.
    let listed = quarantine(&job, ledger.as_ref());
    let ran = ran.map_err(Failure::failed)?;
    listed?;
    if let Some(error) = broken {
        return Err(Failure::writing("standard output", &error));
    }
    if !job.quiet {
        complain(sentence(&job, &ran, &rate));
    }
    if ran.totals.found == 0 && !ran.interrupted && job.batch.shard.is_whole() && job.search.since.is_none() {
        // A folder that is not mounted, a pattern that is misspelt.
        return Err(Failure::failed("no files were found there"));
    }
    Ok(match (ran.interrupted, ran.totals.refused + ran.totals.failed) {
        (true, _) => Exit::Interrupted,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Failed,
    })
}

/// What is never taken for a call: outputs, the ledger and what lies beside it.
fn without(job: &ScrubMany) -> Result<Vec<PathBuf>, Failure> {
    let folder = if let Where::Folder(folder) = &job.batch.to { Some(folder.as_path()) } else { None };
    let mut without = Vec::new();
    let list = job.ledger.as_deref().map(beside);
    for path in folder.into_iter().chain(list.as_deref()).chain(job.ledger.as_deref()).chain(job.key.as_deref()).chain(job.list.as_deref())
    {
        // A list from standard input is no file.
        without.extend(path.canonicalize().ok());
    }
    for input in &job.inputs {
        if folder.is_some() && input.canonicalize().ok() == folder.and_then(|folder| folder.canonicalize().ok()) {
            return Err(Failure::usage(format_args!(
                "-o {}: is the input itself: ask for --in-place, or name another folder",
                input.display()
            )));
        }
    }
    Ok(without)
}

/// All that was asked for, one after the other.
fn files(job: &ScrubMany) -> Result<Files, Failure> {
    let mut all: Files = Box::new(std::iter::empty());
    for input in &job.inputs {
        let next: Files = if is_store(input) {
            let place = Store::open(&input.to_string_lossy()).map_err(Failure::usage)?;
            if matches!(&job.batch.to, Where::Store(to) if to.contains(&place)) {
                return Err(Failure::usage(format_args!("-o: {place} lies there itself: ask for --in-place, or name another place")));
            }
            if is_pattern(&place.to_string()) {
                return Err(Failure::usage(format_args!("{place}: a pattern; of a store, name a place, and what to --exclude")));
            }
            Box::new(job.search.store(&place))
        } else if input.is_dir() {
            Box::new(job.search.folder(input))
        } else if input.exists() || !input.to_str().is_some_and(is_pattern) {
            let named = input.clone().into_os_string().into_encoded_bytes();
            Box::new(job.search.list(io::Cursor::new(named), Ending::Nul, input))
        } else {
            let pattern = input.to_string_lossy();
            Box::new(job.search.pattern(&pattern).map_err(|e| Failure::usage(format_args!("{pattern}: {e}")))?)
        };
        all = Box::new(all.chain(next));
    }
    if let Some(list) = &job.list {
        all = Box::new(all.chain(listed(job, list)?));
    }
    Ok(all)
}

fn listed(job: &ScrubMany, list: &Path) -> Result<Files, Failure> {
    if list == Path::new("-") {
        return Ok(Box::new(job.search.list(io::stdin(), job.ending, list)));
    }
    let file = File::open(list).map_err(|e| Failure::failed(format_args!("--list {}: cannot read it: {e}", list.display())))?;
    Ok(Box::new(job.search.list(file, job.ending, list)))
}

/// Beside the ledger: what was not scrubbed and not copied, with its reason, as of now.
fn quarantine(job: &ScrubMany, ledger: Option<&Ledger>) -> Result<(), Failure> {
    let (Some(path), Some(ledger)) = (&job.ledger, ledger) else { return Ok(()) };
    ledger.write_quarantine(&beside(path)).map_err(Failure::failed)
}

/// The list's name, beside its ledger's.
fn beside(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".quarantine.jsonl");
    name.into()
}

fn sentence(job: &ScrubMany, ran: &Ran, rate: &Rate) -> String {
    let totals = ran.totals;
    let before = if ran.before > 0 { format!(", {} of them before", ran.before) } else { String::new() };
    let dry = if job.batch.to == Where::Nowhere { " (nothing was written)" } else { "" };
    let interrupted = if ran.interrupted { "; interrupted: run it again to go on" } else { "" };
    format!(
        "{} files found{before}: {} scrubbed, {} with nothing found, {} refused, {} failed{dry}; {}; {}{interrupted}",
        totals.found,
        totals.scrubbed,
        totals.nothing_found,
        totals.refused,
        totals.failed,
        rate.words(),
        super::looked_for(&job.batch.settings.examined())
    )
}
