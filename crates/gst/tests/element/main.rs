//! The element in GStreamer's own harness, held against core's `Scrubber` on the same samples.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod caps;
mod cuts;
mod gaps;
mod live;
mod orders;
mod rig;
