//! What can be wrong with a transcript: the place in the document, the value and the limit, never a word of it.

/// Why a transcript was refused. Places are paths within its JSON, such as `results.items[3]`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// A file that is no transcript by its size.
    #[error("a transcript above {limit} bytes is not read")]
    Size {
        /// Bytes that a transcript may have.
        limit: u64,
    },
    /// Not JSON, or nested deeper than 127 levels.
    #[error("line {line}, column {column}: not JSON that can be read")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON of a form that is not known.
    #[error("not a transcript of Whisper, whisper.cpp, AWS Transcribe or Deepgram, nor a list of objects with word, start and end")]
    Unsupported,
    /// No word with times.
    #[error("no word has times: ask the recogniser for word timestamps, and give no transcript of a call without words")]
    NoWords,
    /// A value of the wrong kind.
    #[error("{place}: not {wanted}")]
    Malformed {
        /// Where.
        place: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A time before the call.
    #[error("{place}: starts at {}: the call starts at 0", time(*start_s))]
    Negative {
        /// Which word.
        place: String,
        /// Its start in seconds.
        start_s: f64,
    },
    /// An end before its start.
    #[error("{place}: ends at {}, before it starts at {}", time(*end_s), time(*start_s))]
    Backwards {
        /// Which word.
        place: String,
        /// Its start in seconds.
        start_s: f64,
        /// Its end in seconds.
        end_s: f64,
    },
    /// A time after the call.
    #[error("{place}: ends at {}: the call ends at {duration_s:.3} s; is it the right transcript?", time(*end_s))]
    Beyond {
        /// Which word.
        place: String,
        /// Its end in seconds.
        end_s: f64,
        /// The call's end in seconds.
        duration_s: f64,
    },
    /// A channel that the call does not have.
    #[error("{place}: a channel that the call lacks: it has {channels} (0 is the first); is it the right transcript?")]
    Channel {
        /// Which word.
        place: String,
        /// What the call has.
        channels: u8,
    },
}

/// A time in words. One that no call has may be a number of another kind, and is not told.
fn time(seconds: f64) -> String {
    const MOST_S: f64 = 1e6;
    if seconds.abs() < MOST_S { format!("{seconds:.3} s") } else { "a time that no call has".into() }
}
