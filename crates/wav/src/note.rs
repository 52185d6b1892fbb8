//! What was accepted although the header says otherwise: shown by whoever reports on the file, never dropped.

use crate::riff::FourCc;

/// Something about a file that its reader should know. `Display` says it in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Note {
    /// A length was left at its placeholder, as by writers that cannot seek.
    #[error("streamed header: its lengths were never filled in, so the file was read to its true end")]
    StreamedHeader,
    /// The file ends before its data do.
    #[error("the data are cut short: {declared} bytes declared, {present} present")]
    DataCutShort {
        /// Declared length in bytes.
        declared: u64,
        /// Bytes in the file.
        present: u64,
    },
    /// The bytes behind the declared end of the data are no chunks: they were read as data.
    #[error("the data go on past their declared end: {declared} bytes declared, {present} present")]
    DataGoesOn {
        /// Declared length in bytes.
        declared: u64,
        /// Bytes in the file.
        present: u64,
    },
    /// The file ends before a chunk behind the data does.
    #[error("chunk `{id}` is cut short: {declared} bytes declared, {present} present")]
    ChunkCutShort {
        /// Its identifier.
        id: FourCc,
        /// Declared length in bytes.
        declared: u64,
        /// Bytes in the file.
        present: u64,
    },
    /// The data end within a frame; the piece is kept but not read.
    #[error("the data end with {bytes} bytes of an unfinished frame")]
    TrailingPartialFrame {
        /// Length of the piece.
        bytes: u64,
    },
    /// A chunk of odd length without the byte that should follow it.
    #[error("chunk `{id}` has an odd length and no pad byte")]
    MissingPad {
        /// Its identifier.
        id: FourCc,
    },
    /// Bytes at the end of the file that belong to no chunk: fewer than eight, or nothing but zeros.
    #[error("{bytes} bytes from byte {offset} to the end belong to no chunk")]
    TrailingBytes {
        /// Where they start.
        offset: u64,
        /// How many they are.
        bytes: u64,
    },
    /// The length of the whole form is wrong; the chunks were followed instead.
    #[error("the form declares {declared} bytes, its chunks have {present}")]
    FormLength {
        /// Declared length in bytes, without the first eight.
        declared: u64,
        /// Length by its chunks.
        present: u64,
    },
    /// An extensible format that declares 0 valid bits; all are taken as valid.
    #[error("`fmt ` declares 0 valid bits: all are taken as valid")]
    NoValidBits,
}

impl Note {
    /// Whether the header has not the length of what is there, as in a file that is still being written.
    #[must_use]
    pub const fn is_open_ended(&self) -> bool {
        matches!(self, Self::StreamedHeader | Self::DataGoesOn { .. })
    }

    /// Whether audio is missing that the header speaks of.
    #[must_use]
    pub const fn is_cut_short(&self) -> bool {
        matches!(self, Self::DataCutShort { .. })
    }
}
