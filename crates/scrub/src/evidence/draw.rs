//! A random sample that anybody can draw again: the calls whose SHA-256 of seed and path is the smallest.
//!
//! It depends on the seed and the names of the calls alone, not on the order of lines, nor on how an archive was cut into shards. Takes lines one by one and keeps as many as are drawn.

use crate::digest::Sha256;
use crate::ledger::CallRecord;
use std::collections::BinaryHeap;

/// Draws `n` of any number of calls.
pub struct Draw {
    seed: String,
    n: usize,
    heap: BinaryHeap<Drawn>,
    /// Calls that were drawn from.
    pub of: u64,
}

/// A call that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    rank: [u8; 32],
    /// The number of its ledger.
    pub ledger: usize,
    /// Its line.
    pub call: CallRecord,
}

impl Draw {
    /// Nothing drawn yet.
    #[must_use]
    pub fn new(seed: &str, n: usize) -> Self {
        Self { seed: seed.into(), n, heap: BinaryHeap::new(), of: 0 }
    }

    /// Offers a call.
    pub fn offer(&mut self, ledger: usize, call: &CallRecord) {
        self.of += 1;
        let rank = Sha256::of(format!("{} {}", self.seed, call.path).as_bytes()).0;
        if self.heap.len() < self.n || self.heap.peek().is_some_and(|worst| rank < worst.rank) {
            self.heap.push(Drawn { rank, ledger, call: call.clone() });
            if self.heap.len() > self.n {
                self.heap.pop();
            }
        }
    }

    /// Those of the `n` that have the smallest ranks, at random order.
    #[must_use]
    pub fn take(self, n: usize) -> Vec<Drawn> {
        let mut drawn = self.heap.into_sorted_vec();
        drawn.truncate(n);
        drawn
    }
}

impl Ord for Drawn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Drawn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Drawn {}
