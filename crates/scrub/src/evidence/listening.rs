//! What people are to listen to: so many calls with nothing found and so many scrubbed ones, as their numbers in the ledger have it.

use super::draw::{Draw, Drawn};
use super::lines::Ledgers;
use crate::error::Error;
use crate::ledger::{Record, Treatment};

/// Calls to listen to, and what it says if nothing is heard in them.
pub struct Listening {
    /// What the draw depends on, beside the names of the calls.
    pub seed: String,
    /// Calls with nothing found, and scrubbed ones.
    pub strata: [Stratum; 2],
    /// Calls that were refused or failed: nothing is said of them.
    pub left_out: u64,
}

/// Calls that ended alike.
pub struct Stratum {
    /// How.
    pub outcome: Treatment,
    /// How many there are.
    pub calls: u64,
    /// Those that are to be listened to, in the order of the draw.
    pub drawn: Vec<Drawn>,
}

impl Listening {
    /// Draws `n` calls, or all where there are fewer.
    ///
    /// # Errors
    /// A ledger cannot be read any more.
    pub fn draw(ledgers: &Ledgers, seed: &str, n: usize) -> Result<Self, Error> {
        let (mut nothing, mut scrubbed, mut left_out) = (Draw::new(seed, n), Draw::new(seed, n), 0);
        ledgers.each(|ledger, entry, counts| {
            if let (Record::Call(call), true) = (&entry.record, counts) {
                match call.outcome {
                    Treatment::NothingFound => nothing.offer(ledger, call),
                    Treatment::Scrubbed => scrubbed.offer(ledger, call),
                    _ => left_out += 1,
                }
            }
        })?;
        let calls = [nothing.of, scrubbed.of];
        let shares = shares(calls, n as u64);
        let stratum = |outcome, draw: Draw, share: u64| Stratum { outcome, calls: draw.of, drawn: draw.take(share as usize) };
        let strata = [stratum(Treatment::NothingFound, nothing, shares[0]), stratum(Treatment::Scrubbed, scrubbed, shares[1])];
        Ok(Self { seed: seed.into(), strata, left_out })
    }

    /// How many calls were drawn.
    #[must_use]
    pub fn len(&self) -> usize {
        self.strata.iter().map(|stratum| stratum.drawn.len()).sum()
    }

    /// Whether there is nothing to listen to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The largest share of calls that may hold card data if none is heard in those that were drawn, at 95 % confidence.
    #[must_use]
    pub fn all_clear(&self) -> f64 {
        super::all_clear([0, 1].map(|at| self.strata.get(at).map_or((0, 0), |one: &Stratum| (one.calls, one.drawn.len() as u64))))
    }

    /// All of them, in random order, so that nobody sees from a call's place how it ended.
    #[must_use]
    pub fn drawn(&self) -> Vec<&Drawn> {
        let mut drawn: Vec<_> = self.strata.iter().flat_map(|stratum| &stratum.drawn).collect();
        drawn.sort();
        drawn
    }
}

/// `n` parted as the calls are, at least one for each kind that there is.
fn shares([first, second]: [u64; 2], n: u64) -> [u64; 2] {
    let all = first + second;
    if n >= all {
        return [first, second];
    }
    let exact = (u128::from(n) * u128::from(first) + u128::from(all) / 2) / u128::from(all.max(1));
    let least = u64::from(first > 0);
    let most = n.saturating_sub(u64::from(second > 0)).min(first);
    let share = (exact as u64).clamp(least.min(most), most).max(n.saturating_sub(second));
    [share, n - share]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_numbers_and_leave_nobody_out() {
        for (calls, n, expected) in [
            ([80, 20], 10, [8, 2]),
            ([1_000_000, 3], 300, [299, 1]),
            ([3, 1_000_000], 300, [1, 299]),
            ([0, 50], 10, [0, 10]),
            ([50, 0], 10, [10, 0]),
            ([5, 6], 300, [5, 6]),
            ([0, 0], 300, [0, 0]),
            ([7, 7], 1, [0, 1]),
        ] {
            assert_eq!(shares(calls, n), expected, "{calls:?} {n}");
        }
    }
}
