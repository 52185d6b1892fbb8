//! Claim: after `_new`, `_init` and `cardhush_session_add`, no call takes memory from the heap; `_init` takes none either.
#![allow(unsafe_code, reason = "calls what C calls")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "every pointer is that of a local variable, which outlives the call")]

use cardhush::config::*;
use cardhush::event::*;
use cardhush::scan::*;
use cardhush::scrubber::*;
use cardhush::session::*;
use cardhush::status::*;
use cardhush_core::{Coding, Ulaw};
use cardhush_testkit::alloc::{Counting, allocations};
use cardhush_testkit::{rng::Rng, tone, tone::Tone};
use std::ptr::null_mut;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn codes() -> Vec<u8> {
    let keys = Tone { level_dbm0: -13.0, on_ms: 70.0, off_ms: 90.0, ..Tone::default() };
    let mut samples = tone::dial("41112222333344445555", &keys, 8_000, 300.0, &mut Rng::new(5)).samples;
    samples.resize(8_000 * 16, 0.0);
    samples.into_iter().map(|sample| Ulaw::encode(sample as f32)).collect()
}

#[test]
fn the_audio_path_takes_nothing_from_the_heap() {
    assert_ne!(allocations(|| vec![1_u8; 100]).1, 0, "the counter counts");
    let mut config = unsafe { std::mem::zeroed::<cardhush_config>() };
    assert_eq!(unsafe { cardhush_config_init(&mut config, size_of::<cardhush_config>()) }, CARDHUSH_OK);
    config.coding = CARDHUSH_CODING_ULAW;
    let mut size = 0;
    assert_eq!(unsafe { cardhush_scrubber_size(&config, &mut size) }, CARDHUSH_OK);
    let (mut memory, mut codes) = (vec![0_u8; size], codes());
    let ((found, statuses), count) = allocations(|| {
        let (mut scrubber, mut found, mut statuses) = (null_mut(), 0, 0);
        statuses |= unsafe { cardhush_scrubber_init(&config, memory.as_mut_ptr().cast(), size, &mut scrubber) };
        statuses |= cardhush_scrubber_mask(scrubber, 0, 100_000, 101_000);
        for (i, chunk) in codes.chunks_mut(160).enumerate() {
            statuses |= unsafe { cardhush_scrubber_process(scrubber, chunk.as_mut_ptr().cast(), chunk.len()) };
            statuses |= if i == 300 { cardhush_scrubber_arm(scrubber) } else { cardhush_scrubber_disarm(scrubber) };
            let (mut events, mut count) = ([cardhush_event::default(); 8], 0);
            statuses |= unsafe { cardhush_scrubber_events(scrubber, events.as_mut_ptr(), 8, &mut count) };
            found += count;
        }
        let mut rest = [0_u8; 160];
        statuses |= unsafe { cardhush_scrubber_finish(scrubber, rest.as_mut_ptr().cast(), 160) };
        statuses |= cardhush_scrubber_reset(scrubber) | cardhush_scrubber_free(scrubber);
        (found, statuses)
    });
    assert_eq!((statuses, count), (CARDHUSH_OK, 0));
    assert!(found >= 21, "{found} events: the keys are found");
    let mut few = [cardhush_event::default(); 2];
    let (status, count) = allocations(|| unsafe {
        cardhush_scan(&config, memory.as_mut_ptr().cast(), size, codes.as_ptr().cast(), codes.len(), few.as_mut_ptr(), 2, &mut size)
    });
    assert_eq!((status, count), (CARDHUSH_OK, 0), "a scan in the caller's memory");
}

#[test]
fn a_session_takes_nothing_from_the_heap_once_its_channels_are_there() {
    let mut config = unsafe { std::mem::zeroed::<cardhush_session_config>() };
    assert_eq!(unsafe { cardhush_session_config_init(&mut config, size_of::<cardhush_session_config>()) }, CARDHUSH_OK);
    let (mut session, mut channel) = (null_mut(), 0);
    assert_eq!(unsafe { cardhush_session_new(&config, 0, &mut session) }, CARDHUSH_OK);
    assert_eq!(unsafe { cardhush_session_add(session, std::ptr::null(), 0, &mut channel) }, CARDHUSH_OK);
    let codes = codes();
    let mut rtp = [0_u8; 172];
    let ((out, found, statuses), count) = allocations(|| {
        let (mut out, mut found, mut statuses) = (0, 0, 0);
        let mut take = |session| {
            let mut packet = unsafe { std::mem::zeroed::<cardhush_packet>() };
            while unsafe { cardhush_session_next(session, &mut packet) } == CARDHUSH_OK {
                out += 1;
            }
            let (mut events, mut count) = ([cardhush_event::default(); 64], 0);
            let status = unsafe { cardhush_session_events(session, events.as_mut_ptr(), 64, &mut count) };
            found += count;
            status
        };
        for (i, payload) in (0_u32..).zip(codes.chunks_exact(160)) {
            rtp[..2].copy_from_slice(&[0x80, 0]);
            rtp[2..4].copy_from_slice(&(i as u16).to_be_bytes());
            rtp[4..8].copy_from_slice(&(i * 160).to_be_bytes());
            rtp[12..].copy_from_slice(payload);
            let now_us = u64::from(i + 1) * 20_000;
            statuses |= unsafe { cardhush_session_receive(session, channel, now_us, rtp.as_ptr().cast(), rtp.len(), i.into()) };
            statuses |= cardhush_session_advance(session, now_us) | take(session);
        }
        statuses |= cardhush_session_finish(session) | take(session);
        (out, found, statuses)
    });
    assert_eq!((statuses, count), (CARDHUSH_OK, 0));
    assert!(out == codes.len() / 160 && found >= 40, "{out} packets, {found} events");
    assert_eq!(cardhush_session_free(session), CARDHUSH_OK);
}
