//! What stands before the first frame: an ID3v2 tag where somebody put one, `fLaC`, and the metadata blocks, of which STREAMINFO and the seek table speak of frames (RFC 9639, 8).

use crate::source::read_at;
use crate::tag::id3v2_len;
use crate::{CodecError, ReadSeek};

/// Metadata blocks that are walked at most; files have about ten.
const BLOCKS: usize = 4_096;

/// STREAMINFO, and where the blocks lie that change with the frames.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Byte of STREAMINFO's first field.
    pub(super) info_at: u64,
    /// Samples of a block, at least and at most.
    pub(super) min_block: u16,
    pub(super) max_block: u16,
    /// Bytes of a frame, at least and at most; 0 where not known.
    pub(super) min_frame: u32,
    pub(super) max_frame: u32,
    pub(super) rate_hz: u32,
    pub(super) channels: u8,
    /// Bits of a sample.
    pub(super) bits: u32,
    /// Samples a channel; 0 where not known.
    pub(super) samples: u64,
    /// Digest of the samples; all 0 where not known.
    pub(super) md5: [u8; 16],
    /// First byte and number of the seek points.
    pub(super) seek_points: Option<(u64, u64)>,
    /// First byte of the first frame.
    pub(super) audio_at: u64,
    /// Whether an ID3v2 tag stands before it all.
    pub(super) tagged: bool,
}

/// Whether a file that begins so is a FLAC file, or has a tag before what may be one.
pub(super) fn magic_at(file: &mut dyn ReadSeek, start: &[u8]) -> Result<Option<u64>, CodecError> {
    let at = id3v2_len(start).unwrap_or(0);
    let mut magic = [0; 4];
    match read_at(file, at, &mut magic) {
        Ok(()) if &magic == b"fLaC" => Ok(Some(at)),
        Ok(()) | Err(CodecError::Changed) => Ok(None),
        Err(e) => Err(e),
    }
}

impl Header {
    /// Reads all up to the first frame; `magic` is where `fLaC` stands.
    pub(super) fn read(file: &mut dyn ReadSeek, magic: u64) -> Result<Self, CodecError> {
        let mut at = magic + 4;
        let mut header: Option<Self> = None;
        for _ in 0..BLOCKS {
            let mut block = [0; 4];
            read_within(file, at, &mut block)?;
            let [kind, a, b, c] = block;
            let len = u32::from_be_bytes([0, a, b, c]);
            let body = at + 4;
            match (kind & 0x7f, &mut header) {
                (0, None) if len == 34 => header = Some(Self::stream_info(file, body)?),
                (0, _) => return Err(malformed(at, format!("a STREAMINFO of {len} bytes, or a second one; one of 34 is right"))),
                (_, None) => return Err(malformed(at, format!("metadata of type {} stands before STREAMINFO", kind & 0x7f))),
                (3, Some(header)) => {
                    if !len.is_multiple_of(18) || header.seek_points.is_some() {
                        return Err(malformed(at, format!("a seek table of {len} bytes, or a second one; points have 18")));
                    }
                    header.seek_points = Some((body, u64::from(len / 18)));
                }
                (127, _) => return Err(malformed(at, "metadata of the forbidden type 127".into())),
                _ => {}
            }
            at = body + u64::from(len);
            if kind & 0x80 != 0 {
                let mut header = header.ok_or_else(|| malformed(at, "no STREAMINFO".into()))?;
                header.audio_at = at;
                header.tagged = magic > 0;
                return Ok(header);
            }
        }
        Err(malformed(at, format!("more than {BLOCKS} metadata blocks")))
    }

    fn stream_info(file: &mut dyn ReadSeek, at: u64) -> Result<Self, CodecError> {
        let mut info = [0; 34];
        read_within(file, at, &mut info)?;
        let field = |from: usize, len: usize| info.iter().skip(from).take(len).fold(0u64, |value, &byte| (value << 8) | u64::from(byte));
        let packed = field(10, 8);
        let mut md5 = [0; 16];
        for (to, from) in md5.iter_mut().zip(info.iter().skip(18)) {
            *to = *from;
        }
        let header = Self {
            info_at: at,
            min_block: field(0, 2) as u16,
            max_block: field(2, 2) as u16,
            min_frame: field(4, 3) as u32,
            max_frame: field(7, 3) as u32,
            rate_hz: (packed >> 44) as u32,
            channels: (packed >> 41 & 7) as u8 + 1,
            bits: (packed >> 36 & 31) as u32 + 1,
            samples: packed & 0xf_ffff_ffff,
            md5,
            seek_points: None,
            audio_at: 0,
            tagged: false,
        };
        if header.rate_hz == 0 {
            return Err(unsupported("a rate of 0 Hz, which means that it holds no audio".into()));
        }
        if header.max_block < 16 || header.min_block > header.max_block {
            return Err(malformed(at, format!("blocks of {} to {} samples; 16 to 65535 are allowed", header.min_block, header.max_block)));
        }
        if !matches!(header.bits, 8 | 12 | 16 | 20 | 24) {
            return Err(unsupported(format!("samples of {} bits; 8, 12, 16, 20 and 24 are read", header.bits)));
        }
        Ok(header)
    }
}

/// As [`read_at`], while the file is parsed: an end means that it was cut.
fn read_within(file: &mut dyn ReadSeek, at: u64, into: &mut [u8]) -> Result<(), CodecError> {
    read_at(file, at, into)
        .map_err(|e| if matches!(e, CodecError::Changed) { malformed(at, "the file ends within its metadata".into()) } else { e })
}

pub(super) fn malformed(at: u64, what: String) -> CodecError {
    CodecError::Malformed { format: "FLAC", what, at }
}

pub(super) fn unsupported(what: String) -> CodecError {
    CodecError::Unsupported { format: "FLAC", what }
}
