//! How much is under way at a time: of memory, where objects are held in it, and of processors, where more workers wait for a store than there are to calculate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often whoever waits looks whether to go on.
const LOOK: Duration = Duration::from_millis(100);

/// So much of something, taken and given back.
#[derive(Clone, Debug)]
pub struct Room(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    /// How much is free, and how many wait for some.
    free: Mutex<(u64, usize)>,
    given_back: Condvar,
    all: u64,
}

/// What was taken. Dropped, it is given back.
#[derive(Debug)]
pub struct Taken(Arc<Pool>, u64);

impl Room {
    pub fn new(all: u64) -> Self {
        Self(Arc::new(Pool { free: Mutex::new((all, 0)), given_back: Condvar::new(), all }))
    }

    /// How much there is in all.
    pub fn all(&self) -> u64 {
        self.0.all
    }

    /// Takes so much, and waits for it; `None` where it was stopped meanwhile, or where there is never so much.
    pub fn take(&self, much: u64, stop: &AtomicBool) -> Option<Taken> {
        if much > self.0.all {
            return None;
        }
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.1 += 1;
        while free.0 < much && !stop.load(Ordering::Relaxed) {
            free = self.0.given_back.wait_timeout(free, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        free.1 -= 1;
        if free.0 < much {
            return None;
        }
        free.0 -= much;
        Some(Taken(Arc::clone(&self.0), much))
    }

    /// Whether somebody waits for some.
    pub fn is_short(&self) -> bool {
        let free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.1 > 0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner).0 += self.1;
        self.0.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let (room, stop) = (Room::new(10), AtomicBool::new(false));
        let first = room.take(7, &stop).unwrap();
        assert!(room.take(11, &stop).is_none(), "never so much");
        std::thread::scope(|scope| {
            let second = scope.spawn(|| room.take(4, &stop).is_some());
            while !room.is_short() {
                std::thread::yield_now();
            }
            drop(first);
            assert!(second.join().unwrap());
        });
        let _all = room.take(10, &stop).unwrap();
        stop.store(true, Ordering::Relaxed);
        assert!(room.take(1, &stop).is_none() && !room.is_short(), "stopped");
    }
}
