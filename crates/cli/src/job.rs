//! What is to be done, checked: every job here can be started, and only files can still fail.

use crate::args::{
    CodingName, EraseArgs, FillName, LinkName, ManyArgs, ScanArgs, ScrubArgs, SettingsArgs, StreamArgs, TellingArgs, VerifyArgs,
};
use crate::exit::Failure;
use crate::listen::{Listen, ListenArgs};
use cardhush_core::{Config, Fill, Isa, Linking};
use cardhush_scrub::batch::{Batch, Ending, Search, Shard, Where, glob, is_pattern};
use cardhush_scrub::ledger::Against;
use cardhush_scrub::store::Store;
use cardhush_scrub::{Mask, SampleCoding, Settings};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Scrub calls.
#[derive(Debug)]
pub enum Scrub {
    One(Box<ScrubOne>),
    Many(Box<ScrubMany>),
}

/// Scrub many calls.
#[derive(Debug)]
pub struct ScrubMany {
    pub inputs: Vec<PathBuf>,
    pub list: Option<PathBuf>,
    pub ending: Ending,
    pub search: Search,
    pub batch: Batch,
    /// Where it is told what was done; none where nothing is.
    pub ledger: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub json: bool,
    pub quiet: bool,
}

/// Scrub one call.
#[derive(Debug)]
pub struct ScrubOne {
    pub input: PathBuf,
    pub target: Target,
    pub mask_files: Vec<PathBuf>,
    pub redacted_transcript: Option<PathBuf>,
    pub model: Option<PathBuf>,
    pub force: bool,
    pub settings: Settings,
    pub telling: Telling,
}

/// Where a scrubbed call goes.
#[derive(Debug)]
pub enum Target {
    Nowhere,
    InPlace,
    File(PathBuf),
}

/// Look through calls.
#[derive(Debug)]
pub struct Scan {
    pub inputs: Vec<PathBuf>,
    pub settings: Settings,
    pub force: bool,
    pub telling: Telling,
}

/// Replace digits in raw samples.
#[derive(Debug)]
pub struct Stream {
    pub coding: SampleCoding,
    pub config: Config,
    pub armed: Vec<Mask>,
    pub force: bool,
    pub report: Option<PathBuf>,
    pub quiet: bool,
}

/// Check a scrubbed call, or a ledger.
#[derive(Debug)]
pub enum Verify {
    Pair(Box<VerifyPair>),
    Ledger(Box<VerifyLedger>),
}

/// Check a ledger.
#[derive(Debug)]
pub struct VerifyLedger {
    pub ledgers: Vec<PathBuf>,
    pub against: Against,
    pub key: Option<PathBuf>,
    pub quiet: bool,
}

/// Check a scrubbed call.
#[derive(Debug)]
pub struct VerifyPair {
    pub original: PathBuf,
    pub output: PathBuf,
    pub report: Option<PathBuf>,
    pub settings: Settings,
    pub telling: Telling,
}

/// Where it is told what was found and done.
#[derive(Debug)]
pub struct Telling {
    pub report: Option<PathBuf>,
    pub json: bool,
    pub quiet: bool,
}

impl Scrub {
    pub fn new(args: ScrubArgs) -> Result<Self, Failure> {
        let many = args.inputs.len() != 1
            || args.many.list.is_some()
            || args.inputs.iter().any(|input| input.is_dir() || is_store(input) || is_pattern_alone(input));
        if many {
            return ScrubMany::new(args).map(|job| Self::Many(Box::new(job)));
        }
        let ManyArgs { exclude, since, shard, jobs, ledger, key, no_sync, .. } = &args.many;
        let unused = [
            ("--exclude", !exclude.is_empty()),
            ("--since", since.is_some()),
            ("--shard", !shard.is_whole()),
            ("--jobs", jobs.is_some()),
            ("--ledger", ledger.is_some()),
            ("--key", key.is_some()),
            ("--no-sync", *no_sync),
        ];
        match unused.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => {
                Err(Failure::usage(format_args!("{name}: is for many calls; give a folder, a pattern, several files or --list")))
            }
            None => ScrubOne::new(args).map(|job| Self::One(Box::new(job))),
        }
    }
}

/// Whether a name is that of a place in an object store.
pub fn is_store(input: &Path) -> bool {
    input.to_str().is_some_and(Store::is_named)
}

/// Whether a name is a pattern, and no file has it.
fn is_pattern_alone(input: &Path) -> bool {
    input.to_str().is_some_and(is_pattern) && !input.exists()
}

impl ScrubMany {
    fn new(args: ScrubArgs) -> Result<Self, Failure> {
        let many = args.many;
        let one_alone = [
            ("--report", args.telling.report.is_some()),
            ("--transcript", args.settings.transcript.is_some()),
            ("--mask", !args.settings.masks.is_empty()),
            ("--mask-file", !args.settings.mask_files.is_empty()),
            ("--arm", !args.settings.listen.armed.is_empty()),
        ];
        if let Some((name, _)) = one_alone.into_iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format_args!("{name}: is for one call; of many the ledger tells")));
        }
        let to = match (args.output, args.in_place) {
            _ if args.dry_run => Where::Nowhere,
            (Some(place), _) if is_store(&place) => Where::Store(Store::open(&place.to_string_lossy()).map_err(Failure::usage)?),
            (Some(folder), _) if folder.exists() && !folder.is_dir() => {
                return Err(Failure::usage(format_args!("-o {}: many calls go to a folder", folder.display())));
            }
            (Some(folder), _) => Where::Folder(folder),
            (None, true) => Where::InPlace,
            (None, false) => return Err(Failure::usage("no output: name a folder with -o OUT, or ask for --in-place or --dry-run")),
        };
        if let Some(place) = many.ledger.as_deref().filter(|place| is_store(place)) {
            return Err(Failure::usage(format_args!("--ledger {}: a ledger is a file", place.display())));
        }
        let ledger = match (many.ledger, &to) {
            (_, Where::Nowhere) => None,
            (Some(ledger), _) => Some(ledger),
            (None, Where::Folder(folder)) if many.shard.is_whole() => Some(folder.join("cardhush-ledger.jsonl")),
            (None, Where::Folder(folder)) => {
                Some(folder.join(format!("cardhush-ledger-{}.jsonl", many.shard.to_string().replace('/', "-of-"))))
            }
            (None, Where::Store(_)) => return Err(Failure::usage("-o: a store keeps no ledger: name a --ledger")),
            (None, Where::InPlace) => return Err(Failure::usage("--in-place: name a --ledger, so that it is kept what was done")),
        };
        let since = many.since.as_deref().map(since).transpose()?;
        let exclude = many.exclude.iter().map(|text| glob(text).map_err(|e| Failure::usage(format_args!("--exclude {text}: {e}"))));
        let search = Search { exclude: exclude.collect::<Result<_, _>>()?, since, shard: many.shard, ..Search::default() };
        let jobs = many.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
        let memory = u64::from(many.memory) << 20;
        let batch =
            Batch { settings: settings(args.settings)?, to, jobs, memory, shard: many.shard, sync: !many.no_sync, force: args.force };
        let Telling { json, quiet, .. } = args.telling.into();
        let ending = if many.null { Ending::Nul } else { Ending::Line };
        Ok(Self { inputs: args.inputs, list: many.list, ending, search, batch, ledger, key: many.key, json, quiet })
    }
}

impl ScrubMany {
    /// Erases what is named, and looks for nothing.
    pub fn erase(args: EraseArgs) -> Result<Self, Failure> {
        let mut settings = Settings::default();
        (settings.keyed, settings.spoken, settings.fill, settings.masks) = (false, None, args.fill.into(), args.masks);
        for channel in args.channel {
            let whole = format!("{channel}:0-end").parse();
            settings.masks.push(whole.map_err(|e| Failure::usage(format_args!("--channel {channel}: {e}")))?);
        }
        if args.inputs.iter().chain(&args.output).any(|path| is_store(path)) {
            return Err(Failure::usage("erase: objects of stores are not erased: fetch the call, erase, and put it back"));
        }
        let (to, beside) = match args.output {
            Some(folder) if folder.exists() && !folder.is_dir() => {
                return Err(Failure::usage(format_args!("-o {}: outputs go to a folder", folder.display())));
            }
            Some(folder) => (Where::Folder(folder.clone()), Some(folder.join("cardhush-ledger.jsonl"))),
            None => (Where::InPlace, None),
        };
        let batch = Batch { settings, to, jobs: 1, memory: 0, shard: Shard::default(), sync: true, force: args.force };
        let ledger = args.ledger.or(beside);
        Ok(Self {
            inputs: args.inputs,
            list: None,
            ending: Ending::default(),
            search: Search::default(),
            batch,
            ledger,
            key: args.key,
            json: args.json,
            quiet: args.quiet,
        })
    }
}

/// A time, or so long ago.
fn since(text: &str) -> Result<SystemTime, Failure> {
    let ago = humantime::parse_duration(text).ok().and_then(|ago| SystemTime::now().checked_sub(ago));
    let day = || humantime::parse_rfc3339_weak(&format!("{text}T00:00:00Z")).ok();
    ago.or_else(|| humantime::parse_rfc3339_weak(text).ok()).or_else(day).ok_or_else(|| {
        Failure::usage(format_args!(
            "--since {text}: neither a time, such as 2024-03-01 or 2024-03-01T12:00:00Z, nor so long ago, such as 7d"
        ))
    })
}

impl ScrubOne {
    /// What is read.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        let rest = self.mask_files.iter().chain(&self.settings.transcript).chain(&self.model);
        std::iter::once(&self.input).chain(rest).map(AsRef::as_ref)
    }

    /// Where the scrubbed call goes, if that is not over the input.
    pub fn output(&self) -> Option<&Path> {
        if let Target::File(path) = &self.target { Some(path) } else { None }
    }

    fn new(args: ScrubArgs) -> Result<Self, Failure> {
        let input = args.inputs.into_iter().next().unwrap_or_default();
        let target = match (args.output, args.in_place) {
            (Some(path), _) if path == Path::new("-") => {
                return Err(Failure::usage(
                    "-o -: a call is verified before it leaves, so it needs a file; `cardhush stream` writes to pipes",
                ));
            }
            _ if args.dry_run => Target::Nowhere,
            (Some(place), _) if is_store(&place) => {
                return Err(Failure::usage(format_args!(
                    "-o {}: one call goes to a file; name its folder, or a --list, to scrub into a store",
                    place.display()
                )));
            }
            (Some(folder), _) if folder.is_dir() => Target::File(folder.join(input.file_name().unwrap_or_default())),
            (Some(path), _) => Target::File(path),
            (None, true) => Target::InPlace,
            (None, false) => return Err(Failure::usage("no output: name it with -o OUT, or ask for --in-place or --dry-run")),
        };
        if input == Path::new("-") {
            return Err(Failure::usage("-: a call is read more than once, so it needs a file; `cardhush stream` reads from pipes"));
        }
        let mask_files = args.settings.mask_files.clone();
        let redacted_transcript = args.settings.redacted_transcript.clone();
        let model = args.settings.listen.model.clone();
        let (settings, telling) = (settings(args.settings)?, args.telling.into());
        Ok(Self { input, target, mask_files, redacted_transcript, model, force: args.force, settings, telling })
    }
}

impl Scan {
    pub fn new(args: ScanArgs) -> Result<Self, Failure> {
        let mut settings = listening(args.listen)?;
        settings.linking = args.link.into();
        Ok(Self { inputs: args.inputs, settings, force: args.force, telling: args.telling.into() })
    }
}

impl Stream {
    pub fn new(args: StreamArgs) -> Result<Self, Failure> {
        let Listen { keyed, spoken, armed } = Listen::new(args.listen)?;
        let mut config = Config::new(args.rate, args.channels);
        config.keyed = config.keyed.filter(|_| keyed);
        config.spoken = spoken;
        config.isa = Isa::detect();
        config.fill = args.fill.into();
        config.linking = args.link.into();
        config.look_ahead_ms = args.look_ahead_ms;
        config.check().map_err(Failure::usage)?;
        for one in &armed {
            one.span(args.rate, args.channels, u64::MAX).map_err(|e| Failure::usage(format_args!("--arm: {e}")))?;
        }
        if args.report.as_deref() == Some(Path::new("-")) {
            return Err(Failure::usage("--report -: standard output carries the samples; name a file"));
        }
        Ok(Self { coding: args.coding.into(), config, armed, force: args.force, report: args.report, quiet: args.quiet })
    }
}

impl Verify {
    pub fn new(args: VerifyArgs) -> Result<Self, Failure> {
        let mut settings = listening(args.listen)?;
        settings.linking = args.link.into();
        let mut inputs = args.inputs.iter();
        let (Some(original), Some(output), None, false) = (inputs.next(), inputs.next(), inputs.next(), args.inputs.iter().all(is_ledger))
        else {
            let tree = |name: Option<String>| name.map(|name| name.parse().map_err(Failure::usage)).transpose();
            let (originals, outputs) = (tree(args.originals)?, tree(args.outputs)?);
            let scan = Some(settings).filter(|_| !args.no_scan);
            let against = Against { originals, outputs, manifest: args.manifest, key: None, scan };
            return Ok(Self::Ledger(Box::new(VerifyLedger { ledgers: args.inputs, against, key: args.key, quiet: args.quiet })));
        };
        let of_ledgers = [
            ("--originals", args.originals.is_some()),
            ("--outputs", args.outputs.is_some()),
            ("--manifest", args.manifest.is_some()),
            ("--key", args.key.is_some()),
            ("--no-scan", args.no_scan),
        ];
        if let Some((name, _)) = of_ledgers.into_iter().find(|(_, given)| *given) {
            return Err(Failure::usage(format_args!("{name}: is for ledgers, which {} is not", original.display())));
        }
        let (original, output) = (original.clone(), output.clone());
        let telling = Telling { report: None, json: args.json, quiet: args.quiet };
        Ok(Self::Pair(Box::new(VerifyPair { original, output, report: args.report, settings, telling })))
    }
}

/// Whether a file begins as ledgers do; one without lines is a ledger by its name.
fn is_ledger(path: &PathBuf) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(path).is_ok_and(|file| file.take(10).read_to_end(&mut start).is_ok());
    read && (start == *b"{\"schema\":" || (start.is_empty() && path.extension().is_some_and(|ending| ending == "jsonl")))
}

fn settings(args: SettingsArgs) -> Result<Settings, Failure> {
    let mut settings = listening(args.listen)?;
    settings.fill = args.fill.into();
    settings.linking = args.link.into();
    settings.masks = args.masks;
    settings.transcript = args.transcript;
    if settings.transcript.is_some() && settings.spoken.is_none() {
        return Err(Failure::usage("--transcript: it is not read while spoken digits are off"));
    }
    for path in args.mask_files {
        let text = fs::read_to_string(&path).map_err(|e| Failure::failed(format_args!("{}: cannot read: {e}", path.display())))?;
        let masks = Mask::parse_lines(&text);
        settings.masks.extend(masks.map_err(|e| Failure::usage(format_args!("{}: {e}", path.display())))?);
    }
    Ok(settings)
}

/// The settings of what is looked for.
pub fn listening(args: ListenArgs) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    let Listen { keyed, spoken, armed } = Listen::new(args)?;
    (settings.keyed, settings.spoken, settings.armed) = (keyed, spoken, armed);
    Ok(settings)
}

impl From<TellingArgs> for Telling {
    fn from(args: TellingArgs) -> Self {
        let stdout = args.report.as_deref() == Some(Path::new("-"));
        Self { report: args.report.filter(|_| !stdout), json: args.json || stdout, quiet: args.quiet }
    }
}

impl From<FillName> for Fill {
    fn from(name: FillName) -> Self {
        match name {
            FillName::ComfortNoise => Self::ComfortNoise,
            FillName::Silence => Self::Silence,
            FillName::Marker => Self::Marker,
        }
    }
}

impl From<LinkName> for Linking {
    fn from(name: LinkName) -> Self {
        match name {
            LinkName::Linked => Self::Linked,
            LinkName::Own => Self::Own,
        }
    }
}

impl From<CodingName> for SampleCoding {
    fn from(name: CodingName) -> Self {
        match name {
            CodingName::U8 => Self::Linear8,
            CodingName::S16le => Self::Linear16,
            CodingName::S24le => Self::Linear24,
            CodingName::S32le => Self::Linear32,
            CodingName::F32le => Self::Float32,
            CodingName::F64le => Self::Float64,
            CodingName::Alaw => Self::Alaw,
            CodingName::Ulaw => Self::Ulaw,
        }
    }
}
