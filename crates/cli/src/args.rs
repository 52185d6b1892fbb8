//! The command line as it is typed: names, defaults and help. What it asks for is checked in [`job`](crate::job).

use crate::commands::report::ReportArgs;
use crate::commands::sample::SampleArgs;
use crate::commands::selftest::SelftestArgs;
use crate::listen::ListenArgs;
use cardhush_scrub::Mask;
use cardhush_scrub::batch::Shard;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Finds and destroys keyed (DTMF) and spoken card digits in call audio. Everything else stays bit for bit as it was.
#[derive(Debug, Parser)]
#[command(
    name = "cardhush",
    version,
    arg_required_else_help = true,
    after_help = "\
Spoken digits are listened for by a small network, which misses some: no file is reported clean of card data.

Exit status: 0 all done; 1 scan or verify found something; 2 at least one file failed; 64 wrong usage; 130 interrupted.

Examples:
  cardhush scrub call.wav -o scrubbed.wav --report report.jsonl
  cardhush scan *.wav
  arecord -f S16_LE -r 8000 -t raw | cardhush stream --coding s16le --rate 8000 --channels 1 > call.raw"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a call with every card digit replaced
    Scrub(ScrubArgs),
    /// Say where card digits are; exit 1 if there are any
    Scan(ScanArgs),
    /// Say what files are: container, coding, rate, channels, length, oddities
    Inspect(InspectArgs),
    /// Replace card digits in raw samples on their way from standard input to standard output
    Stream(StreamArgs),
    /// Check a scrubbed call against its original; exit 1 if anything is wrong with it
    Verify(VerifyArgs),
    /// Make a page of what ledgers prove: coverage, findings, refusals, for people who were not there
    Report(ReportArgs),
    /// Draw calls at random for people to listen to, with a form
    Sample(SampleArgs),
    /// Plant digits of test cards in copies of recordings, scrub them, and measure what is left; exit 1 if a keyed one stays
    Selftest(SelftestArgs),
    /// Erase given spans or whole channels of calls, whatever is in them, with the same evidence as a scrub
    Erase(EraseArgs),
    /// Make a key that ledgers are signed with, and the public key that they are checked with
    Keygen(KeygenArgs),
}

/// `cardhush erase`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is looked for: what is named goes, and nothing else. For who asks to be forgotten, and for what was found by ear.

Examples:
  cardhush erase call.wav --channel 1 -o erased --key answerable.key
  cardhush erase call.wav --mask 0:12.5-14.0 --in-place --ledger erased.jsonl")]
pub struct EraseArgs {
    /// The calls
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// This channel, from 0, from beginning to end (may be repeated)
    #[arg(long, value_name = "CH", required_unless_present = "masks")]
    pub channel: Vec<u8>,
    /// This span: CH:FROM-TO, channel from 0 or `*`; seconds, `@` samples or `end` (may be repeated)
    #[arg(long = "mask", value_name = "CH:FROM-TO")]
    pub masks: Vec<Mask>,
    /// The folder that the outputs go to
    #[arg(short, long, value_name = "DIR", conflicts_with = "in_place", required_unless_present = "in_place")]
    pub output: Option<PathBuf>,
    /// Replace the calls themselves
    #[arg(long, requires = "ledger")]
    pub in_place: bool,
    /// Replace outputs that exist
    #[arg(long)]
    pub force: bool,
    /// Where it is kept what was done; without it, cardhush-ledger.jsonl in the folder of outputs
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Sign the ledger with this key, of `cardhush keygen`
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// What erased spans are filled with
    #[arg(long, value_enum, default_value_t = FillName::Silence)]
    pub fill: FillName,
    /// A JSON line a call to standard output
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// `cardhush keygen`.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// Where the private key goes, for its owner alone; the public one goes beside it, with `.pub` behind its name
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `cardhush scrub`.
#[derive(Debug, Args)]
#[command(after_help = "\
The output is read back and compared before it gets its name, and the input is never written to. Mode, times and (where allowed) owner, ACL and tags are kept.

Examples:
  cardhush scrub call.wav -o scrubbed.wav
  cardhush scrub call.wav --in-place --report call.jsonl
  cardhush scrub call.wav -o scrubbed.wav --mask 1:12.5-14.0 --mask '*:@96000-@112000'
  cardhush scrub call.wav -o scrubbed.wav --mask-file pauses.txt --fill silence
  cardhush scrub call.wav -o scrubbed.wav --transcript call.json --redacted-transcript scrubbed.json
  cardhush scrub call.wav -o scrubbed.wav --policy armed --arm 62.5-95
  cardhush scrub call.wav --dry-run --json
  cardhush scrub archive -o clean --key answerable.key          all of a folder, told in clean/cardhush-ledger.jsonl
  cardhush scrub 'archive/2024/**/*.wav' -o clean --jobs 8 --shard 1/4
  find /calls -name '*.wav' -print0 | cardhush scrub --list - --null -o /clean
  cardhush scrub archive --in-place --ledger archive.jsonl
  cardhush scrub s3://calls/2024 -o s3://clean/2024 --ledger 2024.jsonl         built with the feature `cloud`; who asks is in AWS_*, GOOGLE_*, AZURE_*")]
pub struct ScrubArgs {
    /// The call: a WAV file or a packet capture; or many: folders, quoted patterns, several files
    #[arg(value_name = "IN", required_unless_present = "list")]
    pub inputs: Vec<PathBuf>,
    /// Where the scrubbed call goes, or the directory that it or they go to; must not exist yet
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    pub output: Option<PathBuf>,
    /// Replace the call itself, once its successor is verified
    #[arg(long)]
    pub in_place: bool,
    /// Do everything but write: plan, and tell
    #[arg(long)]
    pub dry_run: bool,
    /// Replace an output, a report or a redacted transcript that exists
    #[arg(long)]
    pub force: bool,
    /// Of many calls.
    #[command(flatten)]
    pub many: ManyArgs,
    /// What replaces the digits.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Where it is told.
    #[command(flatten)]
    pub telling: TellingArgs,
}

/// Of many calls: which, how many at a time, and where it is kept what was done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many calls")]
pub struct ManyArgs {
    /// Take the calls that a file names, a path a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// The names of the list end with NUL and not with a newline, as `find -print0` writes them
    #[arg(long, requires = "list")]
    pub null: bool,
    /// Leave out what a pattern matches, by relative path or by name (may be repeated)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Only calls written to since: a time such as 2024-03-01 or 2024-03-01T12:00:00Z, or so long ago: 7d, 12h
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only part I of N, by the calls' names: for several machines
    #[arg(long, value_name = "I/N", default_value_t)]
    pub shard: Shard,
    /// Calls at a time; without it, as many as there are processors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Of object stores: memory that objects may take, each twice its own size
    #[arg(long, value_name = "MIB", default_value_t = 192, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub memory: u32,
    /// Where it is kept what was done: the next run goes on from there. Without it, cardhush-ledger.jsonl in the folder of outputs
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Sign the ledger with this key, of `cardhush keygen`
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Do not wait until outputs are on the disk: after a power cut some may be missing or empty
    #[arg(long)]
    pub no_sync: bool,
}

/// What counts, and what replaces it.
#[derive(Debug, Args)]
pub struct SettingsArgs {
    /// What is looked for.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// A transcript of the call, JSON with the time of each word: a second witness of what is said in it
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Write that transcript there, without the number words that are masked in the call
    #[arg(long, value_name = "OUT", requires = "transcript")]
    pub redacted_transcript: Option<PathBuf>,
    /// What masked spans are filled with
    #[arg(long, value_enum, default_value_t = FillName::ComfortNoise)]
    pub fill: FillName,
    /// Whether a tone masks every channel at its time, or its own alone
    #[arg(long = "channels", alias = "link", value_enum, default_value_t = LinkName::Linked)]
    pub link: LinkName,
    /// Mask this too: CH:FROM-TO, channel from 0 or `*`; seconds, `@` samples or `end` (may be repeated)
    #[arg(long = "mask", value_name = "CH:FROM-TO")]
    pub masks: Vec<Mask>,
    /// A file of such masks, one a line, as a pause/resume log gives them (may be repeated)
    #[arg(long = "mask-file", value_name = "FILE")]
    pub mask_files: Vec<PathBuf>,
}

/// Where it is told what was found and done.
#[derive(Debug, Args)]
pub struct TellingArgs {
    /// Write a report there, JSON lines; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write the report to standard output
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// `cardhush scan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cardhush scan call.wav
  cardhush scan archive/*.wav --json | jq -r 'select(.type == \"file\" and .outcome == \"found\") | .path'")]
pub struct ScanArgs {
    /// The calls: WAV files
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// What is looked for.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Whether a tone is told for every channel at its time, or its own alone
    #[arg(long = "channels", alias = "link", value_enum, default_value_t = LinkName::Linked)]
    pub link: LinkName,
    /// Replace a report that exists
    #[arg(long)]
    pub force: bool,
    /// Where it is told.
    #[command(flatten)]
    pub telling: TellingArgs,
}

/// `cardhush inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cardhush inspect call.wav
  cardhush inspect *.wav --json")]
pub struct InspectArgs {
    /// The files
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// One JSON object a file
    #[arg(long)]
    pub json: bool,
}

/// `cardhush stream`.
#[derive(Debug, Args)]
#[command(after_help = "\
As many samples come out as went in, each at its place. What had to leave before it could be masked, because the look-ahead was too short, is reported as exposed.

Examples:
  sox call.wav -t raw -e signed -b 16 - | cardhush stream --coding s16le --rate 8000 --channels 2 > scrubbed.raw
  arecord -f MU_LAW -r 8000 -t raw | cardhush stream --coding ulaw --rate 8000 --channels 1 --look-ahead 40 --report live.jsonl > call.ul")]
pub struct StreamArgs {
    /// How one sample is written
    #[arg(long, value_enum)]
    pub coding: CodingName,
    /// Samples a second of one channel, in Hz
    #[arg(long, value_name = "HZ")]
    pub rate: u32,
    /// Interleaved channels, 1 to 8
    #[arg(long, value_name = "N")]
    pub channels: u8,
    /// What is looked for.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Delay in which digits can be masked to their start, at least a hop of the analysis (4.3 ms at 8 kHz); without it, 8 s where spoken digits are
    /// listened for, else 700 ms
    #[arg(long = "look-ahead", value_name = "MS")]
    pub look_ahead_ms: Option<u32>,
    /// What masked spans are filled with
    #[arg(long, value_enum, default_value_t = FillName::ComfortNoise)]
    pub fill: FillName,
    /// Whether a tone masks every channel at its time, or its own alone
    #[arg(long, value_enum, default_value_t = LinkName::Linked)]
    pub link: LinkName,
    /// Write a report there as it goes, JSON lines
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Replace a report that exists
    #[arg(long)]
    pub force: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// `cardhush verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every byte of OUTPUT outside of the masked spans must be that of ORIGINAL, every span must be replaced, and nothing may be left to find. The spans are those of the report of the scrub; without one, they are found anew in ORIGINAL.

Examples:
  cardhush verify call.wav scrubbed.wav --report report.jsonl")]
pub struct VerifyArgs {
    /// The call before, and the call after; or one or more ledgers, of shards or of workers, which are taken together
    #[arg(value_name = "ORIGINAL OUTPUT|LEDGER", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Of ledgers: where the originals are; they are compared with the outputs
    #[arg(long, value_name = "DIR")]
    pub originals: Option<String>,
    /// Of ledgers: where the outputs are; they are looked at anew
    #[arg(long, value_name = "DIR")]
    pub outputs: Option<String>,
    /// Of ledgers: the files that there must be, a name a line: each must have a line, and no other may
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Of ledgers: the public key that they must be signed with
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Of ledgers: do not look for digits in the outputs
    #[arg(long)]
    pub no_scan: bool,
    /// What is looked for.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// The report of the scrub, to be read
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Whether a tone masked every channel at its time, or its own alone
    #[arg(long = "channels", alias = "link", value_enum, default_value_t = LinkName::Linked)]
    pub link: LinkName,
    /// Write the findings to standard output, JSON lines
    #[arg(long)]
    pub json: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// Names of the fills.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FillName {
    /// Noise at the level of the background before the span
    ComfortNoise,
    /// Digital silence
    Silence,
    /// A steady tone of 400 Hz, so that a listener hears what was cut
    Marker,
}

/// Names of the linkings.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinkName {
    /// Every channel at the tone's time, since echo and bleed carry it there
    Linked,
    /// Its own channel, and faint copies where they are found
    Own,
}

/// Names of the codings of raw samples.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CodingName {
    /// 8-bit, unsigned
    U8,
    /// 16-bit, little-endian
    S16le,
    /// 24-bit in three bytes, little-endian
    S24le,
    /// 32-bit, little-endian
    S32le,
    /// 32-bit floating point, little-endian
    F32le,
    /// 64-bit floating point, little-endian
    F64le,
    /// G.711 A-law
    Alaw,
    /// G.711 mu-law
    Ulaw,
}
