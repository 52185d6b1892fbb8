//! Claim: of a key that a telephone-event tells of (RFC 4733), by itself, beside its tone, or in redundant blocks (RFC 2198), nothing is left: its digit is `*` in
//! what is stored, and the audio at its time is masked on every channel.

mod wire;

use cardhush_core::Cause;
use cardhush_recorder::{EventFate, EventKind, Formats, Payload, Session};
use wire::{START_US, Sender, Sent, keyed, keyed_alone, run};

const KEYS: &str = "4539148803436467*#";

/// Event packets of `keys`, 80 ms each, as gateways send them: every 20 ms while it lasts, and the last three times. `tones`: audio packets go on beside them.
fn pressed(keys: &str, tones: bool) -> (Vec<Sent>, Vec<u32>) {
    let (samples, spans) = keyed(keys, 8_000, 5);
    let mut sender = Sender::new(0, 3);
    let begins = sender.timestamp;
    let mut sent = Vec::new();
    for (i, chunk) in samples.chunks_exact(160).enumerate() {
        let at_us = START_US + (i as u64 + 1) * 20_000;
        let middle = i * 160 + 80;
        let key = spans.iter().position(|span| span.start <= middle && middle < span.end + 480);
        if tones || key.is_none() {
            let bytes: Vec<u8> = chunk.iter().flat_map(|x| wire::encode(Payload::Pcmu, *x)).collect();
            sent.push(Sent { at_us, bytes: sender.packet(0, begins.wrapping_add(i as u32 * 160), &bytes) });
            sender.sequence = sender.sequence.wrapping_add(1);
        }
        if let Some(key) = key {
            let event = "0123456789*#ABCD".find(&keys[key..=key]).unwrap_or(16) as u8;
            let so_far = (i * 160 + 160 - spans[key].start).min(640) as u16;
            let end = if so_far == 640 { 0x80 } else { 0 };
            let [high, low] = so_far.to_be_bytes();
            sent.push(Sent {
                at_us,
                bytes: sender.packet(101, begins.wrapping_add(spans[key].start as u32), &[event, end | 10, high, low]),
            });
            sender.sequence = sender.sequence.wrapping_add(1);
        }
    }
    (sent, spans.iter().map(|span| span.start as u32).collect())
}

#[test]
fn an_event_loses_its_digit_and_nothing_else() {
    let (sent, _) = pressed(KEYS, false);
    let (ids, stored) = run(&keyed_alone(), &[(Formats::g711(), sent.clone())]);
    let out = stored.of(ids[0]);
    assert_eq!(out.len(), sent.len());
    let mut events = 0;
    for (out, sent) in out.iter().zip(&sent).filter(|(out, _)| out[1] == 101) {
        assert!(out[12] == 10 && out[..12] == sent.bytes[..12] && out[13..] == sent.bytes[13..]);
        events += 1;
    }
    assert!(events > 3 * KEYS.len());
    assert_eq!(stored.revealed(), KEYS, "the application is told of each key once");
}

#[test]
fn tones_beside_events_are_masked_and_so_is_the_other_channel() {
    let (sent, starts) = pressed(KEYS, true);
    let other = Sender::new(8, 4).send(Payload::Pcma, &vec![0.01; 8_000 * 6], START_US);
    for stage in [true, false] {
        let mut config = keyed_alone();
        if !stage {
            config.keyed = None;
        }
        let (ids, stored) = run(&config, &[(Formats::g711(), sent.clone()), (Formats::g711(), other.clone())]);
        for id in &ids {
            let masks = stored.masked(*id);
            for start in &starts {
                let key = u64::from(*start)..u64::from(*start) + 640;
                assert!(
                    masks.iter().any(|mask| mask.start <= key.start && key.end <= mask.end),
                    "channel {}: {key:?} of {masks:?}",
                    id.slot()
                );
            }
        }
        let causes = |cause| stored.count(|kind| *kind == EventKind::Redacted(cause));
        assert!(stage || (causes(Cause::Event) > 0 && causes(Cause::Keyed) == 0 && causes(Cause::Linked) > 0));
        assert_eq!(stored.count(|kind| matches!(kind, EventKind::Exposed(_))), 0);
        assert_eq!(stored.revealed(), KEYS, "each key is told once, by its event or by its tone");
    }
}

#[test]
fn events_can_be_left_out() {
    let (sent, _) = pressed("12", false);
    let mut config = keyed_alone();
    config.events = EventFate::Drop;
    let (ids, stored) = run(&config, &[(Formats::g711(), sent.clone())]);
    let events = sent.iter().filter(|one| one.bytes[1] == 101).count();
    assert_eq!((stored.dropped, stored.of(ids[0]).len()), (events, sent.len() - events));
}

/// Audio repeated one packet later, and events with two older ones each.
#[test]
fn redundant_blocks_are_masked_and_fill_in_for_lost_packets() {
    let formats = Formats::new(&[(96, Payload::Redundant), (0, Payload::Pcmu), (101, Payload::Event)]).unwrap();
    let (samples, spans) = keyed("45391488", 8_000, 6);
    let audio: Vec<Vec<u8>> =
        samples.chunks_exact(160).map(|chunk| chunk.iter().flat_map(|x| wire::encode(Payload::Pcmu, *x)).collect()).collect();
    let mut sender = Sender::new(96, 8);
    let mut sent = Vec::new();
    for (i, newest) in audio.iter().enumerate().skip(1) {
        let mut payload = vec![0x80, (160_u32 >> 6) as u8, ((160 & 63) << 2) as u8, 160, 0];
        payload.extend(&audio[i - 1]);
        payload.extend(newest);
        if i % 9 == 0 {
            // A key that was pressed 100 ms ago, beside the audio.
            let [a, b] = [(800_u32 >> 6) as u8, ((800 & 63) << 2) as u8];
            payload.splice(0..0, [0x80 | 101, a, b, 4]);
            payload.splice(9..9, [7, 0x8a, 0, 160]);
        }
        sent.push(Sent {
            at_us: START_US + (i as u64 + 1) * 20_000,
            bytes: sender.packet(96, sender.timestamp.wrapping_add(i as u32 * 160), &payload),
        });
        sender.sequence = sender.sequence.wrapping_add(1);
    }
    let lost: Vec<Sent> = sent.iter().enumerate().filter(|(i, _)| i % 5 != 2).map(|(_, one)| one.clone()).collect();
    for sent in [sent, lost] {
        let (ids, stored) = run(&keyed_alone(), &[(formats, sent.clone())]);
        assert_eq!(stored.count(|kind| *kind == EventKind::Unread), 0);
        let masks = stored.masked(ids[0]);
        for (_, position, bytes) in &stored.packets {
            let events = usize::from(bytes[12] == 0x80 | 101);
            assert!(events == 0 || bytes[21] == 10, "the digit is gone");
            let blocks = 12 + 5 + 8 * events;
            for (block, at) in [(blocks, position - 160), (blocks + 160, *position)] {
                let original = &audio[(at / 160 + 1) as usize - 1];
                let masked = |i: usize| masks.iter().any(|mask| mask.contains(&(at + i as u64)));
                let kept = bytes[block..block + 160].iter().zip(original).enumerate().filter(|(i, _)| !masked(*i));
                assert!(kept.into_iter().all(|(_, (a, b))| a == b), "at {at}");
            }
        }
        for span in &spans {
            let covered = masks.iter().any(|mask| mask.start <= span.start as u64 && span.end as u64 <= mask.end);
            assert!(covered, "{span:?} of {masks:?}");
        }
    }
}

/// Several events in one packet, and events that overtake each other: each key is told once, and masked where it was.
#[test]
fn events_of_one_packet_follow_each_other() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let (mut sender, mut stored) = (Sender::new(101, 3), wire::Stored::default());
    let events = [
        (400, vec![7, 0x8a, 0, 160, 8, 0x8a, 0, 160]),
        (1_200, vec![2, 10, 0, 160]),
        (0, vec![1, 0x8a, 0, 160]),
        (1_200, vec![2, 0x8a, 1, 0]),
    ];
    for (i, (timestamp, payload)) in events.into_iter().enumerate() {
        let packet = sender.packet(101, timestamp, &payload);
        sender.sequence = sender.sequence.wrapping_add(1);
        session.receive(channel, START_US + 300_000 + i as u64 * 20_000, &packet, 0, &mut |output| stored.take(output)).unwrap();
    }
    session.finish(&mut |output| stored.take(output));
    assert_eq!(stored.revealed(), "7821");
    let keys: Vec<_> = stored.events.iter().filter(|one| matches!(one.kind, EventKind::Keyed(_))).map(|one| one.span.start).collect();
    assert_eq!(keys[1] - keys[0], 160, "one behind the other");
}

/// A flash beside the keys of a packet: that is not a packet of keys alone.
#[test]
fn what_holds_more_than_keys_is_not_dropped() {
    let mut config = keyed_alone();
    config.events = EventFate::Drop;
    let sender = Sender::new(101, 3);
    let both = Sent { at_us: START_US + 40_000, bytes: sender.packet(101, 0, &[7, 0x8a, 0, 160, 16, 10, 0, 80]) };
    let (ids, stored) = run(&config, &[(Formats::g711(), vec![both])]);
    assert_eq!((stored.dropped, stored.of(ids[0])[0][12]), (0, 10));
}

/// A flash that goes on for seconds beside the audio does not move it.
#[test]
fn events_that_are_no_keys_move_nothing() {
    let (samples, keys) = keyed(KEYS, 8_000, 9);
    let mut sent = Vec::new();
    let mut sender = Sender::new(0, 3);
    let begins = sender.timestamp;
    for (i, chunk) in samples.chunks_exact(160).enumerate() {
        let bytes: Vec<u8> = chunk.iter().flat_map(|x| wire::encode(Payload::Pcmu, *x)).collect();
        for packet in [sender.packet(0, begins.wrapping_add(i as u32 * 160), &bytes), sender.packet(101, begins, &[16, 10, 0, 80])] {
            sent.push(Sent { at_us: START_US + (i as u64 + 1) * 20_000, bytes: packet });
        }
        sender.sequence = sender.sequence.wrapping_add(1);
    }
    for (i, one) in sent.iter_mut().enumerate() {
        one.bytes[2..4].copy_from_slice(&(i as u16).to_be_bytes());
    }
    let (ids, stored) = run(&keyed_alone(), &[(Formats::g711(), sent)]);
    let masks = stored.masked(ids[0]);
    assert!(keys.iter().all(|key| masks.iter().any(|mask| mask.start <= key.start as u64 && key.end as u64 <= mask.end)), "{masks:?}");
    assert_eq!(stored.revealed(), KEYS);
}
