//! The time of a call: the wall clock when it began, and from then on one that nobody sets.

use std::time::{Duration, Instant, SystemTime};

/// See the module.
pub struct Clock {
    start_us: u64,
    started: Instant,
}

impl Clock {
    /// A call begins now.
    pub fn start() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start_us: since.as_micros() as u64, started: Instant::now() }
    }

    /// When the call began, in microseconds since the epoch.
    pub const fn start_us(&self) -> u64 {
        self.start_us
    }

    /// Now, in microseconds since the epoch.
    pub fn now_us(&self) -> u64 {
        self.start_us + self.started.elapsed().as_micros() as u64
    }

    /// So long after the call began.
    pub fn after(&self, passed: Duration) -> Instant {
        self.started + passed
    }
}
