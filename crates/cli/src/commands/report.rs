//! `cardhush report`: what ledgers prove, as one page for people.

use crate::exit::{Exit, Failure, complain};
use crate::job::is_store;
use cardhush_scrub::evidence::{Draw, Ledgers, Report, Sample, State, Tally, render};
use cardhush_scrub::ledger::{PublicKey, Record, Treatment};
use cardhush_scrub::{Beside, Error, Readers, same_file};
use clap::Args;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Calls that are shown.
const SHOWN: usize = 4;

/// `cardhush report`.
#[derive(Debug, Args)]
#[command(after_help = "\
The page needs nothing else: no network, no script. It holds no digit, no transcript and no audio; pictures are made of outputs alone, and only of those that are what the ledger says.
Exit status 1: a ledger was changed, or was not signed by the key that was given. The page is written all the same, and says so at its top.

Examples:
  cardhush report clean/cardhush-ledger.jsonl -o report.html --outputs clean --key answerable.key.pub
  cardhush report shard-*.jsonl -o report.html")]
pub struct ReportArgs {
    /// The ledgers, of shards, of archives or of workers; of a file that several have one line counts, mostly that which was ended last (docs/ledger.md)
    #[arg(value_name = "LEDGER", required = true)]
    pub ledgers: Vec<PathBuf>,
    /// Where the page goes; must not exist yet; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The folder of outputs, for a few pictures of them
    #[arg(long, value_name = "DIR")]
    pub outputs: Option<PathBuf>,
    /// The public key that seals must be signed with
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Replace a page that exists
    #[arg(long)]
    pub force: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// Makes the page.
pub fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    if args.outputs.as_deref().is_some_and(is_store) {
        return Err(Failure::usage("--outputs: pictures and sounds are made of files, not of objects: fetch a few into a folder"));
    }
    let key = args.key.as_deref().map(PublicKey::read).transpose().map_err(Failure::failed)?;
    let page = Page::open(&args.output, args.force, &args.ledgers)?;
    let mut ledgers = Ledgers::open(&args.ledgers, key).map_err(Failure::failed)?;
    let (mut tally, mut draw) = (Tally::default(), Draw::new(&seed(&ledgers), SHOWN));
    let read = ledgers.each(|number, entry, counts| match &entry.record {
        Record::Opened(opened) => tally.run(opened),
        Record::Call(call) => {
            tally.call(number, call, counts);
            if counts && call.outcome == Treatment::Scrubbed {
                draw.offer(number, call);
            }
        }
        _ => {}
    });
    read.map_err(Failure::failed)?;
    for (number, state) in ledgers.states_mut().enumerate() {
        state.compare(&tally.each.get(number).copied().unwrap_or_default());
    }
    let samples: Vec<_> = draw.take(SHOWN).iter().map(|drawn| Sample::new(&drawn.call, args.outputs.as_deref())).collect();
    let made = now();
    page.publish(&render(&Report { ledgers: &ledgers, tally: &tally, samples: &samples, made: &made }))?;
    for state in ledgers.states().filter(|state| !state.is_intact()) {
        let wrong = state.wrong.as_deref().unwrap_or("the sums of its last seal are not those of its lines");
        complain(format_args!("{}: {wrong}", state.path.display()));
    }
    let totals = tally.totals;
    if !args.quiet {
        complain(format_args!(
            "{} files found: {} scrubbed, {} with nothing found, {} refused, {} failed; {}",
            totals.found,
            totals.scrubbed,
            totals.nothing_found,
            totals.refused,
            totals.failed,
            signed(&ledgers)
        ));
    }
    Ok(if ledgers.states().all(State::is_intact) { Exit::Done } else { Exit::Found })
}

/// What pictures are drawn by: the digests of the ledgers, so that the same ledgers give the same page.
fn seed(ledgers: &Ledgers) -> String {
    ledgers.states().filter_map(|state| state.head).map(|head| head.to_string()).collect()
}

fn signed(ledgers: &Ledgers) -> &'static str {
    match (ledgers.states().all(|state| state.seals > 0 && state.unsigned == 0), ledgers.is_key_given()) {
        (false, _) => "not signed: whoever can write a ledger could have written it anew",
        (true, false) => "signed, by whom its own words alone say: give the public key with --key",
        (true, true) => "signed by the key that was given",
    }
}

/// Now, RFC 3339, UTC.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// A file that appears whole, or standard output.
pub struct Page {
    path: PathBuf,
    replace: bool,
    beside: Option<Beside>,
}

impl Page {
    /// Refuses, before any work, a place that is taken or that cannot be written to.
    pub fn open(path: &Path, replace: bool, inputs: &[PathBuf]) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self { path: "standard output".into(), replace, beside: None });
        }
        if let Some(input) = inputs.iter().find(|input| same_file(input, path)) {
            return Err(Failure::usage(format_args!("-o {}: is {} itself", path.display(), input.display())));
        }
        let taken = path.symlink_metadata().is_ok();
        if taken && (!replace || !path.is_file() || path.is_symlink()) {
            return Err(Failure::usage(Error::Exists { path: path.into() }));
        }
        let beside = Beside::new(path, Readers::Usual).map_err(Failure::failed)?;
        Ok(Self { path: path.into(), replace, beside: Some(beside) })
    }

    /// Gives it its contents and its name.
    pub fn publish(self, text: &str) -> Result<(), Failure> {
        let failed = |e: io::Error| Failure::writing(&self.path.display().to_string(), &e);
        let Some(beside) = self.beside else { return io::stdout().lock().write_all(text.as_bytes()).map_err(failed) };
        beside.file().write_all(text.as_bytes()).map_err(failed)?;
        beside.publish(self.replace).map_err(Failure::failed)
    }
}
