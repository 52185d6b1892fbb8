//! The engine for any coding: a [`Scrubber`] whose samples are the bytes of GStreamer's buffers.
//!
//! In and out: whole interleaved frames as little-endian bytes, in place; what comes out is [`latency`](Coded::latency) frames older. The bytes are read and written as core's codings
//! read and write them, which changes none.

use crate::held::Held;
use cardhush_core::{
    Alaw, ChannelState, Coding, Config, ConfigError, Event, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Scrubber, Span, Ulaw,
};

/// Frames that go through the engine in one go.
const PIECE: usize = 160;

/// How one sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// `U8`.
    U8,
    /// `S16LE`.
    S16,
    /// `S24LE`.
    S24,
    /// `S32LE`.
    S32,
    /// `F32LE`.
    F32,
    /// `F64LE`.
    F64,
    /// `audio/x-alaw`.
    Alaw,
    /// `audio/x-mulaw`.
    Ulaw,
}

impl Sample {
    /// Of `audio/x-raw`, with the names that its `format` has.
    pub const RAW: [(&'static str, Self); 6] =
        [("S16LE", Self::S16), ("U8", Self::U8), ("S24LE", Self::S24), ("S32LE", Self::S32), ("F32LE", Self::F32), ("F64LE", Self::F64)];

    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::Alaw | Self::Ulaw => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// An engine for samples of this coding.
    ///
    /// # Errors
    /// A value of `config` outside of its limits.
    pub fn engine(self, config: &Config) -> Result<Box<dyn Coded>, ConfigError> {
        Ok(match self {
            Self::U8 => Box::new(Engine::<Linear8>::new(config)?),
            Self::S16 => Box::new(Engine::<Linear16>::new(config)?),
            Self::S24 => Box::new(Engine::<Linear24>::new(config)?),
            Self::S32 => Box::new(Engine::<Linear32>::new(config)?),
            Self::F32 => Box::new(Engine::<Float32>::new(config)?),
            Self::F64 => Box::new(Engine::<Float64>::new(config)?),
            Self::Alaw => Box::new(Engine::<Alaw>::new(config)?),
            Self::Ulaw => Box::new(Engine::<Ulaw>::new(config)?),
        })
    }
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
