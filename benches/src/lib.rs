//! What the programs that measure speed share: an hour of call to work on, a clock that other programs do not disturb, and the machine's own limits.
//!
//! `throughput` says how many times faster than real time whole calls go, `chunk_time` how evenly the work of a live call is spread.

pub mod call;
pub mod clock;
pub mod memory;
pub mod scan;
