//! The first frame where it holds no audio but what an encoder says of the file: `Xing` or `Info` with LAME's extension, or `VBRI`.
//!
//! Sources: the Xing SDK's header and "MP3 Info Tag rev 1" of the LAME project; Fraunhofer's VBRI header. Samples before the first and behind the last are left out as ffmpeg and mpg123 do: LAME's
//! delay and the 529 samples that a decoder is late, and LAME's padding less those 529.

use super::header::FrameHeader;

/// Samples that a decoder of the standard's filter bank is late.
const DECODER_DELAY: u32 = 529;

/// What the tag says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    /// `Xing`, `Info` or `VBRI`.
    pub(super) name: &'static str,
    /// Frames without this one.
    pub(super) frames: Option<u32>,
    /// Samples a channel to leave out, at the start and at the end.
    pub(super) skip: u32,
    pub(super) trim: u32,
    /// Where in the frame LAME's check of all later frames stands; its check of the frame up to there follows.
    pub(super) music_check: Option<usize>,
}

impl Info {
    /// The tag in a whole frame, if it has one.
    pub(super) fn parse(frame: &[u8], header: &FrameHeader) -> Option<Self> {
        if let Some(vbri) = frame.get(36..).filter(|rest| rest.starts_with(b"VBRI")) {
            return Some(Self { name: "VBRI", frames: word(vbri, 14), ..Self::default() });
        }
        // The tag stands where main data does; some programs do not count the check that comes before.
        let at = [header.slot_at(), 4 + header.side_len()].into_iter().find(|&at| name(frame, at).is_some())?;
        let mut info = Self { name: name(frame, at)?, ..Self::default() };
        let flags = word(frame, at + 4)?;
        let mut next = at + 8;
        if flags & 1 != 0 {
            info.frames = word(frame, next);
            next += 4;
        }
        next += [(2, 4), (4, 100), (8, 4)].iter().filter(|(flag, _)| flags & flag != 0).map(|(_, len)| len).sum::<usize>();
        let Some(lame) = frame.get(next..next + 36) else { return Some(info) };
        if [b"LAME", b"Lavf", b"Lavc"].iter().any(|&name| lame.starts_with(name)) {
            let delays = word(lame, 20)? & 0xff_ffff;
            info.skip = (delays >> 12) + DECODER_DELAY;
            // Where the end is not known, neither is what to leave out before it.
            info.trim = if info.frames.is_some() { (delays & 0xfff).saturating_sub(DECODER_DELAY) } else { 0 };
            info.music_check = Some(next + 32);
        }
        Some(info)
    }
}

fn name(frame: &[u8], at: usize) -> Option<&'static str> {
    match frame.get(at..at + 4)? {
        b"Xing" => Some("Xing"),
        b"Info" => Some("Info"),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// LAME's check: 16 bits, x^16+x^15+x^2+1 with the least significant bit first, beginning with 0.
pub(super) fn music_crc(before: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(before, |crc, &byte| (0..8).fold(crc ^ u16::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 != 0 { 0xa001 } else { 0 }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_value() {
        // The catalogue's check value of CRC-16/ARC.
        assert_eq!(super::music_crc(0, b"123456789"), 0xbb3d);
    }
}
