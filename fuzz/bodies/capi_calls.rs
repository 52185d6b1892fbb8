//! Any calls of the C functions in any order, with handles that are NULL, stale, of the other kind or made up, pointers that are NULL or crooked, and numbers of any size: a status each, never a
//! crash, nothing written beyond what there is room for, and silence where a scrubber failed and knew the samples.

use cardhush::config::*;
use cardhush::event::*;
use cardhush::scan::*;
use cardhush::scrubber::*;
use cardhush::session::*;
use cardhush::status::*;
use cardhush::version::*;
use std::ptr::{null, null_mut, without_provenance_mut};

/// Frames that there is room for, and events.
const FRAMES: usize = 400;
const EVENTS: usize = 8;
const CANARY: u8 = 0xA5;

/// What a fuzzer says next.
struct Said<'a>(&'a [u8]);

impl Said<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number that is small, at an edge, or anything.
    fn number(&mut self) -> u64 {
        let byte = self.byte();
        match byte {
            0..=199 => u64::from(byte) * 3,
            200..=219 => u64::MAX - u64::from(byte - 200),
            220..=235 => 1 << (byte % 64),
            _ => u64::from_le_bytes(std::array::from_fn(|_| self.byte())),
        }
    }

    /// The pointer, NULL, or one that is crooked where it can be.
    fn pointer<T>(&mut self, good: *mut T) -> *mut T {
        match self.byte() {
            0..=229 => good,
            230..=242 => null_mut(),
            _ => good.wrapping_byte_add(1),
        }
    }
}

/// Handles that were ever given out.
struct Handles {
    scrubbers: Vec<usize>,
    sessions: Vec<usize>,
    channels: Vec<u64>,
}

impl Handles {
    fn any(&self, said: &mut Said<'_>, own: &[usize]) -> usize {
        let byte = said.byte();
        let pick = |from: &[usize]| from.get(usize::from(byte) % from.len().max(1)).copied().unwrap_or(0);
        match byte >> 4 {
            0..=12 => pick(own),
            13 => pick(if std::ptr::eq(own, &*self.scrubbers) { &self.sessions } else { &self.scrubbers }),
            14 => 0,
            _ => said.number() as usize,
        }
    }

    fn scrubber(&self, said: &mut Said<'_>) -> *mut cardhush_scrubber {
        without_provenance_mut(self.any(said, &self.scrubbers))
    }

    fn session(&self, said: &mut Said<'_>) -> *mut cardhush_session {
        without_provenance_mut(self.any(said, &self.sessions))
    }

    fn channel(&self, said: &mut Said<'_>) -> u64 {
        let number = said.number();
        self.channels.get(number as usize % 8).copied().unwrap_or(number)
    }
}

/// Settings with a field or two changed.
fn settings(said: &mut Said<'_>) -> (cardhush_config, cardhush_session_config) {
    // SAFETY: any bits are settings.
    let (mut one, mut other) = unsafe { (std::mem::zeroed::<cardhush_config>(), std::mem::zeroed::<cardhush_session_config>()) };
    // SAFETY: there is so much of both.
    let done = unsafe { cardhush_config_init(&mut one, size_of_val(&one)) | cardhush_session_config_init(&mut other, size_of_val(&other)) };
    assert_eq!(done, CARDHUSH_OK);
    let flags = said.byte();
    (one.look_ahead_ms, other.look_ahead_ms) = (u32::from(flags & 3) * 40, u32::from(flags & 3) * 40);
    if flags & 4 == 0 {
        (one.spoken, other.spoken) = (CARDHUSH_SPOKEN_OFF, CARDHUSH_SPOKEN_OFF);
    }
    (one.channels, one.coding) = (u32::from(flags >> 3 & 3), i32::from(flags >> 5));
    for _ in 0..said.byte() / 100 {
        let (field, value) = (said.byte() % 10, said.number() as u32);
        match field {
            // A larger one would have more read than there is.
            0 => (one.struct_size, other.struct_size) = (value % 49, value % 57),
            1 => one.rate_hz = 8_000 + value % 200_000,
            2 => (one.channels, other.channels) = (value, value),
            3 => one.coding = value as i32,
            4 => (one.keyed, other.keyed) = (value as i32, value as i32),
            5 => (one.spoken, other.spoken) = (value as i32, value as i32),
            6 => (one.linking, other.fill) = (value as i32, value as i32),
            7 => (one.fill, other.linking) = (value as i32, value as i32),
            8 => (one.look_ahead_ms, other.wait_ms) = (value % 4_000, value),
            _ => (one.isa, other.events) = (value as i32, value as i32),
        }
    }
    (one, other)
}

/// Makes the calls that the bytes spell.
///
/// # Panics
/// Where a status is none, or more is written than there is room for.
pub fn capi_calls(bytes: &[u8]) {
    let mut said = Said(bytes);
    let mut handles = Handles { scrubbers: Vec::new(), sessions: Vec::new(), channels: Vec::new() };
    // Eight bytes a sample, eight channels; and as much behind it that must stay as it is.
    let mut samples = vec![[CANARY; 8]; FRAMES * 8 + 8];
    let mut events = [cardhush_event::default(); EVENTS + 1];
    let mut memory: Vec<Vec<u8>> = Vec::new();
    while !said.0.is_empty() {
        let call = said.byte();
        let status = one_call(call, &mut said, &mut handles, &mut samples, &mut events, &mut memory);
        assert!((-27..=1).contains(&status), "call {call}: status {status}");
        assert_eq!(events[EVENTS], cardhush_event::default(), "call {call}: an event too many");
        assert!(samples[FRAMES * 8..].iter().flatten().all(|byte| *byte == CANARY), "call {call}: samples beyond the end");
    }
    for scrubber in handles.scrubbers {
        let scrubber = without_provenance_mut(scrubber);
        cardhush_scrubber_free(scrubber);
        assert_eq!(cardhush_scrubber_free(scrubber), CARDHUSH_ERR_HANDLE);
    }
    for session in handles.sessions {
        let session = without_provenance_mut(session);
        cardhush_session_free(session);
        assert_eq!(cardhush_session_free(session), CARDHUSH_ERR_HANDLE);
    }
}

fn one_call(
    call: u8,
    said: &mut Said<'_>,
    handles: &mut Handles,
    samples: &mut [[u8; 8]],
    events: &mut [cardhush_event],
    memory: &mut Vec<Vec<u8>>,
) -> cardhush_status {
    let pcm = samples.as_mut_ptr();
    // Less than there is, or so much that it is refused.
    let frames = |said: &mut Said<'_>| match said.number() as usize {
        few if few <= FRAMES => few,
        many => many.max(CARDHUSH_MAX_FRAMES + 1),
    };
    let capacity = |said: &mut Said<'_>| match said.number() as usize {
        few if few <= EVENTS => few,
        many => many.max(usize::MAX / 8),
    };
    // SAFETY: whatever is pointed to is there, and as long as is said, or the length is one that is refused.
    unsafe {
        match call % 29 {
            0 => {
                let (config, _) = settings(said);
                let mut scrubber = null_mut();
                let status = cardhush_scrubber_new(said.pointer((&raw const config).cast_mut()), said.pointer(&mut scrubber));
                handles.scrubbers.extend((status == CARDHUSH_OK).then(|| scrubber.addr()));
                status
            }
            1 => {
                let (config, _) = settings(said);
                let (mut scrubber, mut size) = (null_mut(), 0);
                let status = cardhush_scrubber_size(&config, &mut size);
                if status != CARDHUSH_OK || memory.len() > 8 {
                    return status;
                }
                let mut block = vec![CANARY; size + 1];
                let given = if said.byte() < 60 { (usize::from(said.byte()) * 8).min(size) } else { size };
                let status = cardhush_scrubber_init(&config, said.pointer(block.as_mut_ptr()).cast(), given, &mut scrubber);
                handles.scrubbers.extend((status == CARDHUSH_OK).then(|| scrubber.addr()));
                memory.push(block);
                status
            }
            2 => cardhush_scrubber_free(handles.scrubber(said)),
            3..=7 => {
                let (scrubber, frames) = (handles.scrubber(said), frames(said));
                let (tone, pointer) = (said.byte(), said.pointer(pcm));
                if pointer == pcm {
                    samples[..FRAMES * 8]
                        .as_flattened_mut()
                        .iter_mut()
                        .zip(0_u32..)
                        .for_each(|(byte, i)| *byte = (i * u32::from(tone)) as u8);
                }
                if tone == 255 {
                    cardhush_scrubber_finish(scrubber, pointer.cast(), frames)
                } else {
                    cardhush_scrubber_process(scrubber, pointer.cast(), frames)
                }
            }
            8 => {
                let (mut count, capacity) = (0, capacity(said));
                cardhush_scrubber_events(handles.scrubber(said), said.pointer(events.as_mut_ptr()), capacity, said.pointer(&mut count))
            }
            9 => {
                let mut latency = [0; 2];
                cardhush_scrubber_latency(handles.scrubber(said), said.pointer(latency.as_mut_ptr()))
            }
            10 => cardhush_scrubber_arm(handles.scrubber(said)),
            11 => cardhush_scrubber_disarm(handles.scrubber(said)),
            12 if said.byte() < 128 => cardhush_scrubber_signalled(handles.scrubber(said), said.number(), said.number(), said.number()),
            12 => cardhush_scrubber_mask(handles.scrubber(said), said.number(), said.number(), said.number()),
            13 => cardhush_scrubber_reset(handles.scrubber(said)),
            14 if said.byte() < 40 => cardhush_scrubber_poison(handles.scrubber(said)),
            14 if said.byte() < 40 => cardhush_session_poison(handles.session(said)),
            14 => cardhush_check_abi(said.number() as u32),
            15 => {
                let (config, _) = settings(said);
                let (mut count, frames, capacity) = (0, (said.number() as usize).min(FRAMES), capacity(said));
                cardhush_scan(
                    &config,
                    null_mut(),
                    0,
                    said.pointer(pcm).cast(),
                    frames,
                    said.pointer(events.as_mut_ptr()),
                    capacity,
                    said.pointer(&mut count),
                )
            }
            16 => {
                let (_, config) = settings(said);
                let mut session = null_mut();
                let status = cardhush_session_new(said.pointer((&raw const config).cast_mut()), said.number(), said.pointer(&mut session));
                handles.sessions.extend((status == CARDHUSH_OK).then(|| session.addr()));
                status
            }
            17 => cardhush_session_free(handles.session(said)),
            18 => {
                let formats: [cardhush_format; 9] = std::array::from_fn(|_| cardhush_format {
                    payload_type: said.number() as u32 % 140,
                    payload: i32::from(said.byte() % 7),
                    rate_hz: 8_000 + said.number() as u32 % 50_000,
                    reserved: [0; 5],
                });
                let (mut channel, count) = (0, said.number() as usize);
                let known = if count == 0 { null() } else { said.pointer(formats.as_ptr().cast_mut()) };
                let status = cardhush_session_add(
                    handles.session(said),
                    known,
                    if count < 9 { count } else { count.max(9) },
                    said.pointer(&mut channel),
                );
                handles.channels.extend((status == CARDHUSH_OK).then_some(channel));
                status
            }
            19..=23 => {
                let mut packet = [0_u8; 1_600];
                packet.iter_mut().zip(0_u32..).for_each(|(byte, i)| *byte = (i * 37) as u8);
                packet[0] = 0x80;
                packet[1] = said.byte();
                packet[3] = said.byte();
                let timestamp = u16::from(packet[3]) * 160;
                packet[6..8].copy_from_slice(&timestamp.to_be_bytes());
                let size = match said.number() as usize {
                    few if few < 1_600 => few,
                    many => many.max(usize::MAX / 2),
                };
                let (session, channel, now_us) = (handles.session(said), handles.channel(said), said.number().wrapping_mul(1_000));
                cardhush_session_receive(session, channel, now_us, said.pointer(packet.as_mut_ptr()).cast(), size, said.number())
            }
            24 => cardhush_session_advance(handles.session(said), said.number().wrapping_mul(1_000)),
            25 => {
                let mut packet = std::mem::zeroed::<cardhush_packet>();
                let status = cardhush_session_next(handles.session(said), said.pointer(&mut packet));
                if status == CARDHUSH_OK {
                    let bytes = std::slice::from_raw_parts(packet.bytes.cast::<u8>(), packet.size);
                    assert!(bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>() > 0, "a packet that was taken is there to be read");
                }
                status
            }
            26 => {
                let (mut count, capacity) = (0, capacity(said));
                cardhush_session_events(handles.session(said), said.pointer(events.as_mut_ptr()), capacity, said.pointer(&mut count))
            }
            27 => match said.byte() % 5 {
                0 if said.byte() < 128 => {
                    cardhush_session_signalled(handles.session(said), handles.channel(said), said.number(), said.number())
                }
                0 => cardhush_session_arm(handles.session(said), said.number()),
                1 => cardhush_session_disarm(handles.session(said), said.number()),
                2 => cardhush_session_mask(handles.session(said), handles.channel(said), said.number(), said.number()),
                3 => cardhush_session_remove(handles.session(said), handles.channel(said)),
                _ => cardhush_session_finish(handles.session(said)),
            },
            _ => {
                let mut out = [0; 2];
                let session = handles.session(said);
                cardhush_session_latency_ms(session, said.pointer(out.as_mut_ptr()))
                    | cardhush_session_origin_us(session, said.pointer(out.as_mut_ptr().cast()))
            }
        }
    }
}
