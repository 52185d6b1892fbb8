//! The cyclic redundancy checks of the codecs, all with the most significant bit first and without a final exclusive or.
//!
//! FLAC: 8 bits, x^8+x^2+x+1, over a frame's header, and 16 bits, x^16+x^15+x^2+1, over the frame (RFC 9639, 9.1.8 and 9.3), both beginning with 0. MP3: the same 16 bits,
//! beginning with all ones (ISO/IEC 11172-3, 2.4.3.1). Ogg: 32 bits, 0x04c11db7, beginning with 0 (RFC 3533, 6).

/// What one byte does to a remainder of 32 bits, for a polynomial that stands in its upper bits.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            remainder = (remainder << 1) ^ if remainder & 0x8000_0000 == 0 { 0 } else { polynomial };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

#[cfg(feature = "flac")]
static CRC8: [u32; 256] = table(0x0700_0000);
#[cfg(any(feature = "flac", feature = "mp3"))]
static CRC16: [u32; 256] = table(0x8005_0000);
#[cfg(feature = "opus")]
static CRC32: [u32; 256] = table(0x04c1_1db7);

fn step(table: &[u32; 256], remainder: u32, byte: u8) -> u32 {
    let [top, ..] = remainder.to_be_bytes();
    (remainder << 8) ^ table.get(usize::from(top ^ byte)).copied().unwrap_or_default()
}

/// The 8 bits that end a FLAC frame's header.
#[cfg(feature = "flac")]
pub(crate) fn crc8(bytes: &[u8]) -> u8 {
    (bytes.iter().fold(0, |remainder, &byte| step(&CRC8, remainder, byte)) >> 24) as u8
}

/// The 16 bits after `bytes`, where `before` were those before them. Over bytes and their own check it is 0.
#[cfg(any(feature = "flac", feature = "mp3"))]
pub(crate) fn crc16(before: u16, bytes: &[u8]) -> u16 {
    (bytes.iter().fold(u32::from(before) << 16, |remainder, &byte| step(&CRC16, remainder, byte)) >> 16) as u16
}

/// The 32 bits after `bytes`, where `before` were those before them.
#[cfg(feature = "opus")]
pub(crate) fn crc32(before: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(before, |remainder, &byte| step(&CRC32, remainder, byte))
}

#[cfg(all(test, feature = "flac", feature = "mp3", feature = "opus"))]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // The check values over "123456789" that catalogues give: CRC-8/SMBUS, CRC-16/UMTS, CRC-16/CMS, and CRC-32/MPEG-2, which begins with all ones.
        let digits = b"123456789";
        assert_eq!(crc8(digits), 0xf4);
        assert_eq!(crc16(0, digits), 0xfee8);
        assert_eq!(crc16(0xffff, digits), 0xaee7);
        assert_eq!(crc32(0xffff_ffff, digits), 0x0376_e6e7);
    }
}
