//! How much is under way at a time: of memory, where objects are held in it, and of processors, where more workers wait for a store than there are to calculate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often whoever waits looks whether to go on.
const LOOK: Duration = Duration::from_millis(100);

/// So much of something, taken and given back. Who came first is served first: whoever wants much would otherwise wait for as long as others come who want little.
#[derive(Clone, Debug)]
pub struct Room(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    state: Mutex<State>,
    /// Something was given back, or the first of those who wait went away.
    moved: Condvar,
    all: u64,
}

#[derive(Debug)]
struct State {
    free: u64,
    /// The numbers of those who wait, the first one first.
    waiting: VecDeque<u64>,
    /// The number of whoever comes next.
    next: u64,
}

/// What was taken. Dropped, it is given back.
#[derive(Debug)]
pub struct Taken(Arc<Pool>, u64);

impl Room {
    pub fn new(all: u64) -> Self {
        let state = State { free: all, waiting: VecDeque::new(), next: 0 };
        Self(Arc::new(Pool { state: Mutex::new(state), moved: Condvar::new(), all }))
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
        let mut state = self.0.lock();
        let own = state.next;
        state.next += 1;
        state.waiting.push_back(own);
        let is_served = |state: &State| state.free >= much && state.waiting.front() == Some(&own);
        while !is_served(&state) && !stop.load(Ordering::Relaxed) {
            state = self.0.moved.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let served = is_served(&state);
        state.waiting.retain(|one| *one != own);
        self.0.moved.notify_all();
        if !served {
            return None;
        }
        state.free -= much;
        Some(Taken(Arc::clone(&self.0), much))
    }

    /// Whether somebody waits for some.
    pub fn is_short(&self) -> bool {
        !self.0.lock().waiting.is_empty()
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.lock().free += self.1;
        self.0.moved.notify_all();
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

    #[test]
    fn who_came_first_is_served_first() {
        let (room, stop) = (Room::new(10), AtomicBool::new(false));
        let first = room.take(7, &stop).unwrap();
        let served = Mutex::new(Vec::new());
        let waiting = || room.0.lock().waiting.len();
        std::thread::scope(|scope| {
            let serve = |much| {
                let _taken = room.take(much, &stop);
                served.lock().unwrap().push(much);
            };
            scope.spawn(move || serve(8));
            while waiting() < 1 {
                std::thread::yield_now();
            }
            // There is room for it, and somebody was first.
            scope.spawn(move || serve(3));
            while waiting() < 2 && served.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            drop(first);
        });
        assert_eq!(*served.lock().unwrap(), [8, 3]);
    }
}
