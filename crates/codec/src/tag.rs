//! Tags that programs put before and behind audio: ID3v2 (id3v2.4.0-structure, 3), ID3v1, and APE (APEv1, APEv2). They hold no audio and are kept as they are.

use crate::source::read_at;
use crate::{CodecError, ReadSeek};

/// Bytes of an ID3v1 tag.
const ID3V1: u64 = 128;
/// Bytes of the header and of the footer of an APE tag.
const APE: u64 = 32;

/// Length of the ID3v2 tag that `start` begins with: a header of 10 bytes, a size of four times 7 bits, and a footer of 10 more where a flag says so.
pub(crate) fn id3v2_len(start: &[u8]) -> Option<u64> {
    match start {
        [b'I', b'D', b'3', 0..=0xfe, _, flags, a @ ..0x80, b @ ..0x80, c @ ..0x80, d @ ..0x80, ..] => {
            let size = [a, b, c, d].iter().fold(0, |size, &&seven| (size << 7) | u64::from(seven));
            Some(10 + size + if flags & 0x10 == 0 { 0 } else { 10 })
        }
        _ => None,
    }
}

/// Whether a tag begins so that may stand behind audio.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"TAG") || bytes.starts_with(b"APETAGEX") || id3v2_len(bytes).is_some()
}

/// Whether there is nothing but whole tags from byte `at` to the end.
pub(crate) fn only_tags(file: &mut dyn ReadSeek, mut at: u64, file_len: u64) -> Result<bool, CodecError> {
    while at < file_len {
        let mut start = [0; APE as usize];
        let len = usize::try_from(file_len - at).unwrap_or(start.len()).min(start.len());
        let start = start.get_mut(..len).unwrap_or_default();
        read_at(file, at, start)?;
        at += match start {
            [b'T', b'A', b'G', ..] => ID3V1,
            // Its size counts items and footer; bit 29 of the flags says that this is the header, which it does not count.
            [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', _, _, _, _, a, b, c, d, _, _, _, _, _, _, _, flags, ..]
                if *flags & 0x20 != 0 =>
            {
                APE + u64::from(u32::from_le_bytes([*a, *b, *c, *d]))
            }
            other => match id3v2_len(other) {
                Some(len) => len,
                None => return Ok(false),
            },
        };
    }
    Ok(at == file_len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn whole_tags_alone() {
        let id3v1 = [b"TAG".as_slice(), &[0; 125]].concat();
        let ape = [b"APETAGEX\xd0\x07\0\0\x30\0\0\0\0\0\0\0\0\0\0\xa0".as_slice(), &[0; 8 + 0x30]].concat();
        let id3v2 = [b"ID3\x04\0\x10\0\0\x01\x02".as_slice(), &[0; 0x82 + 10]].concat();
        let only = |bytes: &[u8]| only_tags(&mut Cursor::new(bytes), 0, bytes.len() as u64).unwrap();
        let all = [ape, id3v2, id3v1].concat();
        assert!(only(&all) && only(b""));
        assert!(!only(&all[..all.len() - 1]) && !only(&[&all[..], b"x"].concat()) && !only(b"noise"));
    }
}
