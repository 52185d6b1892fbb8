//! A test that anybody can make with their own recordings and settings: digits of test cards are planted in copies, which are scrubbed, and then it is measured what is left of them.
//!
//! ```text
//! recording --copy--> plant --> stage, publish --> measure: what is left where, and did anything else change?
//! ```
//!
//! What was planted is known to the sample, so nothing has to be recognised to judge it.

mod measure;
mod plant;

pub use plant::Voice;

use crate::call::{Body, Call};
use crate::error::{Error, doing};
use crate::settings::Settings;
use crate::stage::{Target, stage};
use crate::watch::Watch;
use plant::{keyed, spoken, write};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Levels of each of a key's two tones, in dBm0: loud, usual, and faint.
const LEVELS_DBM0: [i8; 3] = [-10, -20, -30];

/// What is planted in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keys, each of their tones at this level.
    Keyed {
        /// In dBm0.
        level_dbm0: i8,
    },
    /// Digits that are read aloud.
    Spoken,
}

/// What became of one copy.
#[derive(Clone, Debug)]
pub struct Row {
    /// The recording.
    pub recording: PathBuf,
    /// What was planted.
    pub kind: Kind,
    /// What was measured, or why nothing was.
    pub measured: Result<Measured, String>,
}

/// What is left of what was planted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The channel that it was planted in, and where, in seconds.
    pub channel: u8,
    /// See [`channel`](Self::channel).
    pub at_s: f64,
    /// Digits that were planted.
    pub digits: usize,
    /// Of these, digits of which no more is left than counts as gone.
    pub gone: usize,
    /// The largest part of a digit's energy that is left.
    pub left: f64,
    /// Bytes that differ from the copy and lie in no span that was told.
    pub strays: u64,
    /// Seconds that were replaced elsewhere, over all channels: other digits of the recording, echoes, and false ones.
    pub elsewhere_s: f64,
}

impl Kind {
    /// All that is planted.
    pub fn all() -> impl Iterator<Item = Self> {
        LEVELS_DBM0.into_iter().map(|level_dbm0| Self::Keyed { level_dbm0 }).chain([Self::Spoken])
    }

    /// The largest part of a digit's energy that may be left of one that is gone. Of a key 2 %, from which nobody reads it; of a spoken digit a tenth: its faint beginning or end.
    #[must_use]
    pub const fn may_be_left(self) -> f64 {
        match self {
            Self::Keyed { .. } => 0.02,
            Self::Spoken => 0.1,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Keyed { level_dbm0: -10 } => "keyed-loud",
            Self::Keyed { level_dbm0: -20 } => "keyed-usual",
            Self::Keyed { .. } => "keyed-faint",
            Self::Spoken => "spoken",
        }
    }
}

/// Plants one kind in a copy of a recording in `work`, scrubs the copy, and measures. `number` tells copies of recordings of one name apart.
///
/// # Errors
/// [`Error::Interrupted`] alone; whatever else goes wrong is in the row.
pub fn test(
    recording: &Path,
    number: usize,
    kind: Kind,
    voice: &Voice,
    work: &Path,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Row, Error> {
    let measured = match one(recording, number, kind, voice, work, settings, watch) {
        Err(error @ Error::Interrupted { .. }) => return Err(error),
        other => other.unwrap_or_else(|error| Err(error.to_string())),
    };
    Ok(Row { recording: recording.into(), kind, measured })
}

fn one(
    recording: &Path,
    number: usize,
    kind: Kind,
    voice: &Voice,
    work: &Path,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Result<Measured, String>, Error> {
    let call = Call::open(recording)?;
    let Body::Linear(linear) = call.body() else {
        return Ok(Err(format!("{}: digits are planted where samples stand in the file one by one", call.form().coding)));
    };
    let planted = match kind {
        Kind::Keyed { level_dbm0 } => keyed(call.rate_hz(), level_dbm0),
        Kind::Spoken => spoken(call.rate_hz(), voice),
    };
    let (has, needs) = (call.form().duration_s, planted.needs_s(call.rate_hz()));
    let Some(placed) = planted.place(&call)? else {
        return Ok(Err(format!("{has:.1} s long: {needs:.1} s are needed")));
    };
    // The ending says what raw samples are.
    let ending = recording.extension().and_then(|ending| ending.to_str()).unwrap_or("wav");
    let name = |what: &str| work.join(format!("{number}-{}-{what}.{ending}", kind.name()));
    let (copy, output) = (name("planted"), name("scrubbed"));
    copy_to(recording, &copy)?;
    write(&call, &linear.data, &copy, &placed)?;
    let staged = stage(&copy, Target::File { path: &output, replace: true }, settings, watch)?;
    let plan = staged.plan().clone();
    staged.publish()?;
    measure::measure(&Call::open(&copy)?, &Call::open(&output)?, &plan, &placed, kind).map(Ok)
}

/// A copy that its owner can write to, whatever the original's mode is.
fn copy_to(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        fs::remove_file(to).map_err(doing("replace", to))?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to).map_err(doing("create", to))?;
    io::copy(&mut crate::call::open(from)?, &mut file).map_err(doing("write", to))?;
    Ok(())
}
