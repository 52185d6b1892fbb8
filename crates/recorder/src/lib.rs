//! Live calls: a recorder hands every RTP packet of a call to a [`Session`], and stores what comes out of it, in which no packet holds a card digit.
//!
//! Packets go through unchanged but for what is masked: the samples of keyed and spoken digits, in the payload's own coding, and the digits of
//! telephone-events (RFC 4733). Headers, lengths and order stay. There is no I/O, no clock and no thread in here: the caller brings packets and the time, and
//! takes packets and events. A session takes its memory when it is made and when a channel is added, and none after that.
//!
//! - [`config`]: what is asked of a session and what a channel's payload types are
//! - [`rtp`], [`parts`]: what a packet holds: header, audio, events, redundant blocks (RFC 3550, 3551, 4733, 2198)
//! - `place`, `timeline`: where samples lie, through loss, disorder, copies, jumps and wraps
//! - `stream`, `store`, `masks`: one channel's packets, until they are settled
//! - [`session`]: all channels of a call, on one timeline, through one analysis
//!
//! ```
//! use cardhush_recorder::{EventKind, Formats, Output, Session, SessionConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut session = Session::new(&SessionConfig::default(), 1_700_000_000_000_000)?;
//! let customer = session.add(&Formats::g711())?;
//! let mut stored = Vec::new();
//! let mut sink = |output: Output<'_>| match output {
//!     Output::Packet(packet) => stored.push(packet.bytes.to_vec()),
//!     Output::Event(event) => match event.kind {
//!         EventKind::Redacted(cause) => println!("channel {}: {:?} replaced ({})", event.channel.slot(), event.span, cause.name()),
//!         EventKind::Exposed(_) => println!("had left already"),
//!         _ => {}
//!     },
//!     _ => {}
//! };
//!
//! for i in 0..100_u16 {
//!     let now_us = 1_700_000_000_000_000 + u64::from(i) * 20_000; // from the socket
//!     let mut packet = vec![0x80, 0, (i >> 8) as u8, i as u8, 0, 0, 0, 0, 0, 0, 0, 9];
//!     packet[4..8].copy_from_slice(&(u32::from(i) * 160).to_be_bytes());
//!     packet.extend([0xff; 160]);
//!     session.receive(customer, now_us, &packet, 0, &mut sink)?;
//!     session.advance(now_us, &mut sink);
//! }
//! session.finish(&mut sink);
//! assert_eq!(stored.len(), 100);
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]

pub mod channel;
pub mod config;
mod encrypted;
pub mod error;
pub mod event;
mod keys;
mod masks;
pub mod parts;
mod place;
pub mod rtp;
pub mod session;
mod store;
mod stream;
mod timeline;

pub use channel::ChannelId;
pub use config::{EventFate, Formats, Payload, SessionConfig};
pub use error::{PacketError, SessionError};
pub use event::{Event, EventKind, Output, Packet};
pub use session::{ORIGIN_MS, Session};
pub use stream::MAX_PACKET;

pub use cardhush_core::{Cause, Digit, Fill, KeyedConfig, Linking, Preset, Span, SpokenConfig, g711};
