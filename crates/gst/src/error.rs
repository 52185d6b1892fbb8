//! Why the element stopped.

use cardhush_core::ConfigError;

/// What ends the flow. Nothing that came in is passed on after it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The engine does not take such a stream.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Both stages are off.
    #[error("nothing to look for: both keyed and spoken digits are off")]
    NothingToLookFor,
    /// Armed, with nobody who listens.
    #[error("armed: it arms nothing while spoken digits are off")]
    Deaf,
    /// Audio came before its caps, or caps that are none of ours.
    #[error("no caps that can be read: {0}")]
    Caps(&'static str),
    /// The segment plays backwards.
    #[error("a segment of rate {0}: digits are found forwards alone")]
    Backwards(f64),
    /// A buffer's memory cannot be read.
    #[error("a buffer of {0} bytes cannot be read")]
    Unreadable(usize),
    /// A buffer could not be made ready.
    #[error("a buffer of {0} bytes cannot be written")]
    Unwritable(usize),
    /// Not as many samples came out as went in: a bug.
    #[error("{given} samples came out of {taken}")]
    Lost {
        /// Samples a channel that came in.
        taken: u64,
        /// Samples a channel that came out.
        given: u64,
    },
    /// An earlier failure left the state in pieces.
    #[error("stopped by an earlier failure")]
    Broken,
}
