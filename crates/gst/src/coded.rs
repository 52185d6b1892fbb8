//! The engine for any coding: a [`Scrubber`] whose samples are the bytes of GStreamer's buffers.
//!
//! In and out: whole interleaved frames as little-endian bytes, in place; what comes out is [`latency`](Coded::latency) frames older. The bytes are read and written as core's codings
//! read and write them, which changes none.

use crate::held::Held;
use cardhush_core::{ChannelState, Coding, Config, ConfigError, Event, SampleCoding, Scrubber, Span, with_coding};

/// Frames that go through the engine in one go.
const PIECE: usize = 160;

/// The codings of `audio/x-raw`, with the names that its `format` has.
pub const RAW: [(&str, SampleCoding); 6] = [
    ("S16LE", SampleCoding::Linear16),
    ("U8", SampleCoding::Linear8),
    ("S24LE", SampleCoding::Linear24),
    ("S32LE", SampleCoding::Linear32),
    ("F32LE", SampleCoding::Float32),
    ("F64LE", SampleCoding::Float64),
];

/// An engine for samples of a coding.
///
/// # Errors
/// A value of `config` outside of its limits.
pub fn engine(coding: SampleCoding, config: &Config) -> Result<Box<dyn Coded>, ConfigError> {
    Ok(with_coding!(coding, C => Box::new(Engine::<C>::new(config)?)))
}

/// See the module. The methods are the [`Scrubber`]'s.
pub trait Coded: Send {
    /// Delay in samples.
    fn latency(&self) -> u64;
    /// Takes whole frames and gives back as many.
    fn process(&mut self, bytes: &mut [u8], events: &mut Vec<Event>);
    /// The call is over: gives what is in the delay line, `latency` frames in one call or more.
    fn finish(&mut self, bytes: &mut [u8], events: &mut Vec<Event>);
    /// Writes silence.
    fn silence(&self, bytes: &mut [u8]);
    /// Masks a span of the timeline on every channel.
    fn mask(&mut self, span: Span, events: &mut Vec<Event>);
    /// Every run of spoken digits counts from the next sample on, or only what the preset says.
    fn arm(&mut self, armed: bool);
}

struct Engine<C: Coding> {
    scrubber: Scrubber<C, Vec<ChannelState>, Vec<C::Unit>>,
    units: Held<C::Unit>,
}

impl<C: Coding> Engine<C> {
    fn new(config: &Config) -> Result<Self, ConfigError> {
        let delay = vec![C::SILENCE; Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config)?];
        let states = vec![ChannelState::new(); config.channels.into()];
        Ok(Self { scrubber: Scrubber::new(config, states, delay)?, units: Held::new(PIECE * usize::from(config.channels)) })
    }

    /// Has `change` at the samples of `bytes`, piece by piece.
    fn each(&mut self, bytes: &mut [u8], mut change: impl FnMut(&mut Scrubber<C, Vec<ChannelState>, Vec<C::Unit>>, &mut [C::Unit])) {
        let most = self.units.first(usize::MAX).len() * C::BYTES;
        for piece in bytes.chunks_mut(most.max(1)) {
            let units = self.units.first(piece.len() / C::BYTES);
            units.iter_mut().zip(piece.chunks_exact(C::BYTES)).for_each(|(unit, bytes)| *unit = C::from_le_bytes(bytes));
            change(&mut self.scrubber, units);
            piece.chunks_exact_mut(C::BYTES).zip(units).for_each(|(bytes, unit)| C::to_le_bytes(*unit, bytes));
        }
    }
}

impl<C: Coding> Coded for Engine<C> {
    fn latency(&self) -> u64 {
        self.scrubber.latency()
    }

    fn process(&mut self, bytes: &mut [u8], events: &mut Vec<Event>) {
        self.each(bytes, |scrubber, units| scrubber.process(units, &mut |event| events.push(event)));
    }

    fn finish(&mut self, bytes: &mut [u8], events: &mut Vec<Event>) {
        self.each(bytes, |scrubber, units| scrubber.finish(units, &mut |event| events.push(event)));
    }

    fn silence(&self, bytes: &mut [u8]) {
        bytes.chunks_exact_mut(C::BYTES).for_each(|bytes| C::to_le_bytes(C::SILENCE, bytes));
    }

    fn mask(&mut self, span: Span, events: &mut Vec<Event>) {
        self.scrubber.mask(None, span, &mut |event| events.push(event));
    }

    fn arm(&mut self, armed: bool) {
        if armed { self.scrubber.arm() } else { self.scrubber.disarm() }
    }
}
