//! Why a recording cannot be read whole or not be scrubbed. Holds no audio.

use std::io;

/// See the module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The system refused something.
    #[error("cannot read or write it: {0}")]
    Io(#[from] io::Error),
    /// A file that breaks its own format, so that it stays open what is audio in it.
    #[error("{format}: {what} at byte {at}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// What is wrong.
        what: String,
        /// Where.
        at: u64,
    },
    /// A form of the format that is not read.
    #[error("{format}: {what}")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// Which.
        what: String,
    },
    /// The file ends before its audio does.
    #[error("{format}: the file ends within its audio, at byte {at}")]
    Truncated {
        /// The format.
        format: &'static str,
        /// Its length.
        at: u64,
    },
    /// The file is not the one that was parsed.
    #[error("changed while it was read")]
    Changed,
}
