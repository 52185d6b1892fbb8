//! The wish to stop, from SIGINT or SIGTERM: asked for between two blocks of a file, or in place of a stream's next samples.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::{self, Read, StdinLock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a signal came.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on the first signal asks the run to stop, with nothing left behind; a second one ends it at once.
    pub fn listen() -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // Without a handler the signal ends the run at once, which is as safe where files have no name yet.
            let _ = flag::register_conditional_default(signal, Arc::clone(&asked));
            let _ = flag::register(signal, Arc::clone(&asked));
        }
        Self(asked)
    }

    /// Whether the run shall stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Standard input, which ends where a signal comes: what came before it is still in the delay line, and shall come out.
#[derive(Debug)]
pub struct UntilStopped<'a> {
    input: StdinLock<'a>,
    stop: Stop,
}

impl<'a> UntilStopped<'a> {
    /// This input, until `stop` is asked for.
    pub fn new(input: StdinLock<'a>, stop: Stop) -> Self {
        Self { input, stop }
    }
}

impl Read for UntilStopped<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.stop.asked() {
            if ready(&self.input)? {
                return self.input.read(into);
            }
        }
        Ok(0)
    }
}

/// Waits until there is something to read, or the end, or a moment has passed: a read that waits is taken up again after a signal and would
/// not hear of it before the next samples. Nothing waits in the lock's own buffer, which reads as long as a stream's pass by.
#[cfg(unix)]
fn ready(input: &StdinLock<'_>) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    match poll(&mut [PollFd::new(input, PollFlags::IN)], Some(&MOMENT)) {
        Ok(ready) => Ok(ready > 0),
        Err(error) if error == rustix::io::Errno::INTR => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn ready(_: &StdinLock<'_>) -> io::Result<bool> {
    Ok(true)
}
