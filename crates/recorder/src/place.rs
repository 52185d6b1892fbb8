//! Where a packet's samples lie: sequence numbers and timestamps unwrapped, jumps made whole.
//!
//! In: the numbers of each packet's header, how many samples it has, and where its arrival lies on the channel's timeline. Out: the position of its
//! timestamp, in samples since the session began. What comes in order is never put where the analysis has been. Sources: RFC 3550, 5.1, A.1 (`MAX_DROPOUT`, `MAX_MISORDER`); RFC 3551, 4.1.

/// Packets by which a sequence number may be ahead without being another stream's, and behind (RFC 3550, A.1: 3000 and 100).
const MAX_DROPOUT: i64 = 3_000;
const MAX_MISORDER: i64 = 100;
/// Seconds between a packet's position and its arrival from which a timestamp has jumped.
const JUMP_S: u64 = 1;
/// Lost packets over which a jump is bridged by their number.
const FEW: i64 = 50;
/// Seconds by which a packet may be late and still be known by its timestamp.
const LATE_S: i64 = 30;

/// Sources of one channel that are told apart at a time: some gateways send events as another one.
const SOURCES: usize = 4;

/// What is known of one stream of packets, the source that sent last in front.
#[derive(Clone, Debug, Default)]
pub struct Placer {
    known: [Option<Known>; SOURCES],
}

#[derive(Clone, Copy, Debug)]
struct Known {
    ssrc: u32,
    /// Highest sequence number and the timestamp of its packet, unwrapped.
    sequence: i64,
    timestamp: i64,
    /// Position of timestamp 0.
    offset: i64,
    /// The position after the last sample.
    end: u64,
    /// Samples of the last packet that had any.
    samples: u32,
    /// The number that tells of a restart, if a packet with it comes.
    restart: Option<u16>,
    /// Whether it has sent audio: then that tells where its timestamps lie.
    audio: bool,
}

/// What is asked of one packet.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Its header's numbers.
    pub ssrc: u32,
    /// See above.
    pub sequence: u16,
    /// See above.
    pub timestamp: u32,
    /// Samples of audio behind its timestamp; `None`: a packet without any, such as an event's, whose timestamp is that of the event's start.
    pub samples: Option<u32>,
    /// Samples that the event has lasted.
    pub lasted: u32,
    /// Position of the instant at which it came.
    pub now: u64,
    /// The first position that the analysis has not read.
    pub unread: u64,
    /// Samples a second.
    pub rate_hz: u32,
}

impl Placer {
    /// The position after the last sample so far.
    pub fn end(&self) -> u64 {
        self.known.iter().map(|known| known.as_ref().map_or(0, |known| known.end)).max().unwrap_or(0)
    }

    /// The position of a packet's timestamp.
    pub fn place(&mut self, packet: &Arrival) -> u64 {
        let samples = packet.samples.unwrap_or(0);
        let event = packet.samples.is_none();
        // It was sent once its last sample was there.
        let arrived = if event {
            packet.now.saturating_sub(packet.lasted.into())
        } else {
            packet.now.saturating_sub(samples.into()).max(packet.unread)
        };
        let Some(place) = self.known.iter().position(|known| known.is_some_and(|known| known.ssrc == packet.ssrc)) else {
            // Another source goes on behind the one before.
            let position = if event { arrived } else { arrived.max(self.end()) };
            self.known.rotate_right(1);
            return self.anchor(packet, position);
        };
        if let Some(until) = self.known.get_mut(..=place) {
            until.rotate_right(1);
        }
        let [Some(mut known), ..] = self.known else { return arrived };
        let ahead = i64::from(packet.sequence.wrapping_sub(known.sequence as u16) as i16);
        if !(-MAX_MISORDER..=MAX_DROPOUT).contains(&ahead) {
            // Two such packets in a row: the sender began anew. One by itself is very late.
            if known.restart == Some(packet.sequence) {
                return self.anchor(packet, if event { arrived } else { arrived.max(known.end) });
            }
            known.restart = Some(packet.sequence.wrapping_add(1));
            let (position, samples) = (arrived.max(known.end), u64::from(samples));
            let passed = i64::from(packet.timestamp.wrapping_sub(known.timestamp as u32) as i32);
            let late = (known.timestamp + passed).saturating_add(known.offset);
            let [first, ..] = &mut self.known;
            let known = first.insert(known);
            let end = known.end as i64;
            if (end - LATE_S * i64::from(packet.rate_hz)..end).contains(&late) && late >= 0 {
                return late as u64;
            }
            known.end = position + samples;
            return position;
        }
        known.restart = None;
        let timestamp = known.timestamp + i64::from(packet.timestamp.wrapping_sub(known.timestamp as u32) as i32);
        let signed = timestamp.saturating_add(known.offset);
        let position = signed.max(0) as u64;
        let jump = JUMP_S * u64::from(packet.rate_hz);
        if event {
            // An event may be long, and begins before; from another clock it begins when it comes.
            let strays = signed.abs_diff(arrived as i64) > jump;
            let position = if strays { arrived } else { position };
            if ahead > 0 {
                (known.sequence, known.timestamp) = (known.sequence + ahead, timestamp);
                if strays && !known.audio {
                    known.offset = position as i64 - timestamp;
                }
                self.set(known);
            }
            return position;
        }
        if ahead <= 0 {
            // Sent before what came last, which may have been an event: it lies there or a little behind, whatever its timestamp says.
            let latest = arrived.max(known.end);
            if position > latest + u64::from(packet.rate_hz) / 5 {
                return known.end;
            }
            known.end = known.end.max((position + u64::from(samples)).min(latest + u64::from(samples)));
            self.set(known);
            return position;
        }
        let expected = known.end + ((ahead - 1) * i64::from(known.samples)).max(0) as u64;
        let position = match () {
            // After events alone, where their timestamps lay was a guess.
            () if !known.audio => arrived.max(known.end),
            () if position >= packet.unread.max(known.end) && position <= arrived + jump => position,
            // The timestamp jumped, or has fallen behind: the number of packets tells where it goes on, if they are few.
            () if ahead <= FEW && expected >= packet.unread && expected <= arrived + jump => expected,
            () => arrived.max(known.end),
        };
        known.offset = position as i64 - timestamp;
        (known.sequence, known.timestamp) = (known.sequence + ahead, timestamp);
        (known.end, known.samples, known.audio) = (position + u64::from(samples), samples, true);
        self.set(known);
        position
    }

    /// Takes down what is known of the source that sent last.
    fn set(&mut self, known: Known) {
        let [first, ..] = &mut self.known;
        *first = Some(known);
    }

    fn anchor(&mut self, packet: &Arrival, position: u64) -> u64 {
        let samples = packet.samples.unwrap_or(0);
        let timestamp = i64::from(packet.timestamp);
        self.set(Known {
            ssrc: packet.ssrc,
            sequence: packet.sequence.into(),
            timestamp,
            offset: position as i64 - timestamp,
            end: position + u64::from(samples),
            samples,
            restart: None,
            audio: packet.samples.is_some(),
        });
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: u32 = 160;

    /// The `i`th packet of a stream that began at sequence 65,530 and close to the wrap of its timestamps.
    fn packet(i: u64) -> Arrival {
        Arrival {
            ssrc: 7,
            sequence: 65_530_u16.wrapping_add(i as u16),
            timestamp: (u32::MAX - 1_000).wrapping_add(i as u32 * N),
            samples: Some(N),
            lasted: 0,
            now: (i + 1) * u64::from(N),
            unread: 0,
            rate_hz: 8_000,
        }
    }

    /// The first fifty packets.
    fn start(placer: &mut Placer) {
        for i in 0..50 {
            assert_eq!(placer.place(&packet(i)), i * 160);
        }
    }

    #[test]
    fn positions_go_on_past_every_wrap_and_through_loss_and_disorder() {
        let mut placer = Placer::default();
        for i in (0..200_000).filter(|i| i % 7 != 3) {
            assert_eq!(placer.place(&packet(i)), i * 160);
            if i % 11 == 10 {
                assert_eq!(placer.place(&packet(i - 2)), (i - 2) * 160, "late or twice");
            }
        }
    }

    #[test]
    fn silence_that_was_not_sent_takes_its_time() {
        let mut placer = Placer::default();
        assert_eq!(placer.place(&packet(0)), 0);
        let later = Arrival { timestamp: packet(0).timestamp.wrapping_add(80_000), now: 80_160, ..packet(1) };
        assert_eq!(placer.place(&later), 80_000);
    }

    #[test]
    fn a_jump_of_the_timestamp_goes_on_where_the_packets_do() {
        for jump in [1_u32 << 31, 5_000_000, u32::MAX - 900_000] {
            let mut placer = Placer::default();
            start(&mut placer);
            let jumped = |i: u64| Arrival { timestamp: packet(i).timestamp.wrapping_add(jump), ..packet(i) };
            assert_eq!(placer.place(&jumped(52)), 52 * 160, "two packets were lost meanwhile");
            assert_eq!(placer.place(&jumped(51)), 51 * 160, "and one of them comes late");
            assert_eq!(placer.place(&jumped(53)), 53 * 160);
        }
    }

    /// On hold no packets come and no timestamps pass.
    #[test]
    fn after_a_hold_without_timestamps_it_goes_on_now() {
        let mut placer = Placer::default();
        start(&mut placer);
        let held = |i: u64| Arrival { now: packet(i).now + 240_000, unread: 240_000, ..packet(i) };
        assert_eq!(placer.place(&held(50)), 50 * 160 + 240_000);
        assert_eq!(placer.place(&held(51)), 51 * 160 + 240_000);
    }

    #[test]
    fn a_sender_that_begins_anew_goes_on_and_one_late_packet_is_late() {
        let mut placer = Placer::default();
        (0..200).for_each(|i| assert_eq!(placer.place(&packet(i)), i * 160));
        let late = Arrival { now: packet(199).now, ..packet(20) };
        assert_eq!(placer.place(&late), 20 * 160);
        assert_eq!(placer.place(&packet(200)), 200 * 160);
        let anew =
            |i: u64| Arrival { sequence: 9_000 + i as u16, timestamp: 3_000_000_000 + i as u32 * N, now: packet(200 + i).now, ..packet(0) };
        (1..20).for_each(|i| assert_eq!(placer.place(&anew(i)), (200 + i) * 160, "{i}"));
    }

    #[test]
    fn another_source_begins_behind_the_one_before() {
        let mut placer = Placer::default();
        start(&mut placer);
        let other = Arrival { ssrc: 8, sequence: 3, timestamp: 99, now: 0, ..packet(0) };
        assert_eq!(placer.place(&other), 50 * 160);
    }

    #[test]
    fn sources_that_take_turns_keep_their_places() {
        let mut placer = Placer::default();
        start(&mut placer);
        for i in 50..90 {
            let event = Arrival { ssrc: 9, sequence: i as u16, timestamp: 5, samples: None, lasted: (i as u32 - 49) * N, ..packet(i) };
            assert_eq!(placer.place(&event), 50 * 160, "it began when its first packet was about to come");
            assert_eq!(placer.place(&packet(i)), i * 160);
        }
    }

    /// By its clock alone, past half of what a timestamp can tell, and where that clock is elsewhere.
    #[test]
    fn events_without_audio_lie_where_they_come() {
        let mut placer = Placer::default();
        for i in 0..4_000_u64 {
            let now = i * 8_000 * 100;
            let event = Arrival {
                sequence: i as u16,
                timestamp: (i * 800_000) as u32,
                samples: None,
                lasted: N,
                now: now + u64::from(N),
                ..packet(0)
            };
            assert_eq!(placer.place(&event), now, "after {i} times 100 s");
        }
        start(&mut placer);
        for behind in [80_000, 8_100, u32::MAX / 2] {
            let event = Arrival { timestamp: packet(50).timestamp.wrapping_sub(behind), samples: None, lasted: N, ..packet(50) };
            assert_eq!(placer.place(&event), packet(50).now - 160, "{behind} behind");
        }
    }

    #[test]
    fn audio_that_an_event_overtook_keeps_its_place() {
        let mut placer = Placer::default();
        start(&mut placer);
        let event = Arrival { timestamp: packet(52).timestamp, samples: None, lasted: N, ..packet(53) };
        assert_eq!(placer.place(&event), 52 * 160);
        for i in [51, 50, 52, 54, 55] {
            assert_eq!(placer.place(&packet(i)), i * 160, "{i}");
        }
    }

    #[test]
    fn an_old_number_with_a_time_to_come_is_old() {
        let mut placer = Placer::default();
        start(&mut placer);
        let bad = Arrival { sequence: packet(49).sequence, timestamp: packet(49).timestamp.wrapping_add(1 << 24), ..packet(50) };
        assert_eq!(placer.place(&bad), 50 * 160);
        assert_eq!(placer.place(&packet(50)), 50 * 160);
    }

    #[test]
    fn an_event_lies_where_it_began_however_often_it_is_told() {
        let mut placer = Placer::default();
        start(&mut placer);
        for i in 50..60 {
            let event = Arrival { timestamp: packet(50).timestamp, samples: None, ..packet(i) };
            assert_eq!(placer.place(&event), 50 * 160);
        }
        assert_eq!(placer.place(&packet(60)), 60 * 160);
    }
}
