//! An Opus packet, as far as its table of contents goes (RFC 6716, 3), and packets that hold nothing.

/// Longest packet in samples at 48 kHz: 120 ms (RFC 6716, 3.2.5, R5).
const LONGEST: u16 = 5_760;

/// Samples at 48 kHz that a packet lasts, or why it is none.
pub(super) fn duration(packet: &[u8]) -> Result<u16, &'static str> {
    let toc = *packet.first().ok_or("an empty packet")?;
    let frame: u16 = match toc >> 3 {
        config @ 0..12 => [480, 960, 1_920, 2_880].get(usize::from(config % 4)).copied().unwrap_or_default(),
        config @ 12..16 => 480 << (config % 2),
        config => 120 << (config % 4),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u16::from(*packet.get(1).ok_or("a packet without its number of frames")? & 0x3f),
    };
    match frame * frames {
        0 => Err("a packet of no frames"),
        duration @ ..=LONGEST => Ok(duration),
        _ => Err("a packet of more than 120 ms"),
    }
}

/// Whether a packet has padding that is not empty: extensions of newer encoders, which may hold the audio of up to a second before once more (deep redundancy).
pub(super) fn extended(packet: &[u8]) -> bool {
    let [toc, count, rest @ ..] = packet else { return false };
    if toc & 3 != 3 || count & 0x40 == 0 {
        return false;
    }
    let mut padding = 0;
    let mut rest = rest.iter();
    for &byte in rest.by_ref() {
        padding += if byte == 255 { 254 } else { usize::from(byte) };
        if byte < 255 {
            break;
        }
    }
    let rest = rest.as_slice();
    rest.get(rest.len().saturating_sub(padding)..).unwrap_or_default().iter().any(|&byte| byte != 0)
}

/// A packet of silence that lasts as long: frames of CELT at full bandwidth whose silence flag is set, which empties what the decoder remembers (RFC 6716, 4.3, table 56).
///
/// As long as the duration says and no function of what it stands for, and never without a frame's data: that would have the decoder go on with what was before.
pub(super) fn silence(duration: u16, channels: u8) -> Vec<u8> {
    const FRAME: [u8; 2] = [0xff, 0xfe];
    // The longest frame that fits: 20 ms has configuration 31, 2.5 ms has 28.
    let (config, frame) =
        [(31, 960), (30, 480), (29, 240)].into_iter().find(|(_, frame)| duration.is_multiple_of(*frame)).unwrap_or((28, 120));
    let count = duration / frame;
    let toc = config << 3 | if channels > 1 { 4 } else { 0 };
    let mut packet = match count {
        1 => vec![toc],
        2 => vec![toc | 1],
        count => vec![toc | 3, count as u8],
    };
    for _ in 0..count {
        packet.extend(FRAME);
    }
    packet
}

/// Bytes of [`silence`].
pub(super) fn silence_len(duration: u16) -> usize {
    silence(duration, 1).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_lasts_as_long_as_asked() {
        for quarter in 1..=48 {
            for channels in [1, 2] {
                let packet = silence(quarter * 120, channels);
                assert_eq!(duration(&packet), Ok(quarter * 120));
                assert!(packet.len() > 2 && packet.len() < 255 && !extended(&packet));
            }
        }
    }

    #[test]
    fn durations_of_the_table() {
        // RFC 6716, table 2: SILK 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20.
        let of = |config: u8| duration(&[config << 3, 0]).unwrap() / 12;
        assert_eq!((0..4).map(of).collect::<Vec<_>>(), [40, 80, 160, 240]);
        assert_eq!((12..16).map(of).collect::<Vec<_>>(), [40, 80, 40, 80]);
        assert_eq!((28..32).map(of).collect::<Vec<_>>(), [10, 20, 40, 80]);
        assert!(duration(&[]).is_err() && duration(&[3]).is_err() && duration(&[3, 0]).is_err() && duration(&[0x1b, 3]).is_err());
    }

    #[test]
    fn padding_that_is_not_empty() {
        // Two frames of one byte each, then padding of two bytes.
        assert!(!extended(&[0xfb, 0x42, 2, 1, 1, 0, 0]) && extended(&[0xfb, 0x42, 2, 1, 1, 0, 9]) && !extended(&[0xfb, 0x02, 9, 9]));
    }
}
