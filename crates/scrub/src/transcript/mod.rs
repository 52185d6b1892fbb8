//! Transcripts: a second witness of where digits are spoken, and the same transcript without those that are masked.
//!
//! ```text
//! JSON --forms--> lists of words --words--> Word{channel, times, text} --number, runs--> Spoken{channel, times, how many}
//!   |                                         |
//!   +------------- redact (what is masked) ---+--> the same JSON, without masked number words
//! ```
//!
//! In: a document of up to 64 MiB, and how long the call is and how many channels it has. Out: times in seconds from the call's start,
//! and counts of digits, never which. Nothing of what a transcript says is in an error, in `Debug` or in a [`Spoken`].

mod error;
mod forms;
mod masks;
mod number;
mod quote;
mod redact;
mod runs;
mod times;
mod words;

pub use error::TranscriptError;

use crate::beside::{Beside, Readers};
use crate::error::{Error, doing};
use crate::plan::Plan;
use masks::Masks;
use serde_json::Value;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use words::{Extent, Word};

/// The largest transcript that is read, in bytes: a day of talk with every field that recognisers write.
const LIMIT: u64 = 64 << 20;
/// How far the times of a word may be off, in seconds: recognisers take them from attention or from a beam of hypotheses, and those of
/// short words are off by up to half a second.
const WIDEN_S: f64 = 0.5;
/// What stands for a number word that was taken out, however long it was.
const DIGITS: &str = "[digits]";

/// What a recogniser understood of a call, with times.
pub struct Transcript {
    document: Value,
    /// In order of their starts.
    words: Vec<Word>,
    /// Which of them speak digits.
    counted: Vec<bool>,
    spoken: Vec<Spoken>,
    /// How long the call is.
    duration_s: f64,
}

/// Where a transcript says that digits are spoken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spoken {
    /// Channel from 0; `None` where the transcript does not say.
    pub channel: Option<u8>,
    /// Start in seconds from the call's, half a second before the first word.
    pub start_s: f64,
    /// End in seconds, half a second after the last word, not after the call.
    pub end_s: f64,
    /// How many digits at most.
    pub digits: u8,
}

impl Transcript {
    /// Reads the transcript of a call of `channels` channels that lasts `duration_s` seconds.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Transcript`]: not a transcript of a known form, or not one of this call.
    pub fn read(path: &Path, duration_s: f64, channels: u8) -> Result<Self, Error> {
        let mut text = Vec::new();
        let file = File::open(path).map_err(doing("open", path))?;
        file.take(LIMIT + 1).read_to_end(&mut text).map_err(doing("read", path))?;
        Self::parse(&text, duration_s, channels).map_err(|source| Error::Transcript { path: path.into(), source })
    }

    /// The same from a file's bytes.
    ///
    /// # Errors
    /// Not a transcript of a known form, or not one of this call.
    pub fn parse(text: &[u8], duration_s: f64, channels: u8) -> Result<Self, TranscriptError> {
        if text.len() as u64 > LIMIT {
            return Err(TranscriptError::Size { limit: LIMIT });
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        // The reader's own words may quote the text.
        let json = |e: serde_json::Error| TranscriptError::Json { line: e.line(), column: e.column() };
        let document: Value = serde_json::from_slice(text).map_err(json)?;
        let forms::Lists { lists, channels_known } = forms::lists(&document)?;
        let mut words = words::words(lists, channels_known, Extent { duration_s, channels })?;
        words.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        let mut counted = vec![false; words.len()];
        let mut spoken = Vec::new();
        for digits in runs::digits(&words) {
            for at in [digits.first, digits.last] {
                counted.iter_mut().skip(at).take(1).for_each(|counted| *counted = true);
            }
            if let (Some(first), Some(last)) = (words.get(digits.first), words.get(digits.last)) {
                let (start_s, end_s) = ((first.start_s - WIDEN_S).max(0.0), first.end_s.max(last.end_s) + WIDEN_S);
                let end_s = end_s.min(duration_s);
                spoken.push(Spoken { channel: first.channel, start_s: start_s.min(end_s), end_s, digits: digits.digits });
            }
        }
        spoken.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        Ok(Self { document, words, counted, spoken, duration_s })
    }

    /// Where it says that digits are spoken, in order of the starts.
    pub fn digits(&self) -> impl Iterator<Item = Spoken> + '_ {
        self.spoken.iter().copied()
    }

    /// The same document without the number words that `plan`, of a call at `rate_hz`, masks: `[digits]` stands for each, in the words
    /// and in every other copy of the text. Without masks it is the same document.
    #[must_use]
    pub fn redacted(&self, plan: &Plan, rate_hz: u32) -> Value {
        redact::redacted(&self.document, (&self.words, &self.counted), self.duration_s, &Masks::new(plan, rate_hz))
    }

    /// Writes the redacted document beside `target`, where nobody sees it and its owner alone may read it, until it is published.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn stage_redacted(&self, plan: &Plan, rate_hz: u32, target: &Path) -> Result<Beside, Error> {
        let beside = Beside::new(target, Readers::Owner)?;
        let mut to = BufWriter::new(beside.file());
        let written = serde_json::to_writer(&mut to, &self.redacted(plan, rate_hz)).map_err(Into::into);
        written.and_then(|()| to.write_all(b"\n")).and_then(|()| to.flush()).map_err(doing("write", target))?;
        drop(to);
        Ok(beside)
    }
}

/// How much it is, and nothing of what it says.
impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("words", &self.words.len()).finish_non_exhaustive()
    }
}
