//! What is to be done, checked: every job here can be started, and only files can still fail.

use crate::args::{CodingName, FillName, LinkName, ScanArgs, ScrubArgs, SettingsArgs, StreamArgs, TellingArgs, VerifyArgs};
use crate::exit::Failure;
use crate::listen::{Listen, ListenArgs};
use cardhush_core::{Config, Fill, Isa, Linking};
use cardhush_scrub::{Mask, SampleCoding, Settings};
use std::fs;
use std::path::{Path, PathBuf};

/// Scrub one call.
#[derive(Debug)]
pub struct Scrub {
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

/// Check a scrubbed call.
#[derive(Debug)]
pub struct Verify {
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
    /// What is read.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        let rest = self.mask_files.iter().chain(&self.settings.transcript).chain(&self.model);
        std::iter::once(&self.input).chain(rest).map(AsRef::as_ref)
    }

    /// Where the scrubbed call goes, if that is not over the input.
    pub fn output(&self) -> Option<&Path> {
        if let Target::File(path) = &self.target { Some(path) } else { None }
    }

    pub fn new(args: ScrubArgs) -> Result<Self, Failure> {
        let target = match (args.output, args.in_place) {
            (Some(path), _) if path == Path::new("-") => {
                return Err(Failure::usage(
                    "-o -: a call is verified before it leaves, so it needs a file; `cardhush stream` writes to pipes",
                ));
            }
            _ if args.dry_run => Target::Nowhere,
            (Some(folder), _) if folder.is_dir() => Target::File(folder.join(args.input.file_name().unwrap_or_default())),
            (Some(path), _) => Target::File(path),
            (None, true) => Target::InPlace,
            (None, false) => return Err(Failure::usage("no output: name it with -o OUT, or ask for --in-place or --dry-run")),
        };
        if args.input == Path::new("-") {
            return Err(Failure::usage("-: a call is read more than once, so it needs a file; `cardhush stream` reads from pipes"));
        }
        let mask_files = args.settings.mask_files.clone();
        let redacted_transcript = args.settings.redacted_transcript.clone();
        let model = args.settings.listen.model.clone();
        let (settings, telling) = (settings(args.settings)?, args.telling.into());
        Ok(Self { input: args.input, target, mask_files, redacted_transcript, model, force: args.force, settings, telling })
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
        let telling = Telling { report: None, json: args.json, quiet: args.quiet };
        Ok(Self { original: args.original, output: args.output, report: args.report, settings, telling })
    }
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
fn listening(args: ListenArgs) -> Result<Settings, Failure> {
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
