//! Is a ledger as it was written, and are the files as it says?
//!
//! The chain, the seals and the sums are checked first, line by line, up to the first that is wrong. Then, of the last line of each file: that its original is what was read, that its output is what was written, that the two are the same bytes but
//! for the spans of the line, and that nothing is found in the output that was not there to be found.

use super::key::PublicKey;
use super::name;
use super::read::{Entries, LedgerError};
use super::record::{CallRecord, Record, SpanRecord, Totals, Treatment};
use crate::batch::{Search, path_below};
use crate::call::{Call, same_file};
use crate::check::verify as verify_pair;
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::find::find;
use crate::plan::Plan;
use crate::settings::Settings;
use cardhush_core::{Cause, Redaction, Span};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What is checked beside the ledger itself.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Where the originals are, by their relative paths.
    pub originals: Option<PathBuf>,
    /// Where the outputs are.
    pub outputs: Option<PathBuf>,
    /// The key that every seal must be signed with.
    pub key: Option<PublicKey>,
    /// What is looked for in outputs; `None`: nothing is.
    pub scan: Option<Settings>,
}

/// What a ledger came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// Its lines.
    pub lines: u64,
    /// Sums over the last line of each file.
    pub totals: Totals,
    /// Files that were looked at.
    pub files: u64,
    /// Whether every seal is signed.
    pub signed: bool,
    /// Things that are wrong.
    pub problems: u64,
}

/// Something that is wrong.
#[derive(Debug)]
pub enum Problem<'a> {
    /// With the ledger.
    Ledger(&'a LedgerError),
    /// With the ledger as a whole.
    Sums(&'a str),
    /// With a file.
    File {
        /// As the ledger calls it.
        path: &'a str,
        /// What.
        what: String,
    },
}

/// Checks a ledger, and what it tells of. `tell` hears of each thing that is wrong; `stopped` is asked between files.
///
/// # Errors
/// The ledger cannot be read.
pub fn verify(path: &Path, against: &Against, stopped: &dyn Fn() -> bool, tell: &mut dyn FnMut(&Problem<'_>)) -> Result<Found, Error> {
    let mut found = Found { signed: true, ..Found::default() };
    let mut problem = |found: &mut Found, problem: &Problem<'_>| {
        found.problems += 1;
        tell(problem);
    };
    let entries = |key| Ok(Entries::new(BufReader::new(File::open(path).map_err(doing("open", path))?), key));
    // The last line of each file, by the first half of the digest of its path; sums as a seal has them.
    let mut last: HashMap<u128, (u64, Treatment, f64)> = HashMap::new();
    // Every relative path that has a line.
    let mut names = HashSet::new();
    let mut sealed = false;
    for entry in entries(against.key)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                problem(&mut found, &Problem::Ledger(&error));
                return Ok(found);
            }
        };
        found.lines += 1;
        sealed = false;
        match &entry.record {
            Record::Call(call) => {
                names.insert(name("", &call.path));
                let (name, hours) = (name(&call.root, &call.path), call.hours());
                found.totals.count(call.outcome, hours);
                if let Some((_, outcome, hours)) = last.insert(name, (entry.seq, call.outcome, hours)) {
                    found.totals.uncount(outcome, hours);
                }
            }
            Record::Seal(seal) => {
                sealed = true;
                found.signed &= seal.signature.is_some();
                let same = |one: Totals, other: Totals| {
                    Totals { hours: 0.0, ..one } == Totals { hours: 0.0, ..other } && (one.hours - other.hours).abs() < 1e-6
                };
                if !same(seal.totals, found.totals) || !seal.totals.balance() {
                    problem(&mut found, &Problem::Sums("a seal's sums are not those of the lines before it"));
                }
            }
            Record::Opened(_) => {}
        }
    }
    if found.lines == 0 {
        problem(&mut found, &Problem::Sums("has no lines: it proves nothing"));
        return Ok(found);
    }
    if against.key.is_some() && !found.signed {
        problem(&mut found, &Problem::Sums("has seals that nobody signed"));
    }
    if !sealed {
        problem(&mut found, &Problem::Sums("the last lines have no seal: the run was cut off; run it again to its end"));
    }
    let mut beside = true;
    for entry in entries(against.key)? {
        let Ok(entry) = entry else { break };
        if let Record::Opened(opened) = &entry.record {
            beside = opened.to.is_some();
        }
        let Record::Call(call) = entry.record else { continue };
        if last.get(&name(&call.root, &call.path)).is_none_or(|(seq, ..)| *seq != entry.seq) {
            continue;
        }
        if stopped() {
            return Err(Error::Interrupted { path: path.into() });
        }
        found.files += 1;
        let mut what = |what: String| problem(&mut found, &Problem::File { path: &call.path, what });
        check_file(&call, against, beside, &mut what);
    }
    // What nobody tells of is nothing that was scrubbed.
    if let Some(folder) = &against.outputs {
        for stranger in Search::default().folder(folder) {
            let stranger = stranger?;
            let own = stranger.relative.starts_with("cardhush-ledger") || same_file(&stranger.path, path);
            if !own && !names.contains(&name("", &stranger.relative)) {
                problem(
                    &mut found,
                    &Problem::File { path: &stranger.relative, what: "stands among the outputs, and the ledger has no line of it".into() },
                );
            }
        }
    }
    Ok(found)
}

fn check_file(call: &CallRecord, against: &Against, beside: bool, wrong: &mut dyn FnMut(String)) {
    let below = path_below(&call.path);
    let place = |folder: &Option<PathBuf>| folder.as_ref().zip(below.as_ref()).map(|(folder, below)| folder.join(below));
    let (original, output) = (place(&against.originals), place(&against.outputs));
    let Some(written) = call.output.as_ref() else {
        // In place it stays where it was.
        if beside && output.is_some_and(|output| fs::symlink_metadata(output).is_ok()) {
            wrong("was not scrubbed, and stands among the outputs".into());
        }
        return;
    };
    if below.is_none() {
        return wrong("is no path below the folders".into());
    }
    let original_is = original.as_deref().is_none_or(|path| is(path, "original", call.input.sha256, wrong));
    let output_is = output.as_deref().is_none_or(|path| is(path, "output", written.sha256, wrong));
    let result = match (original.filter(|_| original_is), output.filter(|_| output_is)) {
        (Some(original), Some(output)) => pair(call, &original, &output, against),
        (None, Some(output)) => alone(call, &output, against),
        _ => Ok(0),
    };
    match result {
        Ok(0) => {}
        Ok(left) => wrong(format!("{left} spans are found in the output that the ledger does not have")),
        Err(error) => wrong(error.to_string()),
    }
}

/// Whether a file has the contents that it should.
fn is(path: &Path, kind: &str, sha256: Option<Sha256>, wrong: &mut dyn FnMut(String)) -> bool {
    match (Sha256::at(path), sha256) {
        (Some(there), Some(written)) if there == written => return true,
        (Some(_), Some(_)) => wrong(format!("the {kind} is not the one of the ledger: {} was changed", path.display())),
        (None, _) => wrong(format!("the {kind} cannot be read: {}", path.display())),
        (_, None) => wrong(format!("the ledger has no digest of the {kind}")),
    }
    false
}

fn plan(spans: &[SpanRecord], channels: u8) -> Plan {
    let mut plan = Plan::new(channels);
    plan.add(spans.iter().filter_map(|span| {
        let cause = Cause::ALL.into_iter().find(|cause| cause.name() == span.3)?;
        Some(Redaction { channel: u8::try_from(span.0).ok()?, span: Span::new(span.1, span.2), cause })
    }));
    plan
}

/// Original and output side by side, and a look at the output.
fn pair(call: &CallRecord, original: &Path, output: &Path, against: &Against) -> Result<usize, Error> {
    let original = Call::open(original)?;
    let asked = if call.asked.is_empty() { &call.spans } else { &call.asked };
    let plan = plan(asked, original.channels());
    let nothing = Settings { keyed: false, spoken: None, ..Settings::default() };
    let settings = against.scan.as_ref().unwrap_or(&nothing);
    Ok(verify_pair(original, output, Some(plan), settings, &mut |_| ControlFlow::Continue(()))?.left.masked().spans)
}

/// A look at an output without its original.
fn alone(call: &CallRecord, output: &Path, against: &Against) -> Result<usize, Error> {
    let Some(settings) = &against.scan else { return Ok(0) };
    let output = Call::open(output)?;
    let known = plan(&call.spans, output.channels());
    let found = find(&output, settings, None, &mut |_| ControlFlow::Continue(()))?;
    Ok(found.redactions().filter(|one| known.near(one.channel, one.span).0.is_empty()).count())
}
