//! cardhush finds keyed and spoken card digits in call audio and replaces them, so that what is recorded holds no card data.
//!
//! The signal path, block by block:
//!
//! 1. [`coding`] turns the caller's samples into `f32`, full scale 1.0 (a full-scale sine is +3.14 dBm0), and is the only place that does.
//! 2. [`front`] brings any rate from 8 to 192 kHz to the 8 kHz at which the detectors work.
//! 3. `keyed` is a DTMF receiver in two tiers: *masked* spans take whatever a least-squares attacker could read of a tone, *confirmed*
//!    digits obey the limits of ITU-T Q.24 and ETSI ES 201 235-3, and are what a caller may act on.
//! 4. [`spoken`] is a spotter of spoken digits: a small network that says of every 20 ms how like a digit it sounds.
//! 5. `policy` makes runs of those, decides which can be a card, links the channels of a call, and keeps the spans until they have left.
//! 6. [`suppress`] fills them; the fill never depends on what it replaces.
//!
//! [`Analyzer`] is steps 1 to 5 and only reads. [`Scrubber`] adds a delay line, which audio takes round the detectors, and step 6.
//! Time is the sample index of the call at its own rate. Nothing here allocates, panics, logs or prints a digit; the caller brings all
//! storage.
//!
//! ```
//! use cardhush_core::{ChannelState, Config, Event, Linear16, Scrubber};
//!
//! # fn main() -> Result<(), cardhush_core::ConfigError> {
//! let mut config = Config::new(8_000, 2);
//! config.look_ahead_ms = Some(3_000); // without it 8 s; the shorter, the more digits leave before a card is known to be one
//! let delay = vec![0_i16; Scrubber::<Linear16, Vec<ChannelState>, Vec<i16>>::storage_len(&config)?];
//! let mut scrubber = Scrubber::<Linear16, _, _>::new(&config, vec![ChannelState::new(); 2], delay)?;
//!
//! let mut chunk = [0_i16; 2 * 160]; // 20 ms, two channels, interleaved: in goes what came, out comes what came 3 s ago, what is masked replaced
//! scrubber.process(&mut chunk, &mut |event| match event {
//!     Event::Redacted(redaction) => println!("channel {} {:?}", redaction.channel, redaction.span),
//!     Event::Exposed { channel, span, .. } => println!("left too early: channel {channel} {span:?}"),
//!     _ => {}
//! });
//! # Ok(())
//! # }
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod analyzer;
pub mod coding;
pub mod config;
pub mod error;
pub mod event;
pub mod front;
pub mod g711;
mod keyed;
mod policy;
pub mod sample_coding;
pub mod scrubber;
pub mod spoken;
pub mod suppress;
mod wipe;

pub use analyzer::{Analyzer, ChannelState};
pub use coding::{Alaw, Coding, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Ulaw};
pub use config::{Config, Fill, Isa, KEYED_LOOK_AHEAD_MS, KeyedConfig, Linking, Nearness, SPOKEN_LOOK_AHEAD_MS, SpokenConfig};
pub use error::ConfigError;
pub use event::{Cause, Digit, Event, Redaction, Span};
pub use front::{FrontParams, FrontState};
pub use policy::window::Preset;
pub use sample_coding::SampleCoding;
pub use scrubber::Scrubber;
pub use spoken::{Model, ModelError};
pub use suppress::{DelayLine, Suppressor};
