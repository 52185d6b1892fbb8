//! Why a capture was refused: [`Malformed`] (no reader could be sure of it), [`Unsupported`] (well formed, but not for us) and
//! [`PcapError::Truncated`] (it ends too early) apart.
//!
//! Messages name the offset, the value and the limit; the caller adds the file. No message holds a byte of a packet.

use crate::ng::MAX_INTERFACES;
use crate::reader::MAX_PACKET_BYTES;

/// What can go wrong between a file and its packets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PcapError {
    /// Reading or seeking failed, or the file became shorter while it was read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file breaks its own rules in a way that leaves open where its packets are.
    #[error("malformed capture: {0}")]
    Malformed(#[from] Malformed),
    /// The file is in order, but of a kind that is not read.
    #[error("unsupported capture: {0}")]
    Unsupported(#[from] Unsupported),
    /// The file ends within a header, a packet or a block: whoever wrote it died, or a copy was cut short.
    #[error("truncated capture: what starts at byte {offset} needs {needed} bytes, the file has {left} left")]
    Truncated {
        /// Where the packet's record, the block or the header starts.
        offset: u64,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are left of the file.
        left: u64,
    },
    /// Asked for another packet after an error: where the next one starts is not known.
    #[error("reading ended at an earlier error, by byte {offset}")]
    Stopped {
        /// How far the file was read.
        offset: u64,
    },
    /// Bytes were to be replaced that the payload does not have, or by another number of bytes. Nothing was changed.
    #[error("bytes {start}..{end} of a payload by {new}: the payload has {len} bytes, and the lengths must be the same")]
    Range {
        /// First byte to be replaced, from the start of the payload.
        start: usize,
        /// The byte after the last.
        end: usize,
        /// Bytes to put there.
        new: usize,
        /// Captured bytes of the payload.
        len: usize,
    },
}

/// What is wrong with a malformed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Not a capture at all.
    #[error("no pcap or pcapng file starts here")]
    NotCapture,
    /// A packet longer than any sound one.
    #[error("the packet at byte {offset} declares {declared} captured bytes: at most {MAX_PACKET_BYTES} are read")]
    PacketTooLong {
        /// Where its record or block starts.
        offset: u64,
        /// Declared captured bytes.
        declared: u32,
    },
    /// A block whose length cannot be one.
    #[error("block of type {kind:#010x} at byte {offset} declares {declared} bytes: it needs a multiple of 4, at least {needed}")]
    BlockLength {
        /// Where the block starts.
        offset: u64,
        /// Its type.
        kind: u32,
        /// Its declared length in bytes.
        declared: u32,
        /// The least that a block of this type has.
        needed: u32,
    },
    /// The length at the end of a block is not that at its start.
    #[error("block at byte {offset} declares {head} bytes at its start and {tail} at its end")]
    BlockTrailer {
        /// Where the block starts.
        offset: u64,
        /// The length at its start.
        head: u32,
        /// The length at its end.
        tail: u32,
    },
    /// A section whose byte order is told by neither of the two magic numbers.
    #[error("section at byte {offset} has byte-order magic {magic:#010x}")]
    ByteOrder {
        /// Where its header block starts.
        offset: u64,
        /// What stands in place of the magic.
        magic: u32,
    },
    /// A packet of an interface that the section has not described.
    #[error("the packet at byte {offset} is of interface {interface}: its section has described {interfaces}")]
    NoInterface {
        /// Where its block starts.
        offset: u64,
        /// The interface it names, from 0.
        interface: u32,
        /// Interfaces described so far.
        interfaces: u32,
    },
    /// A packet longer than the block that holds it.
    #[error("the packet at byte {offset} declares {declared} captured bytes: its block has room for {room}")]
    PacketPastBlock {
        /// Where its block starts.
        offset: u64,
        /// Declared captured bytes.
        declared: u32,
        /// Bytes that fit.
        room: u32,
    },
    /// An option longer than the block that holds it.
    #[error("an option at byte {offset} declares {declared} bytes: its block has {room} left")]
    OptionPastBlock {
        /// Where the option starts.
        offset: u64,
        /// Its declared length in bytes.
        declared: u16,
        /// Bytes left in the block.
        room: u64,
    },
    /// More interfaces than any sound section has.
    #[error("more than {MAX_INTERFACES} interfaces in a section")]
    TooManyInterfaces,
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
    /// A version that is not read.
    #[error("{format} version {major}.{minor} at byte {offset} is not read")]
    Version {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Where the header starts.
        offset: u64,
        /// Declared major version.
        major: u16,
        /// Declared minor version.
        minor: u16,
    },
}
