//! ITU-T G.711 companding: A-law and mu-law codes to 16-bit linear samples and back.
//!
//! Used by [`coding`](crate::coding) alone. A code is the byte on the line: for A-law the even bits are inverted (G.711 table 1a, note 2), for
//! mu-law all bits (table 2a, note 2). Linear values are those of the standard, moved up to 16 bits: A-law's 13-bit values times 8, mu-law's
//! 14-bit values times 4, so that both laws fill +-32,256 and +-32,124 of +-32,768; a full-scale sine is +3.14 dBm0 (A-law) and +3.17 dBm0
//! (mu-law). Encoding follows the decision values of the standard (tables 1 and 2, column 3), which lie half-way between neighbouring
//! outputs of a segment.
//!
//! Mu-law has two zeros, 0xFF and 0x7F. Both decode to 0; 0 encodes to 0xFF, so 0x7F is the one code that decoding and encoding changes.

/// Linear values of the 256 mu-law codes.
const ULAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_ulaw(code as u8);
        code += 1;
    }
    table
};

/// Linear values of the 256 A-law codes.
const ALAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_alaw(code as u8);
        code += 1;
    }
    table
};

/// Mu-law's bias of 33 (G.711 table 2) at 16 bits.
const ULAW_BIAS: i32 = 33 << 2;
/// Largest magnitude that mu-law tells apart: the virtual decision value 8,159 at 16 bits, less one.
const ULAW_CLIP: i32 = (8_159 << 2) - 1;

/// Linear value of a mu-law code, -32,124..=32,124.
#[inline]
#[must_use]
pub fn ulaw_to_linear(code: u8) -> i16 {
    ULAW[usize::from(code)]
}

/// Linear value of an A-law code, -32,256..=32,256.
#[inline]
#[must_use]
pub fn alaw_to_linear(code: u8) -> i16 {
    ALAW[usize::from(code)]
}

/// Mu-law code of a linear value; beyond the last decision value the outermost code.
#[must_use]
pub fn linear_to_ulaw(linear: i16) -> u8 {
    let linear = i32::from(linear);
    let biased = (linear.abs().min(ULAW_CLIP) + ULAW_BIAS) as u32;
    // The bias puts the first segment's start at 2^7 and each further segment's at the next power of two.
    let segment = 24_u32.saturating_sub(biased.leading_zeros());
    let step = (biased >> (segment + 3)) & 15;
    let sign = if linear < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | step as u8)
}

/// A-law code of a linear value.
#[must_use]
pub fn linear_to_alaw(linear: i16) -> u8 {
    // One's complement makes the negative half a mirror of the positive one: A-law has no zero.
    let (sign, magnitude) = if linear < 0 { (0, !linear as u32) } else { (0x80, linear as u32) };
    // Segments 0 and 1 share a step of 16; each further segment starts at a power of two from 2^9 on.
    let segment = 24_u32.saturating_sub(magnitude.leading_zeros());
    let step = (magnitude >> (segment.max(1) + 3)) & 15;
    (sign | (segment << 4) as u8 | step as u8) ^ 0x55
}

const fn expand_ulaw(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = ((code >> 4) & 7, (code & 15) as i32);
    let magnitude = ((((step << 1) | 33) << segment) - 33) << 2;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn expand_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4) & 7, (code & 15) as i32);
    // Half a step above the decision value; the first segment has no leading one and the step of the second.
    let magnitude = match segment {
        0 => (step << 1) | 1,
        _ => ((step << 1) | 33) << (segment - 1),
    } << 3;
    (if code & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Positive half of a law from the standard's segment tables, written out: (decision value, output) of each code in ascending order, in the
    /// standard's own units.
    fn table(segments: &[(i32, i32, i32)], first_output: impl Fn(i32, i32) -> i32) -> Vec<(i32, i32)> {
        let mut rows = Vec::new();
        for &(start, step, count) in segments {
            for i in 0..count {
                let decision = start + i * step;
                rows.push((decision, first_output(decision, step)));
            }
        }
        rows
    }

    /// G.711 table 1a: segment start, interval size, intervals; 13-bit units with the interval of 2.
    fn alaw_table() -> Vec<(i32, i32)> {
        let segments = [(0, 2, 32), (64, 4, 16), (128, 8, 16), (256, 16, 16), (512, 32, 16), (1024, 64, 16), (2048, 128, 16)];
        table(&segments, |decision, step| decision + step / 2)
    }

    /// G.711 table 2a; 14-bit units. The first interval is half as wide: its output is 0.
    fn ulaw_table() -> Vec<(i32, i32)> {
        let segments = [
            (0, 1, 1),
            (1, 2, 15),
            (31, 4, 16),
            (95, 8, 16),
            (223, 16, 16),
            (479, 32, 16),
            (991, 64, 16),
            (2015, 128, 16),
            (4063, 256, 16),
        ];
        table(&segments, |decision, step| if decision == 0 { 0 } else { decision + step / 2 })
    }

    /// Index of the interval that holds `value`, by search.
    fn interval(rows: &[(i32, i32)], value: i32, scale: i32) -> usize {
        rows.iter().rposition(|row| row.0 * scale <= value).unwrap()
    }

    #[test]
    fn ulaw_matches_the_standards_table_for_every_code_and_input() {
        let rows = ulaw_table();
        assert_eq!(rows.len(), 128);
        for (i, row) in rows.iter().enumerate() {
            let code = 0xFF - i as u8;
            assert_eq!(i32::from(ulaw_to_linear(code)), row.1 * 4, "code {code:#04x}");
            assert_eq!(i32::from(ulaw_to_linear(code & 0x7F)), -row.1 * 4, "code {:#04x}", code & 0x7F);
        }
        for linear in i16::MIN..=i16::MAX {
            let code = 0xFF - interval(&rows, i32::from(linear).abs(), 4) as u8;
            let code = if linear < 0 { code & 0x7F } else { code };
            assert_eq!(linear_to_ulaw(linear), code, "input {linear}");
        }
    }

    #[test]
    fn alaw_matches_the_standards_table_for_every_code_and_input() {
        let rows = alaw_table();
        assert_eq!(rows.len(), 128);
        for (i, row) in rows.iter().enumerate() {
            let code = (0x80 | i as u8) ^ 0x55;
            assert_eq!(i32::from(alaw_to_linear(code)), row.1 * 8, "code {code:#04x}");
            assert_eq!(i32::from(alaw_to_linear(code ^ 0x80)), -row.1 * 8, "code {:#04x}", code ^ 0x80);
        }
        for linear in i16::MIN..=i16::MAX {
            let value = i32::from(linear);
            // A value on a negative decision value belongs to the interval nearer to zero.
            let magnitude = if value < 0 { -value - 1 } else { value };
            let code = (0x80 | interval(&rows, magnitude, 8) as u8) ^ 0x55;
            let code = if value < 0 { code ^ 0x80 } else { code };
            assert_eq!(linear_to_alaw(linear), code, "input {linear}");
        }
    }

    #[test]
    fn every_code_survives_decoding_and_encoding_but_mu_laws_second_zero() {
        for code in 0..=255 {
            assert_eq!(linear_to_alaw(alaw_to_linear(code)), code);
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(linear_to_ulaw(ulaw_to_linear(code)), expected);
        }
    }

    #[test]
    fn ends_of_the_range_are_those_of_the_standard() {
        assert_eq!((ulaw_to_linear(0x80), ulaw_to_linear(0x00)), (8_031 * 4, -8_031 * 4));
        assert_eq!((alaw_to_linear(0xAA), alaw_to_linear(0x2A)), (4_032 * 8, -4_032 * 8));
        assert_eq!((linear_to_ulaw(0), linear_to_alaw(0)), (0xFF, 0xD5));
    }
}
