//! How the command ends: its exit status, and a failure that comes before any file is looked at.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Exit status of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done,
    /// `scan` or `verify` found something.
    Found,
    /// At least one file failed; the rest still ran.
    Failed,
    /// The command line asks for what cannot be.
    Usage,
    /// Stopped by a signal.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
            Exit::Usage => 64, // EX_USAGE of sysexits.h
            Exit::Interrupted => 130,
        }
        .into()
    }
}

/// A run that ended before its first file, or because nobody listens any more.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: Option<String>,
}

impl Failure {
    /// The command line asks for what cannot be.
    pub fn usage(message: impl Display) -> Self {
        Self { exit: Exit::Usage, message: Some(message.to_string()) }
    }

    /// Something that the run needs is not to be had.
    pub fn failed(message: impl Display) -> Self {
        Self { exit: Exit::Failed, message: Some(message.to_string()) }
    }

    /// Writing failed. A reader that went away, as `head` does, is no news to anybody: it ends the run without a word.
    pub fn writing(to: &str, error: &io::Error) -> Self {
        let message = (error.kind() != io::ErrorKind::BrokenPipe).then(|| format!("{to}: cannot write: {error}"));
        Self { exit: Exit::Failed, message }
    }

    /// The same, told even if it is that a reader went away.
    pub fn aloud(self) -> Self {
        Self { message: self.message.or_else(|| Some("standard output: nobody reads it: nothing was written".into())), ..self }
    }

    /// What there is to say of it.
    pub fn words(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Tells it on standard error.
    pub fn tell(self) -> Exit {
        if let Some(message) = self.message {
            complain(message);
        }
        self.exit
    }
}

/// One line on standard error.
pub fn complain(message: impl Display) {
    let _ = writeln!(io::stderr(), "cardhush: {message}"); // who is not there, or has no room, cannot be told
}
