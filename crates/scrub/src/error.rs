//! What can go wrong with one file: its path, the value and the limit, and what to do. Nothing here holds audio or a digit.

use crate::mask::MaskError;
use crate::transcript::TranscriptError;
use cardhush_core::ConfigError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file was not scrubbed, scanned or verified. Where one is returned, no output has appeared and the input is as it was;
/// [`Unsettled`](Self::Unsettled) alone says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused something.
    #[error("{}: cannot {doing} it: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// An output that has its name, in a directory that could not be brought to the disk.
    #[error("{}: written, but its directory cannot be synced: a power cut may take it away: {source}", path.display())]
    Unsettled {
        /// The output.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Not a WAV file that can be read to its end.
    #[error("{}: {source}", path.display())]
    Wav {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: cardhush_wav::WavError,
    },
    /// A recording in a block codec that cannot be read to its end, or not be scrubbed.
    #[error("{}: {source}", path.display())]
    Codec {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: cardhush_codec::CodecError,
    },
    /// A recording of another kind that cannot be read.
    #[error("{}: {what}", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Not a packet capture that can be read to its end.
    #[error("{}: {source}", path.display())]
    Pcap {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: cardhush_pcap::PcapError,
    },
    /// A packet capture that cannot be scrubbed: something in it could not be read.
    #[error("{}: {why}; nothing was written", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What, and where.
        why: String,
    },
    /// A form of call that the engine does not take.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The value and its limits.
        source: ConfigError,
    },
    /// A mask given by hand that does not fit the call.
    #[error("{}: {source}", path.display())]
    Mask {
        /// The call.
        path: PathBuf,
        /// What does not fit.
        source: MaskError,
    },
    /// A transcript that cannot be read as one of the call.
    #[error("{}: {source}", path.display())]
    Transcript {
        /// The transcript.
        path: PathBuf,
        /// What is wrong with it.
        source: TranscriptError,
    },
    /// A directory, device or pipe where a file is needed.
    #[error("{}: not a regular file", path.display())]
    NotAFile {
        /// What it was.
        path: PathBuf,
    },
    /// A link that would have to be followed to be overwritten.
    #[error("{}: a link; it is not followed to be overwritten: name the file itself", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A file with further names, which would keep the audio as it was.
    #[error("{}: has {names} names (hard links), and the others would keep the audio as it is: scrub to another file with -o, then remove all of them", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// Names of the file.
        names: u64,
    },
    /// The output is the input.
    #[error("{}: is the input itself: ask for --in-place, or name another output", path.display())]
    SameFile {
        /// The output.
        path: PathBuf,
    },
    /// The output is there already.
    #[error("{}: exists already: name another output, or pass --force", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The input was written to while it was read.
    #[error("{}: changed while it was read: wait until the recorder has closed it", path.display())]
    Changed {
        /// The input.
        path: PathBuf,
    },
    /// A file whose header has no length yet, and that was written to a moment ago.
    #[error("{}: was written to less than a minute ago and has no length in its header: still growing; it is taken once it is closed", path.display())]
    Growing {
        /// The input.
        path: PathBuf,
    },
    /// A file that lacks audio that its header speaks of.
    #[error("{}: {note}: it was cut off, and what is missing cannot be examined", path.display())]
    CutShort {
        /// The input.
        path: PathBuf,
        /// How much.
        note: String,
    },
    /// A path of a list that leads out of the folder of outputs.
    #[error("{}: has `..` in it, so that its output would lie outside of the folder of outputs: give its whole path", path.display())]
    LeadsOut {
        /// The input.
        path: PathBuf,
    },
    /// A byte outside of the planned spans differs from the original.
    #[error("{}: byte {offset} differs from the original and lies in no reported span", path.display())]
    Differs {
        /// The output.
        path: PathBuf,
        /// Offset in the file.
        offset: u64,
    },
    /// The output is longer or shorter than the original.
    #[error("{}: {bytes} bytes, the original has {original}", path.display())]
    Length {
        /// The output.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
        /// The original's.
        original: u64,
    },
    /// A planned span still holds what it held.
    #[error("{}: channel {channel}, samples {start} to {end}: not replaced", path.display())]
    NotReplaced {
        /// The output.
        path: PathBuf,
        /// Channel, from 0.
        channel: u8,
        /// First sample.
        start: u64,
        /// The sample after the last.
        end: u64,
    },
    /// Card data is still found in what was written, after every round.
    #[error("{}: {spans} spans are still found after {rounds} rounds: nothing was written", path.display())]
    Left {
        /// The input.
        path: PathBuf,
        /// Redactions found in the last round.
        spans: usize,
        /// Rounds done.
        rounds: u32,
    },
    /// An object that does not fit into the memory that objects are held in.
    #[error("{}: {bytes} bytes, held twice in memory while it is treated: more than the {limit} bytes that objects may take (--memory)", path.display())]
    TooLarge {
        /// The object.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// Bytes that all objects may take together.
        limit: u64,
    },
    /// A ledger that cannot be gone on with.
    #[error("{}: {source}; it is left as it is: find out what changed it, or begin another with --ledger", path.display())]
    Ledger {
        /// The ledger.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::ledger::LedgerError,
    },
    /// A signed ledger, and no key.
    #[error("{}: its seals are signed: go on with its key (--key), or begin another ledger", path.display())]
    KeyMissing {
        /// The ledger.
        path: PathBuf,
    },
    /// Two files of one run that are called the same.
    #[error("{}: another file of this run has the same relative path, and so the same output: scrub them to different folders", path.display())]
    SameName {
        /// The file.
        path: PathBuf,
    },
    /// A ledger that another run has open.
    #[error("{}: another run is writing it", path.display())]
    InUse {
        /// The ledger.
        path: PathBuf,
    },
    /// A report that cannot be read as one.
    #[error("{}: line {line}: {what}", path.display())]
    Report {
        /// The report.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The caller asked to stop.
    #[error("{}: interrupted: nothing was written", path.display())]
    Interrupted {
        /// The input.
        path: PathBuf,
    },
}

/// For `map_err`: what was tried on which file.
pub(crate) fn doing<'a>(doing: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + use<'a> {
    move |source| Error::Io { doing, path: path.to_path_buf(), source }
}
