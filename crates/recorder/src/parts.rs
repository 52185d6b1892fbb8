//! What a payload holds: audio, events, or several blocks of either.
//!
//! In: a payload and its channel's formats. Out: its parts, each with the bytes that it takes and how much earlier it is than the packet's
//! timestamp. Sources: RFC 3551 (G.711, L16), RFC 4733, 2.3 (telephone-event), RFC 2198, 3 (redundant data).

use crate::config::{Formats, Payload};
use crate::error::PacketError;
use cardhush_core::Digit;
use std::ops::Range;

/// Parts of a packet at most: RFC 2198 senders repeat up to four older blocks.
pub const MAX_PARTS: usize = 8;
/// Bytes of comfort noise at most.
const LONGEST_NOISE: usize = 32;
/// Bytes of a telephone-event.
const EVENT: usize = 4;
/// Events of keys: 0 to 9, `*`, `#`, A to D (RFC 4733, 3.2).
const KEYS: u8 = 16;

/// One part of a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its bytes within the packet.
    pub bytes: Range<usize>,
    /// Samples by which it begins before the packet's timestamp.
    pub earlier: u32,
    /// What it is.
    pub kind: Kind,
}

/// What a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Neither audio nor a key: comfort noise, events of other things.
    #[default]
    Other,
    /// Audio: so many samples.
    Audio {
        /// Its coding: PCMU, PCMA or L16.
        payload: Payload,
        /// How many.
        samples: u32,
    },
    /// A key that is, or was, pressed; prints no digit.
    Key {
        /// Which; prints as `*`.
        digit: Digit,
        /// Samples from the packet's timestamp to its start: several events of one packet follow each other.
        after: u32,
        /// How long so far, in samples.
        duration: u32,
        /// Whether it is over.
        ended: bool,
    },
}

/// The parts of a payload of type `payload_type` at `payload` within `packet`, at most [`MAX_PARTS`]; gives how many.
///
/// # Errors
/// [`PacketError::Unknown`]: a type, also of a block, that the channel does not have. [`PacketError::Payload`]: half a sample, half an event, blocks longer than the payload
/// or too many of them.
pub fn parts(
    packet: &[u8],
    payload: Range<usize>,
    payload_type: u8,
    formats: &Formats,
    out: &mut [Part; MAX_PARTS],
) -> Result<usize, PacketError> {
    let bad = |why| PacketError::Payload { payload_type, why, len: payload.len() };
    let mut count = 0;
    let mut put = |part: Part| {
        let place = out.get_mut(count).ok_or(bad("more blocks and events than a packet may hold"))?;
        *place = part;
        count += 1;
        Ok(())
    };
    let format = formats.of(payload_type).ok_or(PacketError::Unknown { payload_type })?;
    if format != Payload::Redundant {
        one(packet, payload.clone(), 0, format, &bad, &mut put)?;
        return Ok(count);
    }
    // The headers of the older blocks, four bytes each, then that of the newest, one byte.
    let mut headers = payload.start;
    let blocks = loop {
        match packet.get(headers..payload.end) {
            Some([first, ..]) if first & 0x80 == 0 => break headers + 1,
            Some([_, _, _, _, _, ..]) => headers += 4,
            _ => return Err(bad("its block headers reach beyond it")),
        }
    };
    let (mut header, mut at) = (payload.start, blocks);
    while let Some([first, a, b, c]) = packet.get(header..header + 4).and_then(|four| four.first_chunk::<4>()).filter(|_| header < headers)
    {
        let (offset, len) = (u32::from(*a) << 6 | u32::from(*b) >> 2, usize::from(*b & 3) << 8 | usize::from(*c));
        let end = at + len;
        if end > payload.end {
            return Err(bad("its blocks reach beyond it"));
        }
        let payload_type = first & 0x7f;
        let format =
            formats.of(payload_type).filter(|format| *format != Payload::Redundant).ok_or(PacketError::Unknown { payload_type })?;
        one(packet, at..end, offset, format, &bad, &mut put)?;
        (header, at) = (header + 4, end);
    }
    let payload_type = packet.get(headers).map_or(0, |first| first & 0x7f);
    let format = formats.of(payload_type).filter(|format| *format != Payload::Redundant).ok_or(PacketError::Unknown { payload_type })?;
    one(packet, at..payload.end, 0, format, &bad, &mut put)?;
    Ok(count)
}

/// The parts of one block.
fn one(
    packet: &[u8],
    bytes: Range<usize>,
    earlier: u32,
    format: Payload,
    bad: &impl Fn(&'static str) -> PacketError,
    put: &mut impl FnMut(Part) -> Result<(), PacketError>,
) -> Result<(), PacketError> {
    match format {
        Payload::Event => {
            if !bytes.len().is_multiple_of(EVENT) {
                return Err(bad("not of whole events of 4 bytes"));
            }
            // The oldest first (RFC 4733, 2.5.1.5).
            let mut after = 0;
            for start in bytes.step_by(EVENT) {
                let Some([event, flags, d0, d1]) = packet.get(start..start + EVENT).and_then(|four| four.first_chunk::<4>()) else { break };
                let duration = u32::from(u16::from_be_bytes([*d0, *d1]));
                let kind = match digit_of(*event) {
                    Some(digit) => Kind::Key { digit, after, duration, ended: flags & 0x80 != 0 },
                    None => Kind::Other,
                };
                after += duration;
                put(Part { bytes: start..start + EVENT, earlier, kind })?;
            }
            Ok(())
        }
        // A level and a few coefficients (RFC 3389, 3): what is longer may be audio under a wrong name.
        Payload::ComfortNoise if bytes.len() > LONGEST_NOISE => Err(bad("longer than comfort noise is")),
        Payload::ComfortNoise | Payload::Redundant => put(Part { bytes, earlier, kind: Kind::Other }),
        audio => {
            let size = audio.sample_bytes().unwrap_or(1);
            if !bytes.len().is_multiple_of(size) {
                return Err(bad("not of whole samples"));
            }
            let samples = (bytes.len() / size) as u32;
            put(Part { bytes, earlier, kind: Kind::Audio { payload: audio, samples } })
        }
    }
}

/// The key of an event, if it is one's.
fn digit_of(event: u8) -> Option<Digit> {
    // Row and column on the keypad, by event.
    const PLACES: [(u8, u8); KEYS as usize] =
        [(3, 1), (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (3, 0), (3, 2), (0, 3), (1, 3), (2, 3), (3, 3)];
    PLACES.get(usize::from(event)).map(|(row, column)| Digit::from_row_column(*row, *column))
}

/// The event that every key is rewritten to: `*`.
pub const STAR: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload_type: u8, payload: &[u8]) -> Result<Vec<Part>, PacketError> {
        let formats = [(0, Payload::Pcmu), (13, Payload::ComfortNoise), (96, Payload::Redundant), (101, Payload::Event)];
        let mut out: [Part; MAX_PARTS] = Default::default();
        let count = parts(payload, 0..payload.len(), payload_type, &Formats::new(&formats).unwrap(), &mut out)?;
        Ok(out.into_iter().take(count).collect())
    }

    fn audio(bytes: Range<usize>, earlier: u32) -> Part {
        let samples = bytes.len() as u32;
        Part { bytes, earlier, kind: Kind::Audio { payload: Payload::Pcmu, samples } }
    }

    #[test]
    fn every_key_is_told() {
        let keys: String = (0..16).filter_map(|event| digit_of(event).map(Digit::reveal)).collect();
        assert_eq!((keys.as_str(), digit_of(16)), ("0123456789*#ABCD", None));
        assert_eq!(digit_of(STAR).map(Digit::reveal), Some('*'));
    }

    #[test]
    fn a_payload_is_one_part_and_events_are_one_each() {
        assert_eq!(read(0, &[1, 2, 3]).unwrap(), [audio(0..3, 0)]);
        assert_eq!(read(13, &[70]).unwrap(), [Part { bytes: 0..1, earlier: 0, kind: Kind::Other }]);
        let events = read(101, &[5, 0x8a, 3, 0x20, 16, 10, 0, 80]).unwrap();
        assert_eq!(events.len(), 2);
        assert!(matches!(events[0].kind, Kind::Key { digit, after: 0, duration: 800, ended: true } if digit.reveal() == '5'));
        assert!(events[1].kind == Kind::Other && events[1].bytes == (4..8), "a flash is no key");
        assert!(!format!("{events:?}").contains('5'), "no digit is printed");
    }

    #[test]
    fn redundant_blocks_are_parts_of_their_own_times() {
        // Two older blocks, 320 and 160 samples earlier, of 2 and 3 bytes; then the newest.
        let payload = [0x80, 5, 0, 2, 0x80 | 101, 2, 32 << 2, 4, 0, 1, 2, 7, 0, 0, 80, 9, 9, 9];
        let parts = read(96, &payload).unwrap();
        assert_eq!((parts[0].clone(), parts[2].clone()), (audio(9..11, 320), audio(15..18, 0)));
        assert!(parts[1].earlier == 160 && matches!(parts[1].kind, Kind::Key { duration: 80, .. }));
        assert_eq!(read(96, &[0, 5]).unwrap(), [audio(1..2, 0)], "the newest alone");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for payload in [&[0x80][..], &[0x80, 0, 0, 9, 0, 1], &[0x80, 0, 0, 0], &[]] {
            assert!(matches!(read(96, payload), Err(PacketError::Payload { payload_type: 96, .. })), "{payload:?}");
        }
        assert_eq!(read(96, &[0x80 | 55, 0, 0, 0, 0]), Err(PacketError::Unknown { payload_type: 55 }));
        assert_eq!(read(96, &[96, 0]), Err(PacketError::Unknown { payload_type: 96 }), "no blocks within blocks");
        assert_eq!(read(55, &[0]), Err(PacketError::Unknown { payload_type: 55 }));
        assert!(matches!(read(101, &[1, 2, 3]), Err(PacketError::Payload { .. })));
        assert!(matches!(read(13, &[0; 33]), Err(PacketError::Payload { payload_type: 13, .. })), "no comfort noise");
        assert!(matches!(read(101, &[0; 36]), Err(PacketError::Payload { .. })), "nine events");
    }
}
