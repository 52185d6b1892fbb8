//! What the lines say.

use super::now;
use crate::call::Form;
use crate::digest::Sha256;
use crate::plan::Confidence;
use crate::report::Examined;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::Path;

/// One line without its place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// A run begins.
    Opened(Box<Opened>),
    /// A file, and what is done to it.
    Call(Box<CallRecord>),
    /// Outputs that were put into an object store: the number of each one's line, and the store's name of that state (ETag).
    Stored {
        /// Line and ETag.
        outputs: Vec<(u64, String)>,
    },
    /// All outputs of the lines before have their names; signed, if there is a key.
    Seal(Seal),
}

/// What a run is: all files up to the next one were treated so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// `cardhush`.
    pub tool: String,
    /// Version of the engine.
    pub version: String,
    /// What was looked for, the SHA-256 of the model among it.
    #[serde(flatten)]
    pub examined: Examined,
    /// What was asked for by hand, as of `--mask`; left out where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<String>,
    /// What masked spans are filled with: `comfort-noise`, `silence`, `marker`.
    pub fill: String,
    /// `linked` or `own`.
    pub channels: String,
    /// SHA-256 of all settings that decide what is masked and how, in one string: the policy's name for an assessor.
    pub settings: Sha256,
    /// `beside` or `in place`.
    pub mode: String,
    /// The folder of outputs, whole; `null` in place.
    pub to: Option<String>,
    /// The part of the files that this run takes, as `2/8`; `1/1`: all.
    pub shard: String,
    /// When it began, RFC 3339, UTC.
    pub at: String,
}

/// A file, before its output has its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The file, relative to what was given, with `/`.
    pub path: String,
    /// What was given, whole: a folder, or what lists are relative to.
    pub root: String,
    /// What it was; its digest is left out where it could not be read.
    pub input: FileState,
    /// What stands in its place or beside it; `null` where nothing does.
    pub output: Option<FileState>,
    /// What became of it.
    pub outcome: Treatment,
    /// Why, where it was refused or failed.
    pub reason: Option<String>,
    /// What it is; left out where that could not be read.
    #[serde(flatten)]
    pub form: Option<Form>,
    /// What was replaced.
    pub spans: Vec<SpanRecord>,
    /// What was to be replaced, where blocks of a codec were replaced whole for its sake; left out where it is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<SpanRecord>,
    /// When its treatment began, RFC 3339, UTC.
    pub begun: String,
    /// When it was done.
    pub ended: String,
}

/// A file's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Its bytes.
    pub bytes: u64,
    /// When it was last written to, in nanoseconds since the epoch.
    pub modified_ns: Option<u64>,
    /// Its contents.
    pub sha256: Option<Sha256>,
    /// Of an object: the store's name of this state. Left out of files, and of outputs, whose line comes before they are put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// A span that was replaced: channel, first sample, the sample after the last, cause, and how sure it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanRecord(pub u32, pub u64, pub u64, pub String, pub Confidence);

/// What becomes of a file. There is no `clean`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Digits were found and replaced.
    Scrubbed,
    /// Nothing was found of what was looked for.
    NothingFound,
    /// It cannot be read whole, or is of a kind that is not supported: not copied.
    Refused,
    /// Something went wrong that may not do so again: not copied.
    Failed,
}

/// How far the ledger is right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    /// When, RFC 3339, UTC.
    pub at: String,
    /// The public key; `null` where there is none.
    pub key: Option<Sha256>,
    /// The signature under the digest of the line before; `null` where there is none.
    pub signature: Option<String>,
    /// Sums so far, over the last line of each file.
    pub totals: Totals,
}

/// How many files ended how. `found` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// All of them.
    pub found: u64,
    /// See [`Treatment`].
    pub scrubbed: u64,
    /// See [`Treatment`].
    pub nothing_found: u64,
    /// See [`Treatment`].
    pub refused: u64,
    /// See [`Treatment`].
    pub failed: u64,
    /// Hours of audio that was examined.
    pub hours: f64,
}

impl Totals {
    /// Counts a file in.
    pub fn count(&mut self, outcome: Treatment, hours: f64) {
        self.found += 1;
        *self.of(outcome) += 1;
        self.hours += hours;
    }

    /// Counts one out that is treated anew.
    pub fn uncount(&mut self, outcome: Treatment, hours: f64) {
        self.found -= 1;
        *self.of(outcome) -= 1;
        self.hours -= hours;
    }

    /// Whether every file ended somehow.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.found == self.scrubbed + self.nothing_found + self.refused + self.failed
    }

    fn of(&mut self, outcome: Treatment) -> &mut u64 {
        match outcome {
            Treatment::Scrubbed => &mut self.scrubbed,
            Treatment::NothingFound => &mut self.nothing_found,
            Treatment::Refused => &mut self.refused,
            Treatment::Failed => &mut self.failed,
        }
    }
}

impl CallRecord {
    /// A file of which nothing is known yet, from now on.
    pub(crate) fn begun(root: &Path, path: &str) -> Self {
        Self {
            path: path.into(),
            root: root.to_string_lossy().into_owned(),
            input: FileState { bytes: 0, modified_ns: None, sha256: None, etag: None },
            output: None,
            outcome: Treatment::Failed,
            reason: None,
            form: None,
            spans: Vec::new(),
            asked: Vec::new(),
            begun: now(),
            ended: now(),
        }
    }

    /// There is no output of it.
    pub(crate) fn fail(&mut self, outcome: Treatment, reason: String) {
        (self.outcome, self.reason, self.output) = (outcome, Some(reason), None);
        self.spans.clear();
        self.asked.clear();
    }

    /// Writes it as a line of JSON, without its place in a ledger.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")
    }

    /// Hours of audio.
    #[must_use]
    pub fn hours(&self) -> f64 {
        let examined = matches!(self.outcome, Treatment::Scrubbed | Treatment::NothingFound);
        self.form.as_ref().filter(|_| examined).map_or(0.0, |form| form.duration_s / 3_600.0)
    }
}
