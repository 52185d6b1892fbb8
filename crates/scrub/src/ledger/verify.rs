//! Are ledgers as they were written, do they add up, and are the files as they say?
//!
//! The chain, the seals and the sums of each are checked first, line by line, up to the first that is wrong. Ledgers of several workers are then taken together: of each file the line counts that is
//! heaviest ([`Weight`]), mostly the one that was ended last, so that what was tried again counts once; and a manifest must name the very files that have a line. Then, of the line of each file that counts: that its original is what was read, that its
//! output is what was written, that the two are the same bytes but for the spans of the line, and that nothing is found in the output that was not there to be found.

use super::key::PublicKey;
use super::name;
use super::read::{Entries, LedgerError};
use super::record::{CallRecord, FileState, Record, SpanRecord, Totals, Treatment};
use crate::batch::Search;
use crate::call::same_file;
use crate::check::verify_open;
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::find::find;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::tree::{Opened, Tree};
use cardhush_core::{Cause, Redaction, Span};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What is checked beside the ledgers themselves.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Where the originals are, by their relative paths.
    pub originals: Option<Tree>,
    /// Where the outputs are.
    pub outputs: Option<Tree>,
    /// The files that there must be, a whole name or a relative path a line.
    pub manifest: Option<PathBuf>,
    /// The key that every seal must be signed with.
    pub key: Option<PublicKey>,
    /// What is looked for in outputs; `None`: nothing is.
    pub scan: Option<Settings>,
}

/// What ledgers came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// Their lines.
    pub lines: u64,
    /// Sums over the line of each file that counts.
    pub totals: Totals,
    /// Files that were looked at.
    pub files: u64,
    /// Files that have lines in more than one ledger: tried again, or by two at a time.
    pub again: u64,
    /// Ledgers that end without a seal: their workers were lost. Only where there are several; of one it is a problem.
    pub lost: u64,
    /// Whether every seal is signed.
    pub signed: bool,
    /// Things that are wrong.
    pub problems: u64,
}

/// Something that is wrong.
#[derive(Debug)]
pub enum Problem<'a> {
    /// With a ledger.
    Ledger(&'a Path, &'a LedgerError),
    /// With a ledger as a whole.
    Sums(&'a Path, &'a str),
    /// With a file.
    File {
        /// As the ledger calls it.
        path: &'a str,
        /// What.
        what: String,
    },
}

/// The line of a file that counts.
#[derive(Clone, Copy)]
struct Last {
    weight: Weight,
    ledger: u32,
    seq: u64,
    outcome: Treatment,
    hours: f64,
}

/// What the lines of all ledgers come to.
#[derive(Default)]
struct Sum {
    last: HashMap<u128, Last>,
    /// Every relative path that has a line.
    names: HashSet<u128>,
    /// Ledgers that were read to their end.
    whole: Vec<bool>,
}

/// Checks ledgers, and what they tell of. `tell` hears of each thing that is wrong; `stopped` is asked between files.
///
/// # Errors
/// A ledger, the manifest or a folder cannot be read.
pub fn verify(
    paths: &[PathBuf],
    against: &Against,
    stopped: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(&Problem<'_>),
) -> Result<Found, Error> {
    let mut found = Found { signed: true, ..Found::default() };
    let mut problem = |found: &mut Found, problem: &Problem<'_>| {
        found.problems += 1;
        tell(problem);
    };
    let mut sum = Sum::default();
    for path in paths {
        read_ledger(path, paths.len() > 1, against, &mut sum, &mut found, &mut problem)?;
    }
    if found.lines == 0 && found.problems == 0 {
        let path = paths.first().map_or(Path::new("-"), PathBuf::as_path);
        problem(&mut found, &Problem::Sums(path, "no ledger has any lines: they prove nothing"));
    }
    found.signed &= found.lines > 0;
    if sum.whole == [false] {
        return Ok(found);
    }
    for last in sum.last.values() {
        found.totals.count(last.outcome, last.hours);
    }
    let manifest = against.manifest.as_deref().map(Manifest::read).transpose()?;
    let mut beside = true;
    for (number, path) in paths.iter().enumerate().filter(|(number, _)| sum.whole.get(*number) == Some(&true)) {
        for entry in entries(path, against)? {
            let Ok(entry) = entry else { break };
            if let Record::Opened(opened) = &entry.record {
                beside = opened.to.is_some();
            }
            let Record::Call(call) = entry.record else { continue };
            let counts = |last: &&Last| (last.ledger as usize, last.seq) == (number, entry.seq);
            let Some(last) = sum.last.get(&name(&call.root, &call.path)).filter(counts) else { continue };
            if stopped() {
                return Err(Error::Interrupted { path: path.into() });
            }
            found.files += 1;
            let mut what = |what: String| problem(&mut found, &Problem::File { path: &call.path, what });
            if paths.len() > 1 && !last.weight.sealed {
                what("its last line has no seal: the run was cut off, and no other has done it again".into());
            }
            if manifest.as_ref().is_some_and(|manifest| !manifest.has(&call)) {
                what("has a line, and is not in the manifest".into());
            }
            check_file(&call, against, beside, &mut what);
        }
    }
    if let Some(manifest) = &manifest {
        manifest.missing(&sum, &mut |path| {
            problem(&mut found, &Problem::File { path, what: "is in the manifest, and no ledger has a line of it".into() });
        })?;
    }
    // What nobody tells of is nothing that was scrubbed.
    if let Some(tree) = &against.outputs {
        for stranger in tree.list(&Search::default()) {
            let stranger = stranger?;
            let own = stranger.relative.starts_with("cardhush-ledger") || paths.iter().any(|path| same_file(&stranger.path, path));
            if !own && !sum.names.contains(&name("", &stranger.relative)) {
                problem(
                    &mut found,
                    &Problem::File { path: &stranger.relative, what: "stands among the outputs, and the ledger has no line of it".into() },
                );
            }
        }
    }
    Ok(found)
}

fn entries(path: &Path, against: &Against) -> Result<Entries<BufReader<File>>, Error> {
    Ok(Entries::new(BufReader::new(File::open(path).map_err(doing("open", path))?), against.key))
}

/// Checks a ledger for itself, and adds its lines to those of the others.
fn read_ledger(
    path: &Path,
    several: bool,
    against: &Against,
    sum: &mut Sum,
    found: &mut Found,
    problem: &mut dyn FnMut(&mut Found, &Problem<'_>),
) -> Result<(), Error> {
    let number = sum.whole.len() as u32;
    sum.whole.push(false);
    // The last line of each file, by the first half of the digest of its path; sums as a seal has them.
    let mut own: HashMap<u128, Last> = HashMap::new();
    let (mut totals, mut lines, mut sealed_up_to, mut torn, mut signed) = (Totals::default(), 0, 0, false, true);
    for entry in entries(path, against)? {
        let entry = match entry {
            Ok(entry) => entry,
            // A worker that was lost.
            Err(LedgerError::Torn { .. }) if several => {
                torn = true;
                break;
            }
            Err(error) => {
                found.lines += lines;
                problem(found, &Problem::Ledger(path, &error));
                return Ok(());
            }
        };
        lines += 1;
        match &entry.record {
            Record::Call(call) => {
                sum.names.insert(name("", &call.path));
                let hours = call.hours();
                totals.count(call.outcome, hours);
                let last = Last { weight: Weight::of(call, false), ledger: number, seq: entry.seq, outcome: call.outcome, hours };
                if let Some(before) = own.insert(name(&call.root, &call.path), last) {
                    totals.uncount(before.outcome, before.hours);
                }
            }
            Record::Seal(seal) => {
                sealed_up_to = lines;
                signed &= seal.signature.is_some();
                let same = |one: Totals, other: Totals| {
                    Totals { hours: 0.0, ..one } == Totals { hours: 0.0, ..other } && (one.hours - other.hours).abs() < 1e-6
                };
                if !same(seal.totals, totals) || !seal.totals.balance() {
                    problem(found, &Problem::Sums(path, "a seal's sums are not those of the lines before it"));
                }
            }
            Record::Opened(_) | Record::Stored { .. } => {}
        }
    }
    found.lines += lines;
    // One whose worker was lost before its first seal has nothing that counts by itself.
    found.signed &= signed && (sealed_up_to > 0 || several);
    if lines == 0 {
        if several {
            found.lost += 1;
        } else {
            problem(found, &Problem::Sums(path, "has no lines: it proves nothing"));
        }
        return Ok(());
    }
    if against.key.is_some() && !signed {
        problem(found, &Problem::Sums(path, "has seals that nobody signed"));
    }
    if torn || sealed_up_to < lines {
        found.lost += 1;
        if !several {
            found.lost = 0;
            problem(found, &Problem::Sums(path, "the last lines have no seal: the run was cut off; run it again to its end"));
        }
    }
    for (name, mut last) in own {
        last.weight.sealed = last.seq < sealed_up_to;
        match sum.last.get(&name).copied() {
            Some(other) => {
                found.again += 1;
                if last.weight > other.weight {
                    sum.last.insert(name, last);
                }
            }
            None => drop(sum.last.insert(name, last)),
        }
    }
    if let Some(whole) = sum.whole.last_mut() {
        *whole = true;
    }
    Ok(())
}

/// What the line of a file weighs among those of several ledgers: the heaviest counts. One without a seal weighs less than any with one, since what it tells of may not have come to be. One that failed before it saw anything of
/// the original weighs less than others: who comes late may find it gone, and knows nothing of what another has done. Among like ones the last weighs most. Compared field by field, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight {
    sealed: bool,
    knows: bool,
    ended_us: u64,
}

impl Weight {
    pub fn of(call: &CallRecord, sealed: bool) -> Self {
        let FileState { bytes, modified_ns, sha256, etag } = &call.input;
        let saw = *bytes > 0 || modified_ns.is_some() || sha256.is_some() || etag.is_some();
        Self { sealed, knows: saw || call.outcome != Treatment::Failed, ended_us: micros(&call.ended) }
    }
}

/// A time of a ledger in microseconds since the epoch.
fn micros(time: &str) -> u64 {
    let at = humantime::parse_rfc3339(time).ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    at.map_or(0, |since| since.as_micros() as u64)
}

/// The files that there must be.
struct Manifest {
    path: PathBuf,
    names: HashSet<u128>,
}

impl Manifest {
    fn read(path: &Path) -> Result<Self, Error> {
        let mut manifest = Self { path: path.into(), names: HashSet::new() };
        let names = &mut manifest.names;
        lines(path, &mut |line| {
            names.insert(name("", line));
        })?;
        Ok(manifest)
    }

    fn has(&self, call: &CallRecord) -> bool {
        self.names.contains(&name("", &call.path)) || self.names.contains(&name("", &whole(&call.root, &call.path)))
    }

    /// Tells of each that no line speaks of.
    fn missing(&self, sum: &Sum, tell: &mut dyn FnMut(&str)) -> Result<(), Error> {
        lines(&self.path, &mut |line| {
            // A whole name can be cut into root and path anywhere.
            let cuts = line.match_indices('/').flat_map(|(at, _)| {
                let (root, path) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
                [name(root, path), name(line.get(..=at).unwrap_or_default(), path)]
            });
            if !sum.names.contains(&name("", line)) && !cuts.into_iter().any(|name| sum.last.contains_key(&name)) {
                tell(line);
            }
        })
    }
}

/// A file's whole name.
fn whole(root: &str, path: &str) -> String {
    format!("{}/{path}", root.trim_end_matches('/'))
}

/// The lines of a manifest that name something.
fn lines(path: &Path, each: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let file = File::open(path).map_err(doing("open", path))?;
    for line in BufReader::new(file).lines() {
        let line = line.map_err(doing("read", path))?;
        let line = line.trim_end_matches('\r');
        if !line.is_empty() {
            each(line);
        }
    }
    Ok(())
}

fn check_file(call: &CallRecord, against: &Against, beside: bool, wrong: &mut dyn FnMut(String)) {
    let open = |tree: &Option<Tree>, bytes: u64, wrong: &mut dyn FnMut(String)| {
        let opened = tree.as_ref().map(|tree| tree.open(&call.path, bytes));
        opened.transpose().unwrap_or_else(|error| {
            wrong(error.to_string());
            None
        })
    };
    let Some(written) = call.output.as_ref() else {
        // In place it stays where it was.
        if beside && against.outputs.as_ref().is_some_and(|tree| tree.has(&call.path)) {
            wrong("was not scrubbed, and stands among the outputs".into());
        }
        return;
    };
    let original = open(&against.originals, call.input.bytes, wrong).filter(|original| is(original, "original", call.input.sha256, wrong));
    let output = open(&against.outputs, written.bytes, wrong).filter(|output| is(output, "output", written.sha256, wrong));
    let result = match (original, output) {
        (Some(original), Some(output)) => pair(call, original, output, against),
        (None, Some(output)) => alone(call, output, against),
        _ => Ok(0),
    };
    match result {
        Ok(0) => {}
        Ok(left) => wrong(format!("{left} spans are found in the output that the ledger does not have")),
        Err(error) => wrong(error.to_string()),
    }
}

/// Whether a file has the contents that it should.
fn is(opened: &Opened, kind: &str, sha256: Option<Sha256>, wrong: &mut dyn FnMut(String)) -> bool {
    let path = opened.path.display();
    match (Sha256::of_file(&opened.file), sha256) {
        (Ok(there), Some(written)) if there == written => return true,
        (Ok(_), Some(_)) => wrong(format!("the {kind} is not the one of the ledger: {path} was changed")),
        (Err(error), _) => wrong(format!("the {kind} cannot be read: {path}: {error}")),
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
fn pair(call: &CallRecord, original: Opened, output: Opened, against: &Against) -> Result<usize, Error> {
    let original = original.call()?;
    let asked = if call.asked.is_empty() { &call.spans } else { &call.asked };
    let plan = plan(asked, original.channels());
    let nothing = Settings { keyed: false, spoken: None, ..Settings::default() };
    let settings = against.scan.as_ref().unwrap_or(&nothing);
    Ok(verify_open(original, &output.file, &output.path, plan, settings, &mut |_| ControlFlow::Continue(()))?.left.masked().spans)
}

/// A look at an output without its original.
fn alone(call: &CallRecord, output: Opened, against: &Against) -> Result<usize, Error> {
    let Some(settings) = &against.scan else { return Ok(0) };
    let output = output.call()?;
    let known = plan(&call.spans, output.channels());
    let found = find(&output, settings, None, &mut |_| ControlFlow::Continue(()))?;
    Ok(found.redactions().filter(|one| known.near(one.channel, one.span).0.is_empty()).count())
}
