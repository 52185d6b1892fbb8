//! Hits of all channels in, spans to be masked out. Sees no audio.
//!
//! `voices`: whose a hit is; `run`: hits of a voice -> runs of digits; `heard`: both of one channel; `window`: runs of a call -> what is
//! masked of them; `plan`: spans of a channel, until they have left.

pub mod heard;
pub mod plan;
pub mod run;
pub mod voices;
pub mod window;

#[cfg(test)]
mod timelines;
