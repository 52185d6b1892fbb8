//! The GStreamer element `cardhush`: call audio in, the same audio out without its keyed and spoken card digits, later by the look-ahead.
//!
//! In and out: interleaved `audio/x-raw`, `audio/x-mulaw` and `audio/x-alaw` of 8 to 192 kHz and 1 to 8 channels, never transcoded. A sample leaves with
//! the timestamp that it came with; nothing but its leaving is later. All of the detection is `cardhush-core`'s [`Scrubber`](cardhush_core::Scrubber); what is here is time.
//!
//! 1. [`cardhush`] is the element: pads, properties, events and queries, and the only place that posts and pushes.
//! 2. [`stream`] is what flows through its pads: it begins a call where audio begins, and ends it where the form or the segment changes.
//! 3. [`call`] is one call: it feeds the engine, gaps included, and makes buffers of what comes out.
//! 4. [`timeline`] knows which sample of the call came with which timestamp.
//! 5. [`coded`] is the engine for any coding, bytes to bytes.
//!
//! # Time
//! The engine hears one continuous call, sample after sample, and its output is the input, a fixed number of samples older. Streams have gaps. So the call has a
//! *timeline*: a stretch of audio for what came without a break, and silence where nothing came. Silence is for the analysis alone, which then sees two keys with a pause
//! between them and not one key with a crack; when it comes out of the delay line it is left out. Each stretch remembers its first timestamp, and so every sample
//! leaves with the one that it came with, to half a sample.
//!
//! - A gap is analysed as silence if upstream tells of it (`DISCONT`, GAP event) and it lasts 4 ms, the hop of the analysis; else from 40 ms on, which is what
//!   GStreamer's audio sinks take for jitter. What adds up to 40 ms of drift counts too. A longer gap than a minute is analysed as a minute: it clears the delay line of all that can
//!   wait there, and a shorter pause than there was only masks more.
//! - Timestamps that step back are no gap: the audio is analysed as it comes, and leaves as it came.
//! - A frame that is cut between two buffers is put together. One whose rest never comes cannot be examined, so it does not leave, and a warning says so.
//! - GAP events, tags and all other events that have a place among the buffers wait for it.
//! - New caps, another segment, a new stream and the end of one end the call: what is held is settled and leaves first. A flush ends it too, but what is held is overwritten.
//!
//! # Failure
//! Whatever goes wrong, an error is posted and the flow stops: no path leads round the engine. A panic is caught by the bindings and ends likewise.

#![deny(unsafe_code)]

pub mod call;
pub mod cardhush;
pub mod coded;
mod error;
mod held;
mod message;
pub mod plugin;
pub mod settings;
pub mod stream;
pub mod timeline;

pub use error::Failure;
