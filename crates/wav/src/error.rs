//! Why a file was refused: [`Malformed`] (no reader could be sure of it) apart from [`Unsupported`] (well formed, but not for us).
//!
//! Messages name the chunk, the value and the limit; the caller adds the file. No message holds audio.

use crate::format::MAX_CHANNELS;
use crate::riff::{FourCc, MAX_CHUNKS};

/// What can go wrong between a file and its samples.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// Reading, writing or seeking failed, or the file became shorter while it was read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file breaks its own rules in a way that leaves open where its audio is.
    #[error("malformed WAV: {0}")]
    Malformed(#[from] Malformed),
    /// The file is in order, but of a kind that is not read.
    #[error("unsupported WAV: {0}")]
    Unsupported(#[from] Unsupported),
    /// Samples were asked for that the file does not hold. Nothing was changed.
    #[error("samples {start}..{end} of channel {channel}: the file has {frames} samples in {channels} channels")]
    Range {
        /// Channel asked for, from 0.
        channel: u16,
        /// First sample asked for.
        start: u64,
        /// The sample after the last asked for.
        end: u64,
        /// Channels of the file.
        channels: u16,
        /// Samples of each channel.
        frames: u64,
    },
}

/// What is wrong with a malformed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not a WAVE form at all.
    #[error("no RIFF, RF64 or BW64 form of type WAVE starts here")]
    NotWave,
    /// Shorter than the header of a RIFF form.
    #[error("{len} bytes long: a RIFF header alone has 12")]
    TooShort {
        /// Length of the file in bytes.
        len: u64,
    },
    /// A chunk that must be there is not.
    #[error("no `{id}` chunk")]
    MissingChunk {
        /// The missing one.
        id: FourCc,
    },
    /// Before the data, something stands where a chunk should start.
    #[error("no chunk starts at byte {offset}: the identifier is not printable ASCII")]
    ChunkId {
        /// Where the chunk should start.
        offset: u64,
    },
    /// Before the data, a chunk is longer than the file.
    #[error("chunk `{id}` at byte {offset} declares {declared} bytes: the file has {room} left")]
    ChunkPastEnd {
        /// Its identifier.
        id: FourCc,
        /// Where its contents start.
        offset: u64,
        /// Its declared length in bytes.
        declared: u64,
        /// Bytes left in the file.
        room: u64,
    },
    /// A chunk is too short for what it must hold.
    #[error("chunk `{id}` has {len} bytes: at least {needed} are needed")]
    ChunkTooShort {
        /// Its identifier.
        id: FourCc,
        /// Its length in bytes.
        len: u64,
        /// What it needs.
        needed: u64,
    },
    /// More chunks than any sound file has.
    #[error("more than {MAX_CHUNKS} chunks")]
    TooManyChunks,
    /// The data come before their format.
    #[error("`data` at byte {offset} comes before `fmt `")]
    DataBeforeFmt {
        /// Where the data start.
        offset: u64,
    },
    /// A second `fmt ` or `data` chunk: it is not said which of the two counts.
    #[error("a second `{id}` chunk at byte {offset}: only one may be there")]
    Repeated {
        /// Its identifier.
        id: FourCc,
        /// Where its contents start.
        offset: u64,
    },
    /// A second RIFF form, as where two files were joined end to end.
    #[error("a second RIFF form at byte {offset}: one file may hold one recording")]
    SecondForm {
        /// Where it starts.
        offset: u64,
    },
    /// Bytes behind the data that are no chunks and cannot be the data going on.
    #[error("{bytes} bytes from byte {offset} to the end belong to no chunk: they may hold audio")]
    UnreadTail {
        /// Where they start.
        offset: u64,
        /// How many they are.
        bytes: u64,
    },
    /// No channel.
    #[error("`fmt ` declares 0 channels")]
    NoChannels,
    /// No sample rate.
    #[error("`fmt ` declares a sample rate of 0 Hz")]
    NoRate,
    /// Bytes a frame that disagree with channels and bits.
    #[error("`fmt ` declares {declared} bytes a frame: {channels} channels of {bits} bits make {expected}")]
    BlockAlign {
        /// Declared bytes a frame.
        declared: u16,
        /// Declared channels.
        channels: u16,
        /// Declared bits a sample.
        bits: u16,
        /// What they make.
        expected: u16,
    },
    /// More valid bits than the container has.
    #[error("`fmt ` declares {valid} valid bits in samples of {bits} bits")]
    ValidBits {
        /// Declared valid bits.
        valid: u16,
        /// Bits of the container.
        bits: u16,
    },
    /// A `ds64` table longer than its chunk.
    #[error("`ds64` declares a table of {declared} entries: its chunk has room for {room}")]
    Ds64Table {
        /// Declared entries.
        declared: u32,
        /// Entries that fit.
        room: u64,
    },
}

/// What an unsupported file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Another container, told by its first bytes.
    #[error("{name} files are not read")]
    Container {
        /// Its name.
        name: &'static str,
    },
    /// A codec whose samples cannot be replaced one by one, by its format tag.
    #[error("codec {name} (format tag {tag:#06x}) is not read")]
    Codec {
        /// Its name, or `unknown`.
        name: &'static str,
        /// The format tag of `fmt `.
        tag: u16,
    },
    /// A sub-format of `WAVE_FORMAT_EXTENSIBLE` that has no format tag.
    #[error("extensible sub-format {guid:032x} is not read")]
    SubFormat {
        /// The GUID as 16 bytes, in the order of the file.
        guid: u128,
    },
    /// More channels than are read.
    #[error("{channels} channels: at most {MAX_CHANNELS} are read")]
    Channels {
        /// Declared channels.
        channels: u16,
    },
    /// A sample width that is not read.
    #[error("{coding} samples of {bits} bits are not read")]
    Width {
        /// `PCM`, `float`, `A-law` or `mu-law`.
        coding: &'static str,
        /// Declared bits a sample.
        bits: u16,
    },
    /// Data in pieces with silences between them.
    #[error("`LIST` of type `wavl` at byte {offset}: data in pieces are not read")]
    WaveList {
        /// Where its contents start.
        offset: u64,
    },
}
