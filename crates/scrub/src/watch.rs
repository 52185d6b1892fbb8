//! How far a run is, told to the caller between two blocks; the caller may break it off there.

use crate::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Looking for keyed digits.
    Finding,
    /// Listening for spoken ones.
    Listening,
    /// Writing the output.
    Writing,
    /// Checking the output.
    Checking,
}

impl Step {
    /// A word for people: `finding`, `listening`, `writing`, `checking`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Listening => "listening",
            Self::Writing => "writing",
            Self::Checking => "checking",
        }
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Samples a channel that are done.
    pub done: u64,
    /// Samples a channel of the step.
    pub total: u64,
}

/// Who is told; breaks to end the run with [`Error::Interrupted`].
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Tells the watch and turns its wish into an error.
pub(crate) fn tell(watch: &mut Watch<'_>, path: &Path, step: Step, done: u64, total: u64) -> Result<(), Error> {
    match watch(Progress { step, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted { path: path.into() }),
    }
}
