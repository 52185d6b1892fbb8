//! What the samples are: the `fmt ` chunk, turned into a [`Format`] or refused by name.
//!
//! Takes the first 40 bytes of the chunk (WAVEFORMAT 16, WAVEFORMATEX 18, WAVEFORMATEXTENSIBLE 40). Of PCM the container is what counts:
//! samples of 12 valid bits stand left-justified in 16, so they are read as 16. The bytes a frame must be channels times container.

use crate::error::{Malformed, Unsupported, WavError};
use crate::note::Note;
use crate::riff::{FMT, array_at};
use crate::tag::codec_name;
use cardhush_core::SampleCoding;

/// Most channels that are read.
pub const MAX_CHANNELS: u16 = 8;
/// Bytes of `fmt ` that are looked at: the whole of WAVEFORMATEXTENSIBLE.
pub(crate) const FMT_BYTES: usize = 40;

const PCM: u16 = 0x0001;
const FLOAT: u16 = 0x0003;
const ALAW: u16 = 0x0006;
const ULAW: u16 = 0x0007;
const EXTENSIBLE: u16 = 0xFFFE;
/// What follows the format tag in the GUID of a sub-format that has one (KSDATAFORMAT_SUBTYPE_WAVEFORMATEX).
const TAG_GUID: [u8; 14] = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

/// What the samples of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How one sample is written.
    pub coding: SampleCoding,
    /// Channels, 1 to 8, interleaved sample by sample.
    pub channels: u16,
    /// Sample rate in Hz, at least 1. No upper limit here.
    pub rate_hz: u32,
    /// Bits of a sample that mean something, at most 8 times [`SampleCoding::bytes`]; the rest, below them, is written as well.
    pub valid_bits: u16,
}

impl Format {
    /// Bytes of one frame (one sample of each channel), 1 to 64.
    #[must_use]
    pub const fn frame_bytes(self) -> u16 {
        self.channels * self.coding.bytes()
    }

    /// Reads `fmt `: `bytes` are its first [`FMT_BYTES`] (zeros where it is shorter), `len` its length.
    pub(crate) fn parse(bytes: &[u8; FMT_BYTES], len: u64) -> Result<(Self, Option<Note>), WavError> {
        let long_enough = |needed| if len < needed { Err(Malformed::ChunkTooShort { id: FMT, len, needed }) } else { Ok(()) };
        let word = |at| u16::from_le_bytes(array_at(bytes, at));
        long_enough(16)?;
        let (channels, rate_hz, block_align, bits) = (word(2), u32::from_le_bytes(array_at(bytes, 4)), word(12), word(14));
        let mut tag = word(0);
        let mut declared_valid = None;
        if tag == EXTENSIBLE {
            long_enough(40)?;
            let guid: [u8; 16] = array_at(bytes, 24);
            if guid[2..] != TAG_GUID {
                return Err(Unsupported::SubFormat { guid: u128::from_be_bytes(guid) }.into());
            }
            tag = word(24);
            declared_valid = Some(word(18));
        }
        let coding = coding_of(tag, bits)?;
        match channels {
            0 => return Err(Malformed::NoChannels.into()),
            1..=MAX_CHANNELS => {}
            _ => return Err(Unsupported::Channels { channels }.into()),
        }
        if rate_hz == 0 {
            return Err(Malformed::NoRate.into());
        }
        if declared_valid.is_some() && bits != coding.bytes() * 8 {
            return Err(Unsupported::Width { coding: "extensible PCM", bits }.into());
        }
        let (valid_bits, note) = match declared_valid {
            None => (bits, None),
            Some(0) => (bits, Some(Note::NoValidBits)),
            Some(valid) if valid > bits => return Err(Malformed::ValidBits { valid, bits }.into()),
            Some(valid) => (valid, None),
        };
        let format = Self { coding, channels, rate_hz, valid_bits };
        let expected = format.frame_bytes();
        if block_align != expected {
            return Err(Malformed::BlockAlign { declared: block_align, channels, bits, expected }.into());
        }
        Ok((format, note))
    }
}

/// The coding of a format tag (of the sub-format, where extensible) at a sample width. PCM stands in the next whole number of bytes.
fn coding_of(tag: u16, bits: u16) -> Result<SampleCoding, Unsupported> {
    match (tag, bits) {
        (PCM, 8) => Ok(SampleCoding::Linear8),
        (PCM, 9..=16) => Ok(SampleCoding::Linear16),
        (PCM, 17..=24) => Ok(SampleCoding::Linear24),
        (PCM, 25..=32) => Ok(SampleCoding::Linear32),
        (FLOAT, 32) => Ok(SampleCoding::Float32),
        (FLOAT, 64) => Ok(SampleCoding::Float64),
        (ALAW, 8) => Ok(SampleCoding::Alaw),
        (ULAW, 8) => Ok(SampleCoding::Ulaw),
        (PCM, _) => Err(Unsupported::Width { coding: "PCM", bits }),
        (FLOAT, _) => Err(Unsupported::Width { coding: "float", bits }),
        (ALAW, _) => Err(Unsupported::Width { coding: "A-law", bits }),
        (ULAW, _) => Err(Unsupported::Width { coding: "mu-law", bits }),
        (tag, _) => Err(Unsupported::Codec { name: codec_name(tag), tag }),
    }
}
