//! `cardhush_scrubber_`: the samples of one stream, in place. What comes out is what went in `latency` samples ago, with the masked spans replaced.
//!
//! A chunk is any number of whole frames. Everything is settled when it comes out, and what could not be settled in time is told as exposed.

use crate::boundary::{self, close, poison, with, with_spoilt};
use crate::config::cardhush_config;
use crate::event::{CARDHUSH_ALL_CHANNELS, cardhush_event};
use crate::handle;
use crate::line::Line;
use crate::pointer;
use crate::status::{CARDHUSH_ERR_CHANNEL, CARDHUSH_ERR_VALUE, Failure, cardhush_status};
use crate::versioned;
use cardhush_core::{Config, Span};
use std::ffi::c_void;

/// Samples a channel that one call takes at most: 131 s at 8 kHz. What is longer was meant for something else.
pub const CARDHUSH_MAX_FRAMES: usize = 1 << 20;

/// A scrubber. Opaque: a pointer to one is a number, and nothing lies behind it.
pub struct cardhush_scrubber {
    _nothing: [u8; 0],
}

/// Opens a scrubber for a stream of the given form; its memory is of the heap, and none is taken after this. Takes up to 256 KiB of stack, as `_init` does; nothing on the audio path takes 64.
/// `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_STRUCT_SIZE`, `_RATE`, `_CHANNELS`, `_LOOK_AHEAD`, `_VALUE`, `_MODEL`, `_NO_MEMORY`, `_HANDLES`, `_POISONED` (a defect; nothing was opened). Any thread.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, and `scrubber` to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_new(config: *const cardhush_config, scrubber: *mut *mut cardhush_scrubber) -> cardhush_status {
    boundary::alone(|| {
        let out = pointer::checked(scrubber)?;
        // SAFETY: the caller's promise.
        let (asked, engine) = unsafe { read(config) }?;
        let line = Line::new(&engine, &asked)?;
        // SAFETY: just made, and checked.
        unsafe { hand_over(line, out) }
    })
}

/// Writes to `size` how many bytes `cardhush_scrubber_init` needs, wherever they begin. Errors as those of `cardhush_scrubber_new`. Any thread.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, and `size` to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_size(config: *const cardhush_config, size: *mut usize) -> cardhush_status {
    boundary::alone(|| {
        let out = pointer::checked(size)?;
        // SAFETY: the caller's promise.
        let (asked, engine) = unsafe { read(config) }?;
        let size = Line::size(&engine, &asked)?;
        // SAFETY: checked.
        unsafe { pointer::give(out, size) };
        Ok(())
    })
}

/// Opens a scrubber within the caller's memory: nothing is taken from the heap. The memory, of any alignment, belongs to the scrubber until `cardhush_scrubber_free`,
/// which overwrites it. `CARDHUSH_ERR_MEMORY` where `size` is less than `cardhush_scrubber_size` says, and the errors of `cardhush_scrubber_new`. Any thread.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, `scrubber` to a place for a handle, and `memory` to `size` bytes that nothing else uses until the scrubber is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_init(
    config: *const cardhush_config,
    memory: *mut c_void,
    size: usize,
    scrubber: *mut *mut cardhush_scrubber,
) -> cardhush_status {
    boundary::alone(|| {
        let out = pointer::checked(scrubber)?;
        // SAFETY: the caller's promise.
        let (asked, engine) = unsafe { read(config) }?;
        // SAFETY: the caller's promise.
        let line = unsafe { Line::within(&engine, &asked, memory.cast(), size) }?;
        // SAFETY: just made, and checked.
        unsafe { hand_over(line, out) }
    })
}

/// Closes a scrubber, overwrites all that it held, and gives its memory back to the heap or to the caller. What had not come out is lost: `cardhush_scrubber_finish` gives it.
/// NULL is fine. `CARDHUSH_ERR_HANDLE` (also: freed before), `_BUSY`: then it is still open, and the memory of `_init` is yours only after `CARDHUSH_OK`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_free(scrubber: *mut cardhush_scrubber) -> cardhush_status {
    // SAFETY: what a handle of this kind stands for came from `Line`, and is nobody's once it is closed.
    close::<Line>(scrubber.addr(), |line| unsafe { Line::free(line) })
}

/// Takes `frames` frames of interleaved samples and gives as many back in place, those that went in a latency ago. Silence, `cardhush_scrubber_latency` samples of it, comes before the first: leave it out, and
/// sample n of what is left is sample n of what went in, which is how events count. After an error the samples are silence, but for `CARDHUSH_ERR_NULL`, `_HANDLE`, `_BUSY` and `_LENGTH`, where it is not known what
/// they are or how many: they are as they came then, NOT scrubbed, and must not be used. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`,
/// `_LENGTH` (over `CARDHUSH_MAX_FRAMES`), `_FINISHED`. One thread a scrubber at a time; allocates nothing.
/// Must hold: `samples` leads to as many frames, which nothing else uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_process(
    scrubber: *mut cardhush_scrubber,
    samples: *mut c_void,
    frames: usize,
) -> cardhush_status {
    // SAFETY: the caller's promise.
    unsafe { run(scrubber, samples, frames, false) }
}

/// The call is over: overwrites `frames` frames with the last samples of the call, which are still held, `cardhush_scrubber_latency` of them in all, by one call or several; behind them silence. The first settles
/// what was in doubt. Only `cardhush_scrubber_reset` makes the scrubber take samples again. Errors as those of `cardhush_scrubber_process`. One thread a scrubber at a time; allocates nothing.
/// Must hold: `samples` leads to as many frames, which nothing else uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_finish(
    scrubber: *mut cardhush_scrubber,
    samples: *mut c_void,
    frames: usize,
) -> cardhush_status {
    // SAFETY: the caller's promise.
    unsafe { run(scrubber, samples, frames, true) }
}

/// Fetches events, the oldest first: at most `capacity` go to `events`, and `count` says how many waited. Where that is more than `capacity`, the rest waits on. To be called after each
/// `_process`, `_finish`, `_mask` and `_signalled`: what finds no room in the scrubber becomes one `CARDHUSH_EVENT_LOST`. `events` may be NULL where `capacity` is 0.
/// A poisoned scrubber gives those that were told before. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_NULL`, `_ALIGNMENT`, `_LENGTH`. One thread a scrubber at a time; allocates nothing.
/// Must hold: `events` leads to `capacity` places and `count` to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_events(
    scrubber: *mut cardhush_scrubber,
    events: *mut cardhush_event,
    capacity: usize,
    count: *mut usize,
) -> cardhush_status {
    // SAFETY: the caller's promise.
    with_spoilt::<Line>(scrubber.addr(), |line| unsafe { line.events.give(events, capacity, count) })
}

/// Writes to `frames` by how many samples the output is behind the input. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a scrubber at a time.
/// Must hold: `frames` leads to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scrubber_latency(scrubber: *mut cardhush_scrubber, frames: *mut u64) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        let out = pointer::checked(frames)?;
        // SAFETY: checked.
        unsafe { pointer::give(out, line.latency()) };
        Ok(())
    })
}

/// From the next sample on every run of spoken digits is masked: the agent asks for the card now. Keyed digits are masked armed or not; where spoken ones are off it changes nothing. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_arm(scrubber: *mut cardhush_scrubber) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        line.arm(true);
        Ok(())
    })
}

/// From the next sample on spoken digits are masked as the configuration says. Errors and threads as `cardhush_scrubber_arm`.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_disarm(scrubber: *mut cardhush_scrubber) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        line.arm(false);
        Ok(())
    })
}

/// Masks the samples `[start, end)` of a channel, from 0, or of `CARDHUSH_ALL_CHANNELS`; they may be still to come, and are told as far as they do. What of them has come out is told as exposed, in as many events as there are gaps between what was replaced already.
/// `CARDHUSH_ERR_CHANNEL` where the stream has no such channel: all are masked then, so that a wrong number leaves nothing in. `CARDHUSH_ERR_VALUE` where `end` is not behind `start`;
/// `CARDHUSH_ERR_FINISHED` after the first `_finish`, and nothing is masked; `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_mask(scrubber: *mut cardhush_scrubber, channel: u64, start: u64, end: u64) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        if end <= start {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let known = line.channel(channel);
        line.mask(known, Span::new(start, end))?;
        if known.is_none() && channel != CARDHUSH_ALL_CHANNELS { Err(Failure(CARDHUSH_ERR_CHANNEL)) } else { Ok(()) }
    })
}

/// A key was pressed in the samples `[start, end)` of a channel, as signalling tells (RFC 4733, SIP INFO, the switch): masked whatever is heard, with the cause `event`, and with `linked` on every other channel
/// where channels are linked. May be told again as the key goes on; give some 40 ms before and behind what signalling measured. Errors and threads as those of `cardhush_scrubber_mask`.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_signalled(scrubber: *mut cardhush_scrubber, channel: u64, start: u64, end: u64) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        if end <= start {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let known = line.channel(channel);
        line.signalled(known, Span::new(start, end))?;
        if known.is_none() && channel != CARDHUSH_ALL_CHANNELS { Err(Failure(CARDHUSH_ERR_CHANNEL)) } else { Ok(()) }
    })
}

/// Forgets the call and overwrites what was held of it: the next sample is the first of another, and events that wait are gone. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time;
/// allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_reset(scrubber: *mut cardhush_scrubber) -> cardhush_status {
    with::<Line>(scrubber.addr(), |line| {
        line.reset();
        Ok(())
    })
}

/// Spoils the scrubber as a defect of cardhush would, so that you can see what your program does then: every later call says `CARDHUSH_ERR_POISONED`, and samples become silence.
/// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a scrubber at a time.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_scrubber_poison(scrubber: *mut cardhush_scrubber) -> cardhush_status {
    poison::<Line>(scrubber.addr())
}

/// # Safety
/// `config` leads to as many bytes as its `struct_size` says.
unsafe fn read(config: *const cardhush_config) -> Result<(cardhush_config, Config), Failure> {
    // SAFETY: the caller's promise.
    let asked = unsafe { versioned::read(config) }?;
    // SAFETY: the caller's promise.
    Ok((asked, unsafe { asked.engine() }?))
}

/// Opens a handle for a new line.
///
/// # Safety
/// `line` was just made, and `out` is checked.
unsafe fn hand_over(line: *mut Line, out: *mut *mut cardhush_scrubber) -> Result<(), Failure> {
    match handle::open(line) {
        Ok(handle) => {
            // SAFETY: checked.
            unsafe { pointer::give(out, std::ptr::without_provenance_mut(handle)) };
            Ok(())
        }
        Err(failure) => {
            // SAFETY: just made, and nobody knows it.
            unsafe { Line::free(line) };
            Err(failure)
        }
    }
}

/// # Safety
/// `samples` leads to as many frames, which nothing else uses meanwhile.
unsafe fn run(scrubber: *mut cardhush_scrubber, samples: *mut c_void, frames: usize, finish: bool) -> cardhush_status {
    let line = handle::lend::<Line>(scrubber.addr());
    // SAFETY: the caller's promise.
    Failure::status(line.and_then(|mut line| unsafe { line.run(samples.cast(), frames, finish) }))
}
