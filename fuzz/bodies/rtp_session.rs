//! Any packets in any order through a session: never a panic; what is taken comes out once, in the order in which it came on its channel, of the
//! same length, and changed only where the session says so.

use cardhush_recorder::{ChannelId, EventFate, EventKind, Formats, Output, Payload, Session, SessionConfig};
use std::collections::VecDeque;

const START_US: u64 = 1_700_000_000_000_000;

/// A packet that was taken and has not come out.
struct Taken {
    channel: ChannelId,
    token: u64,
    bytes: Vec<u8>,
}

/// What was taken, and what the session told.
#[derive(Default)]
struct Known {
    taken: VecDeque<Taken>,
    out: Vec<(Taken, Vec<u8>, u64)>,
    masks: Vec<(ChannelId, u64, u64)>,
}

impl Known {
    fn hear(&mut self, output: Output<'_>) {
        match output {
            Output::Packet(one) => {
                let place = self.taken.iter().position(|taken| taken.channel == one.channel).expect("a packet that was taken");
                let taken = self.taken.remove(place).expect("it is there");
                assert_eq!((taken.token, taken.bytes.len()), (one.token, one.bytes.len()), "out of order, or of another length");
                self.out.push((taken, one.bytes.to_vec(), one.position));
            }
            Output::Event(event) => match event.kind {
                EventKind::Redacted(_) | EventKind::Unread => self.masks.push((event.channel, event.span.start, event.span.end)),
                EventKind::Withheld => self.taken.retain(|taken| taken.channel != event.channel),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Runs the steps that the bytes spell.
///
/// # Panics
/// Where a packet is lost, comes twice or out of order, or is changed where nothing was told.
pub fn rtp_session(bytes: &[u8]) {
    let mut rest = bytes.iter().copied();
    let mut next = || rest.next();
    let mut config = SessionConfig::default();
    let flags = next().unwrap_or(0);
    config.spoken = None;
    config.channels = 2;
    config.wait_ms = u32::from(flags >> 4) * 100;
    config.look_ahead_ms = [None, Some(0), Some(40), Some(700)][usize::from(flags & 3)];
    config.events = if flags & 4 == 0 { EventFate::Rewrite } else { EventFate::Drop };
    let formats = [
        (0, Payload::Pcmu),
        (8, Payload::Pcma),
        (96, Payload::L16 { rate_hz: 8_000 }),
        (97, Payload::Redundant),
        (101, Payload::Event),
        (13, Payload::ComfortNoise),
    ];
    let Ok(formats) = Formats::new(&formats) else { return };
    let Ok(mut session) = Session::new(&config, START_US) else { return };
    let (mut known, mut now_us, mut token) = (Known::default(), START_US, 0);
    let mut ids: Vec<ChannelId> = (0..2).filter_map(|_| session.add(&formats).ok()).collect();
    let mut numbers = [(0_u16, 0_u32); 2];
    while let Some(step) = next() {
        let which = usize::from(step & 1);
        match step >> 1 & 7 {
            0..=4 => {
                let (payload_type, fill, len) =
                    ([0, 8, 96, 97, 101, 13, 0, 5][usize::from(step >> 4 & 7)], next().unwrap_or(0), next().unwrap_or(0));
                let (ahead, jump) = (next().unwrap_or(1) as i8, next().unwrap_or(20) as i8);
                let (sequence, timestamp) = &mut numbers[which];
                *sequence = sequence.wrapping_add(if step & 0x80 == 0 { 1 } else { ahead as u16 });
                *timestamp = timestamp.wrapping_add(if step & 0x80 == 0 { 160 } else { (i32::from(jump) * 4_000) as u32 });
                let mut packet = vec![0x80, payload_type];
                packet.extend(sequence.to_be_bytes());
                packet.extend(timestamp.to_be_bytes());
                packet.extend([0, 0, 0, fill & 1]);
                let given: Vec<u8> = (0..len % 24).map_while(|_| next()).collect();
                packet.extend(&given);
                if payload_type == 0 || payload_type == 8 {
                    packet.resize(12 + 160, fill);
                }
                if session.receive(ids[which], now_us, &packet, token, &mut |output| known.hear(output)).is_ok() {
                    known.taken.push_back(Taken { channel: ids[which], token, bytes: packet });
                }
                token += 1;
                now_us += 20_000;
            }
            5 => now_us += u64::from(next().unwrap_or(1)) * 20_000,
            6 => match next().unwrap_or(0) % 5 {
                0 => session.arm(now_us),
                1 => session.disarm(now_us),
                2 => session.mask(Some(ids[which]), now_us.saturating_sub(100_000), now_us + 200_000, &mut |output| known.hear(output)),
                3 => session.mask(None, START_US, START_US + 50_000, &mut |output| known.hear(output)),
                _ => now_us = now_us.saturating_sub(3_000_000),
            },
            _ => {
                session.remove(ids[which]);
                if let Ok(id) = session.add(&formats) {
                    ids[which] = id;
                }
            }
        }
        session.advance(now_us, &mut |output| known.hear(output));
    }
    session.finish(&mut |output| known.hear(output));
    assert!(known.taken.is_empty(), "{} packets did not come out", known.taken.len());
    for (taken, out, position) in &known.out {
        assert_eq!(taken.bytes[..12], out[..12], "a header was changed");
        // One coding of a byte a sample: the sample of each byte is known.
        if matches!(taken.bytes[1], 0 | 8) {
            for (i, (a, b)) in taken.bytes[12..].iter().zip(&out[12..]).enumerate() {
                let at = position + i as u64;
                let told = known.masks.iter().any(|(channel, start, end)| *channel == taken.channel && *start <= at && at < *end);
                assert!(a == b || told, "a sample was changed where nothing was told");
            }
        }
    }
}
