//! Raw samples from a reader to a writer with the digits replaced: as many out as in, each at its place, as soon as its fate is settled.
//!
//! What is there is read, processed, written and flushed, so that pieces of 20 ms flow through a pipe. The [`Scrubber`]'s latency is
//! dropped at the start and made up for at the end. What cannot be examined, the bytes of an unfinished last frame, is
//! replaced by silence. Memory: the delay line; blocks of
//! 64 KiB; and, at the end, the delay line's length twice more, once as samples and once as bytes.

use crate::arms::Arms;
use crate::held::Held;
use crate::mask::{Mask, MaskError};
use cardhush_core::{ChannelState, Coding, Config, ConfigError, Event, Scrubber, Span};
use cardhush_wav::{SampleCoding, with_coding};
use std::io::{self, ErrorKind, Read, Write};

/// Most bytes that are read at a time.
const READ_BYTES: usize = 64 * 1024;

/// What went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streamed {
    /// Samples a channel.
    pub frames: u64,
    /// Bytes of an unfinished last frame, replaced by silence.
    pub unfinished_bytes: usize,
}

/// Why a stream broke off. What was written until then is scrubbed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The engine does not take such a stream.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// It cannot be armed as asked.
    #[error("{0}")]
    Arm(#[from] MaskError),
    /// No more samples could be read.
    #[error("cannot read the samples: {0}")]
    Read(io::Error),
    /// No more samples could be written.
    #[error("cannot write the samples: {0}")]
    Write(io::Error),
    /// What happened could not be told; the samples that it happened to were not written.
    #[error("cannot write the report: {0}")]
    Tell(io::Error),
}

/// Passes a stream on until it ends. `tell` hears of every event, when it is final, before the samples after it are written.
///
/// # Errors
/// [`StreamError`]: it broke off.
pub fn stream(
    coding: SampleCoding,
    config: &Config,
    armed: &[Mask],
    input: impl Read,
    output: impl Write,
    tell: impl FnMut(Event) -> io::Result<()>,
) -> Result<Streamed, StreamError> {
    with_coding!(coding, C => Pipe::<C, _, _>::new(config, armed, output, tell)?.run(input))
}

struct Pipe<C: Coding, W, T> {
    scrubber: Scrubber<C, Vec<ChannelState>, Vec<C::Unit>>,
    channels: usize,
    arms: Arms,
    /// Samples of a channel that came in.
    taken: u64,
    /// Samples, over all channels, that the delay line holds.
    latency: usize,
    /// Those that are still to come out before the first that went in.
    ahead: usize,
    units: Held<C::Unit>,
    events: Vec<Event>,
    bytes: Held<u8>,
    output: W,
    tell: T,
}

impl<C: Coding, W: Write, T: FnMut(Event) -> io::Result<()>> Pipe<C, W, T> {
    fn new(config: &Config, armed: &[Mask], output: W, tell: T) -> Result<Self, StreamError> {
        let states = (0..config.channels).map(|_| ChannelState::new()).collect();
        let delay = vec![C::SILENCE; Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config)?];
        let scrubber = Scrubber::new(config, states, delay)?;
        let channels = usize::from(config.channels);
        let latency = scrubber.latency() as usize * channels;
        Ok(Self {
            scrubber,
            channels,
            arms: Arms::new(armed, config.rate_hz, config.channels, u64::MAX, Span::new(0, u64::MAX))?,
            taken: 0,
            latency,
            ahead: latency,
            units: Held::default(),
            events: Vec::new(),
            bytes: Held::default(),
            output,
            tell,
        })
    }

    fn run(mut self, mut input: impl Read) -> Result<Streamed, StreamError> {
        let frame_bytes = self.channels * C::BYTES;
        let mut buffer = Held::default();
        buffer.resize(READ_BYTES, 0);
        let (mut held, mut frames) = (0, 0);
        loop {
            let (_, free) = buffer.split_at_mut(held);
            held += match input.read(free) {
                Ok(0) => break,
                Ok(bytes) => bytes,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(StreamError::Read(e)),
            };
            let whole = held - held % frame_bytes;
            let (ready, _) = buffer.split_at(whole);
            self.units.empty_for(whole / C::BYTES);
            self.units.extend(ready.chunks_exact(C::BYTES).map(C::from_le_bytes));
            self.pass()?;
            frames += (whole / frame_bytes) as u64;
            buffer.copy_within(whole..held, 0);
            held -= whole;
        }
        self.finish()?;
        self.silence(held)?;
        Ok(Streamed { frames, unfinished_bytes: held })
    }

    /// Sends `units` through the scrubber and writes what comes out.
    fn pass(&mut self) -> Result<(), StreamError> {
        let mut rest = &mut self.units[..];
        let end = self.taken + (rest.len() / self.channels) as u64;
        while let Some(change) = self.arms.next().filter(|change| *change < end) {
            let (before, behind) = rest.split_at_mut((change - self.taken) as usize * self.channels);
            self.scrubber.process(before, &mut |event| self.events.push(event));
            if self.arms.take(end) == Some(true) {
                self.scrubber.arm()
            } else {
                self.scrubber.disarm()
            }
            (rest, self.taken) = (behind, change);
        }
        self.scrubber.process(rest, &mut |event| self.events.push(event));
        self.taken = end;
        self.write()
    }

    /// Writes what is still in the delay line.
    fn finish(&mut self) -> Result<(), StreamError> {
        self.units.empty_for(self.latency);
        self.units.resize(self.latency, C::SILENCE);
        self.scrubber.finish(&mut self.units, &mut |event| self.events.push(event));
        self.write()
    }

    /// Tells the events, then writes the units, but for those that come before the first that went in.
    fn write(&mut self) -> Result<(), StreamError> {
        self.events.drain(..).try_for_each(&mut self.tell).map_err(StreamError::Tell)?;
        let early = self.ahead.min(self.units.len());
        self.ahead -= early;
        let ready = self.units.get(early..).unwrap_or(&[]);
        self.bytes.empty_for(ready.len() * C::BYTES);
        self.bytes.resize(ready.len() * C::BYTES, 0);
        self.bytes.chunks_exact_mut(C::BYTES).zip(ready).for_each(|(bytes, unit)| C::to_le_bytes(*unit, bytes));
        self.output.write_all(&self.bytes).and_then(|()| self.output.flush()).map_err(StreamError::Write)
    }

    /// Writes as many bytes of silence as an unfinished frame had.
    fn silence(&mut self, bytes: usize) -> Result<(), StreamError> {
        let mut silent = vec![0; bytes.div_ceil(C::BYTES) * C::BYTES];
        silent.chunks_exact_mut(C::BYTES).for_each(|bytes| C::to_le_bytes(C::SILENCE, bytes));
        silent.truncate(bytes);
        self.output.write_all(&silent).and_then(|()| self.output.flush()).map_err(StreamError::Write)
    }
}
