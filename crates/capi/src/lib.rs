//! The C ABI of cardhush: what `include/cardhush.h` declares, for programs that are not written in Rust. docs/c-abi.md is its manual.
//!
//! - [`scrubber`]: the samples of one stream, in place, delayed
//! - [`session`]: the RTP packets of a call, its channels on one timeline
//! - [`scan`]: a buffer of samples, read and not written
//! - [`config`], [`event`], [`status`], [`version`]: what goes in and what comes out
//!
//! A caller cannot crash it with a handle. Handles are numbers in the clothes of pointers (`handle`): nothing is ever read through one, so NULL, one of
//! another kind, one that was freed and one that another thread is using are each told by a [`status`]. All other pointers are checked for NULL and alignment (`pointer`),
//! and that they lead to as much memory as is said is all that a caller must promise. Every call runs inside of `boundary`, past which no panic gets: a defect poisons the
//! handle, and what was to be scrubbed comes out as silence.
//!
//! Nothing allocates after `_new` and `cardhush_session_add`, and nothing logs or calls back, but for a defect. These files are, beside the inner loops of core, the only ones with `unsafe` in them.
#![allow(unsafe_code, reason = "a caller of C has pointers to give")]
#![allow(non_camel_case_types, reason = "types are named as C names them, and the header is made of them")]
#![allow(
    clippy::missing_safety_doc,
    reason = "what a caller must see to stands in the docs of each function as `Must hold`, since its readers write C"
)]
#![warn(clippy::undocumented_unsafe_blocks)]

// The header has them in this order.
pub mod version;

pub mod status;

pub mod config;

pub mod event;

pub mod scrubber;

pub mod session;

pub mod scan;

mod boundary;
mod handle;
mod line;
mod memory;
mod outbox;
mod pointer;
mod versioned;
