//! What can be wrong with a configuration: the only failure core knows.

use crate::config::{ANALYSIS_RATE_HZ, MAX_CHANNELS, MAX_LOOK_AHEAD_MS, MAX_RATE_HZ};

/// A configuration that was refused, with the value and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Sample rate outside of 8,000..=192,000 Hz.
    #[error("sample rate {rate_hz} Hz: must be {min} to {max} Hz", min = ANALYSIS_RATE_HZ, max = MAX_RATE_HZ)]
    Rate {
        /// What was asked for, in Hz.
        rate_hz: u32,
    },
    /// Channel count outside of 1..=8.
    #[error("{channels} channels: must be 1 to {MAX_CHANNELS}")]
    Channels {
        /// What was asked for.
        channels: u8,
    },
    /// Look-ahead above its limit.
    #[error("look-ahead {look_ahead_ms} ms: must be at most {MAX_LOOK_AHEAD_MS} ms")]
    LookAhead {
        /// What was asked for, in ms.
        look_ahead_ms: u32,
    },
    /// The caller's storage is too small.
    #[error("storage for {what}: {given} given, {needed} needed")]
    Storage {
        /// Which storage: `channel states` or `delay line`.
        what: &'static str,
        /// Elements given.
        given: usize,
        /// Elements needed.
        needed: usize,
    },
}
