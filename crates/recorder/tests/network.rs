//! Claim: loss, disorder, copies and jumps of the timestamp move no sample and no mask by more than a packet; what came too late to be read is replaced
//! whole and told; a day long, past every wrap, without taking memory.

mod wire;

use cardhush_recorder::{EventKind, Formats, Output, Payload, Session, SessionConfig};
use cardhush_testkit::alloc::{Counting, allocations};
use cardhush_testkit::rng::Rng;
use std::collections::HashMap;
use std::ops::Range;
use wire::{START_US, Sender, Sent, Stored, keyed, keyed_alone, run};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Position of a session's begin.
const ORIGIN: u64 = wire::origin(8_000);
const NUMBER: &str = "4539148803436467";

fn call(seed: u64) -> (Vec<Sent>, Vec<Range<usize>>) {
    let (samples, keys) = keyed(NUMBER, 8_000, seed);
    (Sender::new(0, 5).send(Payload::Pcmu, &samples, START_US), keys)
}

fn through(sent: Vec<Sent>) -> (Vec<Range<u64>>, Stored) {
    let (ids, stored) = run(&keyed_alone(), &[(Formats::g711(), sent)]);
    (stored.masked(ids[0]), stored)
}

/// Whether what was stored is what was sent but for the masks, and nothing of those is.
fn only_masks_differ(stored: &Stored, sent: &[Sent], masks: &[Range<u64>]) -> bool {
    let sent: HashMap<&[u8], &[u8]> = sent.iter().map(|one| one.bytes.split_at(12)).collect();
    let (mut masked, mut same, mut kept) = (0, 0, true);
    for (_, position, bytes) in &stored.packets {
        let (header, payload) = bytes.split_at(12);
        for (at, (a, b)) in (*position..).zip(payload.iter().zip(sent[header])) {
            let inside = masks.iter().any(|mask| mask.contains(&at));
            masked += usize::from(inside);
            same += usize::from(inside && a == b);
            kept &= inside || a == b;
        }
    }
    // The fill is noise, as the background is: some of it is the same by chance.
    kept && masked > 0 && same * 5 < masked
}

#[test]
fn disorder_copies_and_jumps_change_nothing() {
    let (sent, _) = call(1);
    let (masks, whole) = through(sent.clone());
    assert_eq!(masks.len(), 16);
    let mut rng = Rng::new(9);
    // Up to 200 ms of jitter puts packets out of order.
    let shaken: Vec<Sent> = sent.iter().map(|one| Sent { at_us: one.at_us + rng.below(200_000) as u64, ..one.clone() }).collect();
    let (shaken_masks, stored) = through(shaken);
    // The whole is later by the delay of the first packet.
    let late = shaken_masks[0].start - masks[0].start;
    assert!(late <= 1_600);
    let moved: Vec<Range<u64>> = shaken_masks.iter().map(|mask| mask.start - late..mask.end - late).collect();
    assert_eq!(moved, masks);
    assert!(only_masks_differ(&stored, &sent, &shaken_masks));

    let mut twice = sent.clone();
    let copies = sent.iter().enumerate().filter(|(i, _)| i % 3 == 0);
    twice.extend(copies.map(|(i, one)| Sent { at_us: one.at_us + (i as u64 % 50) * 10_000, ..one.clone() }));
    let (copied_masks, stored) = through(twice.clone());
    assert_eq!((copied_masks, stored.packets.len()), (masks.clone(), twice.len()));
    assert!(only_masks_differ(&stored, &sent, &masks) && only_masks_differ(&whole, &sent, &masks));
    let by_name = |stored: &Stored| stored.packets.iter().map(|one| (one.2[..12].to_vec(), one.2.clone())).collect::<HashMap<_, _>>();
    assert!(by_name(&stored) == by_name(&whole), "a copy is masked as the packet is");
    assert_eq!(stored.count(|kind| *kind == EventKind::Unread), 0);

    let mut jumped = sent;
    for one in jumped.iter_mut().skip(150) {
        let timestamp = u32::from_be_bytes(one.bytes[4..8].try_into().unwrap()).wrapping_sub(123_456_789);
        one.bytes[4..8].copy_from_slice(&timestamp.to_be_bytes());
    }
    let (jumped_masks, _) = through(jumped);
    assert_eq!(jumped_masks, masks);
}

#[test]
fn what_is_lost_shifts_nothing_and_what_is_left_is_masked() {
    let (sent, keys) = call(2);
    let (masks, _) = through(sent.clone());
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let left: Vec<Sent> = sent.iter().filter(|_| rng.unit() >= 0.05).cloned().collect();
        let (left_masks, stored) = through(left);
        let at: Vec<u64> = stored.packets.iter().map(|one| one.1).collect();
        assert!(at.iter().all(|at| at % 160 == 0), "no sample is shifted");
        for key in &keys {
            let came = |i: &u64| at.contains(&(i / 160 * 160));
            let kept = (key.start as u64..key.end as u64).filter(came).filter(|i| !left_masks.iter().any(|mask| mask.contains(i)));
            assert!(kept.count() == 0, "seed {seed}: samples of the key at {key:?} came and stay");
        }
        // What is left of a span begins and ends within a packet of it, and of those that are lost there.
        for mask in &left_masks {
            let whole = masks.iter().find(|one| one.start < mask.end && mask.start < one.end).expect("it was masked before");
            let lost = (whole.start / 160..=whole.end / 160).filter(|i| !at.contains(&(i * 160))).count() as u64;
            // Where a packet is lost in the middle, two are left.
            let moved = (mask.start.abs_diff(whole.start), mask.end.abs_diff(whole.end));
            assert!(moved.0.min(moved.1) <= 160 * lost.max(1), "seed {seed}: {mask:?} of {whole:?}, {lost} packets lost there");
        }
    }
}

#[test]
fn what_comes_too_late_is_replaced_whole_and_told() {
    let (mut sent, _) = call(3);
    let late = 60;
    sent[late].at_us += 2_500_000;
    let (_, stored) = through(sent.clone());
    let told: Vec<_> = stored.events.iter().filter(|one| one.kind == EventKind::Unread).map(|one| (one.span.start, one.span.end)).collect();
    assert_eq!(told, [(late as u64 * 160, (late as u64 + 1) * 160)]);
    let out = stored.packets.iter().find(|one| one.1 == late as u64 * 160).unwrap();
    let same = out.2[12..].iter().zip(&sent[late].bytes[12..]).filter(|(a, b)| a == b).count();
    assert!(same < 40, "{same} bytes of 160 are as they were");
}

/// Packets of 5 ms, and copies of a quarter of them that come 400 ms later.
#[test]
fn much_is_sent_and_nothing_is_flooded_or_forgotten() {
    let (samples, _) = keyed(NUMBER, 8_000, 8);
    let mut sender = Sender::new(0, 5);
    let mut sent = Vec::new();
    for (i, chunk) in samples.chunks_exact(40).enumerate() {
        let bytes: Vec<u8> = chunk.iter().flat_map(|x| wire::encode(Payload::Pcmu, *x)).collect();
        sent.push(Sent { at_us: START_US + (i as u64 + 1) * 5_000, bytes: sender.packet(0, sender.timestamp, &bytes) });
        (sender.sequence, sender.timestamp) = (sender.sequence.wrapping_add(1), sender.timestamp.wrapping_add(40));
    }
    for wait_ms in [100, 1_000, 2_000] {
        let mut config = keyed_alone();
        config.wait_ms = wait_ms;
        let mut twice = sent.clone();
        twice.extend(sent.iter().step_by(4).map(|one| Sent { at_us: one.at_us + 400_000, ..one.clone() }));
        let (ids, stored) = run(&config, &[(Formats::g711(), twice.clone())]);
        assert_eq!(stored.of(ids[0]).len(), twice.len());
        assert_eq!(stored.count(|kind| matches!(kind, EventKind::Unread | EventKind::Exposed(_))), 0, "{wait_ms}");
        assert!(only_masks_differ(&stored, &twice, &stored.masked(ids[0])), "{wait_ms}");
    }
}

/// A sender that is faster or slower than the clock by one in a thousand, for ten minutes: what it sent is read all the same.
#[test]
fn clocks_that_differ_lose_nothing() {
    for speed in [1_001_u64, 999] {
        let samples = vec![0.01; 600 * 8_000];
        let other = Sender::new(0, 6).send(Payload::Pcmu, &samples, START_US);
        let sent: Vec<Sent> =
            other.iter().map(|one| Sent { at_us: START_US + (one.at_us - START_US) * 1_000 / speed, bytes: one.bytes.clone() }).collect();
        let channels = [(Formats::g711(), sent.clone()), (Formats::g711(), other)];
        let (ids, stored) = run(&keyed_alone(), &channels);
        assert_eq!((stored.of(ids[0]).len(), stored.of(ids[1]).len()), (30_000, 30_000));
        assert_eq!(stored.count(|kind| *kind == EventKind::Unread), 0, "speed {speed}");
        let moves = stored.packets.iter().filter(|one| one.0 == ids[0]).collect::<Vec<_>>();
        let gaps = moves.windows(2).filter(|pair| pair[1].1 != pair[0].1 + 160).count();
        assert!(gaps < 8, "{gaps} times it was moved to the clock");
    }
}

/// A day of packets that hold silence and a key now and then: sequence numbers wrap 65 times, and the timestamp once.
#[test]
fn a_day_takes_no_memory_and_no_time_is_lost() {
    let (keys, _) = keyed("7", 8_000, 4);
    let mut sender = Sender { payload_type: 0, sequence: 0, timestamp: u32::MAX - 500_000_000, ssrc: 1 };
    let key = sender.send(Payload::Pcmu, &keys, START_US);
    let mut config = SessionConfig::default();
    config.spoken = None;
    let mut session = Session::new(&config, START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let (mut packets, mut masks, mut wrong) = (0_u64, Vec::with_capacity(4_000), 0);
    let hours = if cfg!(debug_assertions) { 1 } else { 24 };
    let mut packet = sender.packet(0, 0, &[0xff; 160]);
    let mut sink = |output: Output<'_>| match output {
        Output::Packet(one) => {
            wrong += u64::from(one.position != ORIGIN + packets * 160 || one.arrived_us != START_US + (packets + 1) * 20_000);
            packets += 1;
        }
        Output::Event(event) if matches!(event.kind, EventKind::Redacted(_)) => masks.push((event.span.start, event.begins_us)),
        _ => {}
    };
    let mut hour = |from: u64| {
        for i in from..from + 180_000 {
            let now = START_US + (i + 1) * 20_000;
            let of_key = key.get(i as usize % 18_000).map_or(&[0xff; 160][..], |one| &one.bytes[12..]);
            packet[12..].copy_from_slice(of_key);
            packet[2..4].copy_from_slice(&(i as u16).to_be_bytes());
            packet[4..8].copy_from_slice(&(u32::MAX - 500_000_000).wrapping_add((i * 160) as u32).to_be_bytes());
            session.receive(channel, now, &packet, i, &mut sink).unwrap();
            session.advance(now, &mut sink);
        }
    };
    let taken = (0..hours).map(|i| allocations(|| hour(i * 180_000)).1).sum::<u64>();
    assert_eq!(taken, 0, "nothing is taken from the allocator once it runs");
    assert!(allocations(|| vec![1]).1 == 1, "it would be counted");
    session.finish(&mut sink);
    assert_eq!((packets, wrong), (hours * 180_000, 0));
    assert_eq!(masks.len() as u64, hours * 10);
    assert!(masks.iter().all(|(start, begins_us)| *begins_us == START_US + (start - ORIGIN) * 125), "wall-clock time");
    assert!(masks.iter().enumerate().all(|(i, (start, _))| start - i as u64 * 18_000 * 160 == masks[0].0), "every key at its place");
}
