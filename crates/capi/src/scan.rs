//! `cardhush_scan`: where the digits of a buffer are. Reads the samples and writes none.
//!
//! It looks as a scrubber does, with the same settings, over samples that have not left: what a scrubber could only call exposed is told as to be replaced. The command
//! `cardhush scan` looks three times over a file, and finds faint tones near sure ones that one look misses.

use crate::boundary;
use crate::config::cardhush_config;
use crate::event::cardhush_event;
use crate::memory::{Block, Division, Piece};
use crate::pointer;
use crate::status::{CARDHUSH_ERR_LENGTH, Failure, cardhush_status};
use crate::versioned;
use cardhush_core::{Analyzer, ChannelState, Coding, Config, Event, Redaction, with_coding};
use std::ffi::c_void;

/// Memory of a scan.
fn division(config: &Config) -> Result<(Division, Piece<ChannelState>), Failure> {
    let mut division = Division::new();
    let states = division.piece(config.channels.into())?;
    Ok((division, states))
}

/// Writes to `size` how many bytes of memory `cardhush_scan` needs, wherever they begin. Errors as those of `cardhush_scrubber_new`. Any thread.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, and `size` to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scan_size(config: *const cardhush_config, size: *mut usize) -> cardhush_status {
    boundary::alone(|| {
        let out = pointer::checked(size)?;
        // SAFETY: the caller's promise.
        let asked = unsafe { versioned::read(config) }?;
        // SAFETY: the caller's promise.
        let (division, _) = division(&unsafe { asked.engine() }?)?;
        // SAFETY: checked.
        unsafe { pointer::give(out, division.size()) };
        Ok(())
    })
}

/// Finds the digits of `frames` frames of interleaved samples, which are a whole call. The first `capacity` events go to `events`, those of each channel in order, and `count` says how many there are: where that is more
/// than `capacity`, ask again with a longer array. `memory` is as much as `cardhush_scan_size` says, and is overwritten; NULL and 0 take it from the heap and give it back.
/// `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_LENGTH` (more than memory can hold), `_MEMORY`, and the errors of `cardhush_scrubber_new`. Any thread; takes as long as it takes: not for the audio path.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, `memory` to `size`, `samples` to as many frames, `events` to `capacity` places and `count` to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_scan(
    config: *const cardhush_config,
    memory: *mut c_void,
    size: usize,
    samples: *const c_void,
    frames: usize,
    events: *mut cardhush_event,
    capacity: usize,
    count: *mut usize,
) -> cardhush_status {
    boundary::alone(|| {
        let (events, count) = (pointer::array(events, capacity)?, pointer::checked(count)?);
        // SAFETY: the caller's promise.
        let asked = unsafe { versioned::read(config) }?;
        // SAFETY: the caller's promise.
        let engine = unsafe { asked.engine() }?;
        let mut found = 0;
        let mut tell = |event: cardhush_event| {
            if found < capacity {
                // SAFETY: within the array, which is checked.
                unsafe { pointer::give(events.wrapping_add(found), event) };
            }
            found += 1;
        };
        with_coding!(asked.sample_coding()?, C => {
            let units = frames.checked_mul(engine.channels.into()).ok_or(Failure(CARDHUSH_ERR_LENGTH))?;
            let samples = pointer::array(samples.cast::<<C as Coding>::Unit>().cast_mut(), units)?;
            // SAFETY: checked, the caller's promise, and any bits are a unit.
            let pcm = unsafe { std::slice::from_raw_parts(samples, units) };
            // SAFETY: the caller's promise.
            let (block, states) = unsafe { take(&engine, memory, size) }?;
            let looked = boundary::caught(|| look::<C>(&engine, states, pcm, &mut tell));
            // SAFETY: the analyzer is gone.
            unsafe { block.free() };
            looked.and_then(|looked| looked)
        })?;
        // SAFETY: checked.
        unsafe { pointer::give(count, found) };
        Ok(())
    })
}

/// # Safety
/// `memory` is NULL, or leads to `size` bytes that nobody else uses meanwhile.
unsafe fn take(config: &Config, memory: *mut c_void, size: usize) -> Result<(Block, &'static mut [ChannelState]), Failure> {
    let (division, states) = division(config)?;
    let block = if memory.is_null() && size == 0 {
        division.of_heap()?
    } else {
        // SAFETY: the caller's promise.
        unsafe { division.of_caller(memory.cast(), size) }?
    };
    // SAFETY: a piece of this block, taken once.
    Ok((block, unsafe { block.take(&states, ChannelState::new) }))
}

fn look<C: Coding>(
    config: &Config,
    states: &mut [ChannelState],
    pcm: &[C::Unit],
    tell: &mut impl FnMut(cardhush_event),
) -> Result<(), Failure> {
    let mut analyzer = Analyzer::new(config, states)?;
    let mut sink = |event| {
        let event = match event {
            // Nothing has left.
            Event::Exposed { channel, span, cause } => Event::Redacted(Redaction { channel, span, cause }),
            event => event,
        };
        if let Some(event) = cardhush_event::of_stream(event) {
            tell(event);
        }
    };
    analyzer.push::<C>(pcm, &mut sink);
    analyzer.finish(&mut sink);
    Ok(())
}
