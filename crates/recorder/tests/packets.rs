//! Claim: what comes out is what came in, packet by packet and byte by byte, but for the samples of masked spans; in every coding, with the numbers of
//! sequence and timestamp wrapping on the way.

mod wire;

use cardhush_recorder::{EventKind, Formats, PacketError, Payload, Session, SessionConfig, SessionError};
use cardhush_testkit::rng::Rng;
use wire::{START_US, Sender, Sent, Stored, keyed, keyed_alone, run};

#[test]
fn packets_come_out_as_they_came_but_for_what_is_masked() {
    for (payload, number) in [
        (Payload::Pcmu, 0),
        (Payload::Pcma, 8),
        (Payload::L16 { rate_hz: 8_000 }, 96),
        (Payload::L16 { rate_hz: 16_000 }, 96),
        (Payload::L16 { rate_hz: 48_000 }, 96),
    ] {
        let rate_hz = payload.rate_hz().unwrap();
        let (samples, keys) = keyed("4539148803436467", rate_hz, 1);
        let mut sent = Sender::new(number, 5).send(payload, &samples, START_US);
        // L16 at 48 kHz takes two packets for 20 ms.
        sent.retain(|one| one.bytes.len() <= 1_500);
        if rate_hz == 48_000 {
            let mut sender = Sender::new(number, 5);
            sent = Vec::new();
            for (i, chunk) in samples.chunks_exact(480).enumerate() {
                let bytes: Vec<u8> = chunk.iter().flat_map(|x| wire::encode(payload, *x)).collect();
                sent.push(Sent { at_us: START_US + (i as u64 + 1) * 10_000, bytes: sender.packet(number, sender.timestamp, &bytes) });
                (sender.sequence, sender.timestamp) = (sender.sequence.wrapping_add(1), sender.timestamp.wrapping_add(480));
            }
        }
        let (ids, stored) = run(&keyed_alone(), &[(Formats::new(&[(number, payload)]).unwrap(), sent.clone())]);
        let out = stored.of(ids[0]);
        assert_eq!(out.len(), sent.len(), "{payload:?}");
        let masks = stored.masked(ids[0]);
        let size = if rate_hz == 8_000 && number != 96 { 1 } else { 2 };
        let mut kept = 0;
        for ((_, position, bytes), sent) in stored.packets.iter().zip(&sent) {
            assert_eq!(bytes[..12], sent.bytes[..12]);
            for (i, (a, b)) in bytes[12..].chunks(size).zip(sent.bytes[12..].chunks(size)).enumerate() {
                let at = position + i as u64;
                if !masks.iter().any(|mask| mask.contains(&at)) {
                    assert_eq!(a, b, "sample {at} of {payload:?}");
                    kept += 1;
                }
            }
        }
        assert!(kept > samples.len() / 3, "{payload:?}: {kept} samples kept");
        // The first packet lies at its arrival less its length.
        for key in &keys {
            assert!(
                masks.iter().any(|mask| mask.start <= key.start as u64 && key.end as u64 <= mask.end),
                "{payload:?}: {key:?} of {masks:?}"
            );
        }
        assert_eq!(stored.revealed(), "4539148803436467", "{payload:?}");
        assert_eq!(stored.count(|kind| matches!(kind, EventKind::Exposed(_) | EventKind::Unread)), 0);
    }
}

#[test]
fn a_key_masks_the_other_channels_whatever_their_coding() {
    let (samples, keys) = keyed("4111", 8_000, 2);
    let quiet: Vec<f64> = vec![0.001; samples.len() * 2];
    let wide = Payload::L16 { rate_hz: 16_000 };
    let channels = [
        (Formats::g711(), Sender::new(8, 1).send(Payload::Pcma, &samples, START_US)),
        (Formats::new(&[(96, wide)]).unwrap(), Sender::new(96, 2).send(wide, &quiet, START_US)),
    ];
    let (ids, stored) = run(&keyed_alone(), &channels);
    let linked = stored.masked(ids[1]);
    for key in keys {
        assert!(linked.iter().any(|mask| mask.start <= 2 * key.start as u64 && 2 * key.end as u64 <= mask.end), "{key:?} of {linked:?}");
    }
}

#[test]
fn channels_come_and_go() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let (first, second) = (session.add(&Formats::g711()).unwrap(), session.add(&Formats::g711()).unwrap());
    assert_eq!(session.add(&Formats::g711()).unwrap_err(), SessionError::Full { channels: 2 });
    let mut stored = Stored::default();
    let (samples, _) = keyed("12", 8_000, 3);
    let mut sender = Sender::new(0, 1);
    let sent = sender.send(Payload::Pcmu, &samples, START_US);
    for (i, one) in sent.iter().enumerate() {
        session.receive(first, one.at_us, &one.bytes, i as u64, &mut |output| stored.take(output)).unwrap();
        session.advance(one.at_us, &mut |output| stored.take(output));
    }
    session.remove(first);
    let now = sent.last().unwrap().at_us;
    assert_eq!(session.receive(first, now, &sent[0].bytes, 0, &mut |_| ()), Err(PacketError::NoChannel));
    assert!(session.add(&Formats::g711()).is_err(), "what it said has not left");
    session.advance(now + 3_000_000, &mut |output| stored.take(output));
    assert_eq!(stored.of(first).len(), sent.len());
    let third = session.add(&Formats::g711()).unwrap();
    assert!(third != first && third.slot() == first.slot() && second.slot() == 1);
    assert_eq!(session.receive(first, now, &sent[0].bytes, 0, &mut |_| ()), Err(PacketError::NoChannel));
    // It has a timeline of its own, from now on.
    let more = Sender::new(0, 9).send(Payload::Pcmu, &samples, now + 3_000_000);
    for one in &more {
        session.receive(third, one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
        session.advance(one.at_us, &mut |output| stored.take(output));
    }
    session.finish(&mut |output| stored.take(output));
    assert_eq!(stored.of(third).len(), more.len());
    assert_eq!(stored.masked(third).len(), 2, "{:?}", stored.masked(third));
}

#[test]
fn what_is_encrypted_is_refused_and_stays_so() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let (mut rng, mut sender) = (Rng::new(4), Sender::new(0, 1));
    let (mut refused, mut stored) = (None, Stored::default());
    for i in 0..100_u64 {
        let noise: Vec<u8> = (0..160).map(|_| rng.bits() as u8).collect();
        sender.sequence = i as u16;
        let packet = sender.packet(0, i as u32 * 160, &noise);
        let taken = session.receive(channel, START_US + (i + 1) * 20_000, &packet, 0, &mut |output| stored.take(output));
        session.advance(START_US + (i + 1) * 20_000, &mut |output| stored.take(output));
        if refused.is_none() && taken.is_err() {
            refused = Some(i);
        }
        assert_eq!(taken, refused.map_or(Ok(()), |_| Err(PacketError::Encrypted)));
    }
    session.finish(&mut |output| stored.take(output));
    assert!(refused.unwrap() < 30, "{refused:?}");
    assert!(stored.packets.is_empty(), "what waited by then is withheld");
    let withheld: Vec<_> = stored.events.iter().filter(|one| one.kind == EventKind::Withheld).map(|one| one.span.len()).collect();
    assert_eq!(withheld, [refused.unwrap() * 160], "and told once");
}

#[test]
fn what_a_channel_cannot_read_is_refused_by_name() {
    let mut session = Session::new(&SessionConfig::default(), START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let sender = Sender::new(0, 1);
    let mut receive = |packet: &[u8]| session.receive(channel, START_US, packet, 0, &mut |_| ()).map_err(|error| error.to_string());
    assert_eq!(receive(&[1, 2]).unwrap_err(), "2 bytes are no RTP packet: shorter than the header of 12 bytes");
    assert_eq!(receive(&sender.packet(18, 0, &[0; 20])).unwrap_err(), "payload type 18 is none of this channel's: it cannot be read");
    assert_eq!(receive(&sender.packet(101, 0, &[0; 3])).unwrap_err(), "payload type 101, 3 bytes: not of whole events of 4 bytes");
    assert_eq!(receive(&sender.packet(0, 0, &[0xff; 1_500])).unwrap_err(), "a packet of 1512 bytes: at most 1500 are taken");
    let flood = (0..20_000).find_map(|_| receive(&sender.packet(0, 0, &[0xff; 160])).err());
    assert!(flood.unwrap().contains("bytes wait for their look-ahead already"));
}

/// Packets that were overtaken at the very start, as senders' bursts are: each has its own place.
#[test]
fn packets_that_are_overtaken_at_the_start_keep_their_places() {
    let audio: Vec<Vec<u8>> = (0..7_u8).map(|i| vec![0x80 + i; 160]).collect();
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let (mut sender, mut stored) = (Sender::new(0, 1), Stored::default());
    for (came, i) in [3_u16, 0, 1, 2, 4, 5, 6].into_iter().enumerate() {
        sender.sequence = i;
        let packet = sender.packet(0, u32::from(i) * 160, &audio[usize::from(i)]);
        session.receive(channel, START_US + came as u64 * 5_000, &packet, 0, &mut |output| stored.take(output)).unwrap();
    }
    session.finish(&mut |output| stored.take(output));
    let first = stored.packets[1].1;
    let places: Vec<u64> = stored.packets.iter().map(|one| one.1.wrapping_sub(first)).collect();
    assert_eq!(places, [480, 0, 160, 320, 640, 800, 960]);
    assert_eq!(stored.count(|kind| *kind == EventKind::Unread), 0);
}

/// A recorder that begins in 1970 and is then told the time, or that was away: no more than a minute passes at once.
#[test]
fn a_clock_that_leaps_costs_a_minute_at_most() {
    let (samples, keys) = keyed("12", 8_000, 7);
    let mut session = Session::new(&keyed_alone(), 0).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let mut stored = Stored::default();
    let year_us = 365 * 86_400 * 1_000_000;
    let mut sender = Sender::new(0, 1);
    for start in [0, 50 * year_us] {
        for one in sender.send(Payload::Pcmu, &samples, start) {
            session.receive(channel, one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
            session.advance(one.at_us, &mut |output| stored.take(output));
        }
    }
    session.finish(&mut |output| stored.take(output));
    assert_eq!(stored.masked(channel).len(), 2 * keys.len(), "{:?}", stored.masked(channel));
    let last = stored.events.iter().rev().find(|one| matches!(one.kind, EventKind::Redacted(_))).unwrap();
    let key_us = 50 * year_us + keys[1].start as u64 * 125;
    assert!(last.begins_us.abs_diff(key_us) < 50_000, "its wall-clock time is right: {} of {key_us}", last.begins_us);
}

/// An SSRC in between now and then does not hide that the rest is encrypted.
#[test]
fn sources_that_take_turns_are_judged_together() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let mut rng = Rng::new(9);
    let refused = (0..200_u64).any(|i| {
        let noise: Vec<u8> = (0..160).map(|_| rng.bits() as u8).collect();
        let packet = Sender { sequence: i as u16, ..Sender::new(0, 1 + u32::from(i % 20 == 7)) }.packet(0, i as u32 * 160, &noise);
        session.receive(channel, START_US + i * 20_000, &packet, 0, &mut |_| ()) == Err(PacketError::Encrypted)
    });
    assert!(refused);
}

/// What was masked of one channel does not reach into the next one of its place.
#[test]
fn a_mask_ends_with_its_channel() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let first = session.add(&Formats::g711()).unwrap();
    let mut stored = Stored::default();
    let quiet = vec![0.01; 8_000];
    session.mask(Some(first), 0, START_US, &mut |_| panic!("it was over before the call began"));
    session.mask(Some(first), START_US, u64::MAX, &mut |output| stored.take(output));
    let send = |session: &mut Session, channel, from: u64, stored: &mut Stored| {
        for one in Sender::new(0, 1).send(Payload::Pcmu, &quiet, from) {
            session.receive(channel, one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
            session.advance(one.at_us, &mut |output| stored.take(output));
        }
    };
    send(&mut session, first, START_US, &mut stored);
    session.remove(first);
    session.advance(START_US + 8_000_000, &mut |output| stored.take(output));
    assert_eq!(stored.masked(first).len(), 1, "{:?}", stored.events);
    let second = session.add(&Formats::g711()).unwrap();
    assert_eq!(second.slot(), first.slot());
    send(&mut session, second, START_US + 8_000_000, &mut stored);
    session.finish(&mut |output| stored.take(output));
    assert!(stored.masked(second).is_empty(), "{:?}", stored.masked(second));
}

/// After a hold nobody has called for ten seconds, with or without timestamps that went on: the first key behind it is masked whole.
#[test]
fn a_key_right_behind_a_hold_is_masked() {
    for (silent_s, passes) in [(10, true), (10, false), (100, true), (100, false)] {
        let (mut samples, keys) = keyed("45", 8_000, 11);
        // The key begins within the first packet.
        let begins = keys[0].start - 30;
        samples.drain(..begins);
        let mut session = Session::new(&keyed_alone(), START_US).unwrap();
        let channel = session.add(&Formats::g711()).unwrap();
        let (mut sender, mut stored) = (Sender::new(0, 1), Stored::default());
        let before = sender.send(Payload::Pcmu, &vec![0.01; 16_000], START_US);
        if passes {
            sender.timestamp = sender.timestamp.wrapping_add(silent_s * 8_000);
        }
        let behind = sender.send(Payload::Pcmu, &samples, START_US + 2_000_000 + u64::from(silent_s) * 1_000_000);
        for one in before.iter().chain(&behind) {
            session.receive(channel, one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
            session.advance(one.at_us, &mut |output| stored.take(output));
        }
        session.finish(&mut |output| stored.take(output));
        assert_eq!(stored.count(|kind| *kind == EventKind::Unread), 0, "{silent_s} s, timestamps pass: {passes}");
        let first = stored.packets[before.len()].1;
        let masks = stored.masked(channel);
        for key in &keys {
            let key = first + (key.start - begins) as u64..first + (key.end - begins) as u64;
            assert!(
                masks.iter().any(|mask| mask.start <= key.start && key.end <= mask.end),
                "{silent_s} s, {passes}: {key:?} of {masks:?}"
            );
        }
    }
}

/// Two sources of audio at one time: what the second says is replaced whole, however its packets are cut.
#[test]
fn a_second_source_at_one_time_is_replaced_whole() {
    let (samples, _) = keyed("45391488", 8_000, 12);
    let quiet = vec![0.01; samples.len()];
    let mut sent = Sender::new(0, 1).send(Payload::Pcmu, &quiet, START_US);
    let mut second = Sender::new(0, 2);
    for (i, chunk) in samples.chunks_exact(80).enumerate() {
        let bytes: Vec<u8> = chunk.iter().flat_map(|x| wire::encode(Payload::Pcmu, *x)).collect();
        sent.push(Sent { at_us: START_US + 25_000 + i as u64 * 10_000, bytes: second.packet(0, second.timestamp, &bytes) });
        (second.sequence, second.timestamp) = (second.sequence.wrapping_add(1), second.timestamp.wrapping_add(80));
    }
    let (ids, stored) = run(&keyed_alone(), &[(Formats::g711(), sent.clone())]);
    let out = stored.of(ids[0]);
    let of = |ssrc: u8| out.iter().filter(move |one| one[11] == ssrc);
    assert_eq!(of(1).count() + of(2).count(), sent.len());
    let known: std::collections::HashSet<&[u8]> = sent.iter().map(|one| &one.bytes[..]).collect();
    assert_eq!(of(2).filter(|one| known.contains(&one[..])).count(), 0, "none of the second comes out as it was");
    assert_eq!(of(1).filter(|one| !known.contains(&one[..])).count(), 0, "and all of the first");
}

/// An ordinary change of source costs 60 ms and the seam, also where the clock stands still; and a key across it is gone.
#[test]
fn another_source_takes_over() {
    for (still, offset) in [(false, 0), (false, 160), (false, 300), (true, 0)] {
        let (mut samples, keys) = keyed("45", 8_000, 13);
        samples.drain(..keys[0].start - offset);
        let first = Sender::new(0, 1).send(Payload::Pcmu, &vec![0.01; 16_000], START_US);
        let second = Sender::new(0, 2).send(Payload::Pcmu, &samples, START_US + 2_000_000);
        let mut sent = [first, second.clone()].concat();
        if still {
            sent.iter_mut().for_each(|one| one.at_us = START_US);
        }
        let (ids, stored) = run(&keyed_alone(), &[(Formats::g711(), sent.clone())]);
        let out = stored.of(ids[0]);
        assert_eq!(out.len(), sent.len());
        let same = |i: usize| out[100 + i][12..].iter().zip(&second[i].bytes[12..]).filter(|(a, b)| a == b).count() as f64 / 160.0;
        let key = |n: usize| (keys[n].start - keys[0].start + offset) / 160..(keys[n].end - keys[0].start + offset).div_ceil(160);
        let kept = (0..second.len()).filter(|i| !key(0).contains(i) && !key(1).contains(i) && *i > 8).filter(|i| same(*i) == 1.0).count();
        assert!(kept + 12 > second.len() - 9 - key(1).len(), "{kept} of {} packets behind the seam stay", second.len());
        let tone: Vec<usize> = (keys[0].start..keys[0].end).map(|at| at - keys[0].start + offset).collect();
        let left = tone.iter().filter(|at| out[100 + **at / 160][12 + **at % 160] == second[**at / 160].bytes[12 + **at % 160]).count();
        assert!(left < 80, "{left} samples of {} of the key across the seam are as they were", tone.len());
    }
}

/// Packets overtaken at the start of a clock that begins at 0.
#[test]
fn a_clock_may_begin_with_the_call() {
    let mut session = Session::new(&keyed_alone(), 0).unwrap();
    let channel = session.add(&Formats::g711()).unwrap();
    let (mut sender, mut stored) = (Sender::new(0, 1), Stored::default());
    for (came, i) in [3_u16, 0, 1, 2, 4].into_iter().enumerate() {
        sender.sequence = i;
        let packet = sender.packet(0, u32::from(i) * 160, &[0x80 + i as u8; 160]);
        session.receive(channel, came as u64 * 5_000, &packet, 0, &mut |output| stored.take(output)).unwrap();
    }
    session.finish(&mut |output| stored.take(output));
    assert_eq!((stored.count(|kind| *kind == EventKind::Unread), session.origin_us()), (0, -2_000_000));
}

/// A mask of the whole call goes on for whoever comes next, and one from the start has the first packet.
#[test]
fn a_mask_of_the_call_is_for_all_of_it() {
    let mut session = Session::new(&keyed_alone(), START_US).unwrap();
    let first = session.add(&Formats::g711()).unwrap();
    let mut stored = Stored::default();
    session.mask(None, 0, START_US + 60_000_000, &mut |output| stored.take(output));
    let quiet = vec![0.01; 16_000];
    let known: Vec<Sent> = Sender::new(0, 1).send(Payload::Pcmu, &quiet, START_US);
    let mut send = |session: &mut Session, channel, from: u64| {
        for one in Sender::new(0, 1).send(Payload::Pcmu, &quiet, from) {
            session.receive(channel, one.at_us, &one.bytes, 0, &mut |output| stored.take(output)).unwrap();
            session.advance(one.at_us, &mut |output| stored.take(output));
        }
    };
    send(&mut session, first, START_US);
    session.remove(first);
    session.advance(START_US + 8_000_000, &mut |_| ());
    let second = session.add(&Formats::g711()).unwrap();
    send(&mut session, second, START_US + 8_000_000);
    session.finish(&mut |output| stored.take(output));
    let same = stored.of(second).iter().filter(|one| known.iter().any(|sent| sent.bytes == **one)).count();
    assert_eq!((stored.of(second).len(), same), (100, 0));
    assert!(stored.of(first).iter().all(|one| known.iter().all(|sent| sent.bytes != *one)));
}
