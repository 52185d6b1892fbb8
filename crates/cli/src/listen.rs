//! What is looked for: the options of both stages, and what they come to.

use crate::exit::Failure;
use cardhush_core::{Model, Preset, SpokenConfig};
use cardhush_scrub::{Mask, MaskError};
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Most bytes of a model file; far more than any that the engine takes.
const MODEL_BYTES: u64 = 16 * 1024 * 1024;

/// What is looked for.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Whether keyed (DTMF) digits are looked for
    #[arg(long, value_enum, value_name = "ON", default_value_t = Switch::On)]
    pub keyed: Switch,
    /// Whether spoken digits are listened for
    #[arg(long, value_enum, value_name = "ON", default_value_t = Switch::On)]
    pub spoken: Switch,
    /// Which runs of spoken digits count
    #[arg(long, value_enum, default_value_t = PolicyName::Card)]
    pub policy: PolicyName,
    /// Listen with this model of spoken digits, not with the one built in
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// When the call is armed: FROM-TO in seconds, `@` samples or `end`; every run of spoken digits counts then (may be repeated)
    #[arg(long = "arm", value_name = "FROM-TO", value_parser = armed)]
    pub armed: Vec<Mask>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes
    On,
    /// No: what is there stays, and the report says that it was not examined
    Off,
}

/// Names of the presets.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PolicyName {
    /// Runs that can be a card number, and shorter ones for 90 s after one
    Card,
    /// Every run of three digits and more
    Digits,
    /// What is said while the call is armed (--arm), and nothing else
    Armed,
    /// None: as --spoken off
    Off,
}

/// What was asked for, checked.
pub struct Listen {
    pub keyed: bool,
    pub spoken: Option<SpokenConfig>,
    pub armed: Vec<Mask>,
}

impl Listen {
    pub fn new(args: ListenArgs) -> Result<Self, Failure> {
        let keyed = args.keyed == Switch::On;
        let preset = match args.policy {
            _ if args.spoken == Switch::Off => None,
            PolicyName::Card => Some(Preset::Card),
            PolicyName::Digits => Some(Preset::Digits),
            PolicyName::Armed => Some(Preset::Armed),
            PolicyName::Off => None,
        };
        let mut spoken = preset.map(|preset| {
            let mut spoken = SpokenConfig::default();
            spoken.preset = preset;
            spoken
        });
        match (&mut spoken, args.model) {
            (Some(spoken), Some(path)) => spoken.model = model(&path)?,
            (None, Some(_)) => return Err(Failure::usage("--model: nothing listens with it while spoken digits are off")),
            _ => {}
        }
        match &spoken {
            None if !args.armed.is_empty() => Err(Failure::usage("--arm: it arms nothing while spoken digits are off")),
            Some(spoken) if spoken.preset == Preset::Armed && args.armed.is_empty() => {
                Err(Failure::usage("--policy armed: nothing would be masked; say with --arm when the call is armed"))
            }
            None if !keyed => Err(Failure::usage("nothing to look for: both keyed and spoken digits are off")),
            _ => Ok(Self { keyed, spoken, armed: args.armed }),
        }
    }
}

fn armed(text: &str) -> Result<Mask, MaskError> {
    format!("*:{text}").parse()
}

/// The model in a file. It lives as long as the program: the engine looks its weights up where they are.
fn model(path: &Path) -> Result<Model, Failure> {
    let cannot = |error: &dyn std::fmt::Display| Failure::failed(format_args!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MODEL_BYTES + 1).read_to_end(&mut bytes));
    if read.map_err(|e| cannot(&format_args!("cannot read: {e}")))? as u64 > MODEL_BYTES {
        return Err(cannot(&format_args!("a model has at most {MODEL_BYTES} bytes")));
    }
    Model::from_bytes(bytes.leak()).map_err(|e| cannot(&e))
}
