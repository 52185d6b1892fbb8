//! Samples to frames, without prediction: a header as it was but for its channels, subframes of type VERBATIM, checks (RFC 9639, 9.2.4, 9.3).
//!
//! Verbatim frames alone, although predicted ones are shorter: their length is known without their samples, so that where every byte goes is known from the frame table alone, and tells nothing of
//! what was there.

use crate::crc::crc16;

use super::frame::independent;

/// Bytes of a frame of `block` samples.
pub(super) fn encoded_len(header_len: usize, block: u64, channels: u8, bits: u32) -> u64 {
    header_len as u64 + (u64::from(channels) * (8 + block * u64::from(bits))).div_ceil(8) + 2
}

/// The frame of these samples, in place of the one that begins with `header`.
pub(super) fn encode(header: &[u8], planes: &[Vec<i32>], bits: u32) -> Vec<u8> {
    let mut frame = independent(header, planes.len() as u8);
    // Bits that wait for a byte to be whole: 7 of them and one sample of 24 at most.
    let mut waiting = 0u64;
    let mut count = 0;
    let mut put = |frame: &mut Vec<u8>, value: u64, len: u32| {
        waiting = (waiting << len) | (value & ((1 << len) - 1));
        count += len;
        while count >= 8 {
            count -= 8;
            frame.push((waiting >> count) as u8);
        }
    };
    for plane in planes {
        // A zero bit, type 1, no wasted bits.
        put(&mut frame, 0b0000_0010, 8);
        for &sample in plane {
            put(&mut frame, i64::from(sample) as u64, bits);
        }
    }
    // Up to a whole byte with zeros; with nothing waiting, these are no bits.
    let total: u64 = planes.iter().map(|plane| 8 + plane.len() as u64 * u64::from(bits)).sum();
    put(&mut frame, 0, (total.wrapping_neg() % 8) as u32);
    let check = crc16(0, &frame);
    frame.extend_from_slice(&check.to_be_bytes());
    frame
}
