//! One call from its file to an output that only lacks its name: plan, write, check, and once more where the check finds something.

use crate::beside::{Beside, Readers};
use crate::call::{Call, Form, same_file};
use crate::check::check;
use crate::digest::Digests;
use crate::error::{Error, doing};
use crate::fill::fill;
use crate::find::find;
use crate::plan::Plan;
use crate::report::Outcome;
use crate::settings::Settings;
use crate::transcript::Transcript;
use crate::watch::Watch;
use std::fs::{self, File, Metadata};
use std::path::Path;

/// Times that an output is written before it is given up.
const ROUNDS: u32 = 3;

/// Where the scrubbed call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Nowhere: it is only planned.
    Nowhere,
    /// Over the input, if anything is planned.
    InPlace,
    /// To memory, for whoever sends it on: `Staged::into_contents`.
    Memory,
    /// To a path of its own.
    File {
        /// The path.
        path: &'a Path,
        /// Whether a file of that name may be replaced.
        replace: bool,
    },
}

/// A call that is scrubbed and verified. Its output has no name yet; dropped, it is gone.
#[derive(Debug)]
pub struct Staged {
    call: Call,
    transcript: Option<Transcript>,
    plan: Plan,
    /// What was to be replaced, where whole blocks had to go for it.
    asked: Option<Plan>,
    beside: Option<Beside>,
    digests: Option<Digests>,
    replace: bool,
}

/// Plans a call, writes its output and checks it.
///
/// # Errors
/// Whatever [`Error`] names; no output has appeared, and the input is as it was.
pub fn stage(input: &Path, target: Target<'_>, settings: &Settings, watch: &mut Watch<'_>) -> Result<Staged, Error> {
    stage_call(Call::open(input)?, target, settings, watch)
}

/// The same for a call that is open.
pub(crate) fn stage_call(call: Call, target: Target<'_>, settings: &Settings, watch: &mut Watch<'_>) -> Result<Staged, Error> {
    let input = call.path();
    let (path, replace) = match target {
        Target::Nowhere | Target::Memory => (None, false),
        Target::InPlace => (Some(in_place(input, call.metadata())?), true),
        Target::File { path, replace } => (Some(beside_input(input, path, replace)?), replace),
    };
    // Before the work: a directory that cannot be written to is told at once.
    let beside = match path {
        Some(path) => Some(Beside::new(path, Readers::Owner)?),
        None if target == Target::Memory => Some(Beside::in_memory(input)?),
        None => None,
    };
    let transcript =
        settings.transcript.as_deref().map(|path| Transcript::read(path, call.form().duration_s, call.channels())).transpose()?;
    let mut plan = find(&call, settings, transcript.as_ref(), watch)?;
    settings.add_masks(&call, &mut plan)?;
    let beside = beside.filter(|_| !matches!(target, Target::InPlace | Target::Memory) || !plan.is_empty());
    let mut digests = None;
    if let Some(beside) = &beside {
        digests = Some(write(&call, beside, &mut plan, settings, watch)?);
        if target != Target::Memory && !call.is_held() {
            beside.resemble(call.file(), call.metadata())?;
        }
    }
    call.unchanged()?;
    // What is told is what was replaced, and as far as the decoder remembers it: of a block codec more than what was to go.
    let mut asked = None;
    if let Some(coded) = call.coded().filter(|_| !plan.is_empty()) {
        let altered = crate::blocks::altered(&call, coded, &plan);
        asked = Some(std::mem::replace(&mut plan, altered));
    }
    Ok(Staged { call, transcript, plan, asked, beside, digests, replace })
}

/// Writes the output until nothing is found in it; what is found outside of the plan joins it.
pub(crate) fn write(call: &Call, beside: &Beside, plan: &mut Plan, settings: &Settings, watch: &mut Watch<'_>) -> Result<Digests, Error> {
    let mut round = 0;
    loop {
        round += 1;
        let digests = fill(call, beside, plan, settings, watch)?;
        // Where nothing was found, the output is to be the same bytes, in which the same looks would find nothing again.
        let nothing = Settings { keyed: false, spoken: None, ..Settings::default() };
        let looks = if plan.is_empty() { &nothing } else { settings };
        let left = check(call, beside.file(), beside.target(), plan, looks, watch)?;
        if left.is_empty() {
            return Ok(digests);
        }
        // What is found inside the plan would be found there again.
        if round == ROUNDS || left.iter().all(|one| plan.covers(*one)) {
            return Err(Error::Left { path: call.path().into(), spans: left.len(), rounds: round });
        }
        plan.add(left);
    }
}

impl Staged {
    /// What the call is.
    #[must_use]
    pub fn form(&self) -> Form {
        self.call.form()
    }

    /// What was replaced, or would be.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes the transcript without the number words that are masked in the call, to a file that only lacks its name; `None` where there is
    /// no transcript.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn redacted_transcript(&self, path: &Path) -> Result<Option<Beside>, Error> {
        self.transcript.as_ref().map(|transcript| transcript.stage_redacted(&self.plan, self.call.rate_hz(), path)).transpose()
    }

    /// What becomes of the call once it is published.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (self.plan.is_empty(), &self.beside) {
            (true, _) => Outcome::NothingFound,
            (false, Some(_)) => Outcome::Scrubbed,
            (false, None) => Outcome::Found,
        }
    }

    /// What was to be replaced, where it is less than was: whole blocks of a codec went for it.
    #[must_use]
    pub fn asked(&self) -> Option<&Plan> {
        self.asked.as_ref()
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The digests of input and output; `None` where nothing is written.
    #[must_use]
    pub fn digests(&self) -> Option<&Digests> {
        self.digests.as_ref()
    }

    /// Where the output will be; `None` where nothing is written.
    #[must_use]
    pub fn output(&self) -> Option<&Path> {
        self.beside.as_ref().map(Beside::target)
    }

    /// Brings the output to the disk and gives it its name.
    ///
    /// # Errors
    /// The input changed, a file of that name appeared, or the disk fails.
    pub fn publish(self) -> Result<(), Error> {
        self.call.unchanged()?;
        self.beside.map_or(Ok(()), |beside| beside.publish(self.replace))
    }

    /// The same for an output that is on the disk already, without waiting until its name is: whoever publishes many brings them there together.
    ///
    /// # Errors
    /// The input changed, a file of that name appeared, or the disk fails.
    pub fn publish_many(self, replace: bool) -> Result<(), Error> {
        self.call.unchanged()?;
        self.beside.map_or(Ok(()), |beside| beside.name(replace))
    }

    /// The contents of the output; those of the input, where nothing is replaced.
    pub(crate) fn into_contents(self) -> File {
        self.beside.map_or_else(|| self.call.into_file(), Beside::into_file)
    }

    /// What the file system says of the output.
    pub(crate) fn output_metadata(&self) -> Option<Metadata> {
        self.beside.as_ref().and_then(|beside| beside.file().metadata().ok())
    }
}

/// The path of a file that may be replaced: one of one name, which is not a link.
pub(crate) fn in_place<'a>(path: &'a Path, metadata: &Metadata) -> Result<&'a Path, Error> {
    if fs::symlink_metadata(path).map_err(doing("read", path))?.is_symlink() {
        return Err(Error::Link { path: path.into() });
    }
    #[cfg(unix)]
    {
        let names = std::os::unix::fs::MetadataExt::nlink(metadata);
        if names > 1 {
            return Err(Error::HardLinked { path: path.into(), names });
        }
    }
    Ok(path)
}

/// The path of an output that may be written: not the input by any name, and free unless it may be replaced.
pub(crate) fn beside_input<'a>(input: &Path, path: &'a Path, replace: bool) -> Result<&'a Path, Error> {
    if same_file(input, path) {
        return Err(Error::SameFile { path: path.into() });
    }
    match fs::symlink_metadata(path) {
        Err(_) => Ok(path), // free, or told when the file beside it is created
        Ok(_) if !replace => Err(Error::Exists { path: path.into() }),
        Ok(what) if what.is_symlink() => Err(Error::Link { path: path.into() }),
        Ok(what) if !what.is_file() => Err(Error::NotAFile { path: path.into() }),
        Ok(_) => Ok(path),
    }
}
