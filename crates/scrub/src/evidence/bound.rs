//! How many calls with card data there may be, when some of them were listened to: exact binomial bounds (Clopper and Pearson 1934), one-sided.
//!
//! They hold for a sample drawn at random. Of a finite archive they are on the safe side, since listening to a tenth of it says more than the same number out of infinitely many.

/// Share of samples in which the bound is too low: 95 % confidence.
pub const ALPHA: f64 = 0.05;

/// The largest share of calls with a miss that is compatible with `misses` in `listened`, at 95 % confidence; 1 where nothing says less.
///
/// ```
/// use cardhush_scrub::evidence::at_most;
///
/// assert!((at_most(0, 300) - 0.00994).abs() < 1e-5); // the rule of three says 3/300
/// ```
#[must_use]
pub fn at_most(misses: u64, listened: u64) -> f64 {
    if misses >= listened {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        *(if up_to(misses, listened, middle) > ALPHA { &mut low } else { &mut high }) = middle;
    }
    high
}

/// The same for two strata with no miss in either: the largest share over both, from how many calls each has and how many of them were listened to. For shares that follow the sizes it is at
/// most what [`at_most`] says of them together.
#[must_use]
pub fn all_clear(strata: [(u64, u64); 2]) -> f64 {
    let calls = (strata[0].0 + strata[1].0) as f64;
    match strata {
        [(0, _), (0, _)] => 1.0,
        [(0, _), (_, listened)] | [(_, listened), (0, _)] => at_most(0, listened),
        [(_, 0), (_, 0)] => 1.0,
        // A stratum that nobody listened to may be all misses.
        [(blind, 0), (seen, n)] | [(seen, n), (blind, 0)] => (blind as f64 + seen as f64 * at_most(0, n)) / calls,
        [(first, n), (second, m)] => {
            let other = |p: f64| 1.0 - (ALPHA / (1.0 - p).powf(n as f64)).min(1.0).powf(1.0 / m as f64);
            let share = |p: f64| (first as f64 * p + second as f64 * other(p)) / calls;
            // The share is concave in the first stratum's: three-way search.
            let (mut low, mut high) = (0.0, at_most(0, n));
            for _ in 0..200 {
                let third = (high - low) / 3.0;
                if share(low + third) < share(high - third) { low += third } else { high -= third }
            }
            share(low)
        }
    }
}

/// The chance of at most `k` of `n`, each of chance `p`.
fn up_to(k: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { 1.0 } else { 0.0 };
    }
    // Term after term in logarithms: the first is far below what a number can hold where n is large.
    let odds = p.ln() - (-p).ln_1p();
    let mut term = n as f64 * (-p).ln_1p();
    let mut sum = term.exp();
    for i in 0..k {
        term += ((n - i) as f64 / (i + 1) as f64).ln() + odds;
        sum += term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_tables() {
        // One-sided 95 % upper limits: quantiles of the beta distribution (k + 1, n - k), as printed tables have them.
        for (misses, listened, limit) in
            [(0, 10, 0.258_866), (1, 10, 0.394_163), (2, 10, 0.506_901), (0, 300, 0.009_936), (1, 100, 0.046_560), (5, 100, 0.102_253)]
        {
            let at_most = at_most(misses, listened);
            assert!((at_most - limit).abs() < 2e-6, "{misses} of {listened}: {at_most}, the table has {limit}");
        }
        assert!((at_most(0, 5_000_000) - 3.0 / 5e6).abs() < 1e-8);
        assert_eq!((at_most(0, 0), at_most(3, 3)), (1.0, 1.0));
    }

    #[test]
    fn the_rule_of_three_is_a_bound_on_the_bound() {
        for listened in 1..2_000 {
            assert!(at_most(0, listened) <= 3.0 / listened as f64, "{listened}");
        }
    }

    #[test]
    fn strata_in_proportion_are_no_worse_than_one_sample_and_others_are() {
        let together = at_most(0, 300);
        let even = all_clear([(80_000, 240), (20_000, 60)]);
        assert!(even <= together + 1e-6 && even > 0.9 * together, "{even} {together}");
        assert!(all_clear([(80_000, 60), (20_000, 240)]) > 2.0 * together);
        assert_eq!(all_clear([(0, 0), (10, 5)]), at_most(0, 5));
        assert!((all_clear([(50, 0), (50, 30)]) - (0.5 + 0.5 * at_most(0, 30))).abs() < 1e-9);
        assert_eq!(all_clear([(0, 0), (0, 0)]), 1.0);
    }
}
