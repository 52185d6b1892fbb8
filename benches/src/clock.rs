//! Time that this thread spent on a processor, so that what else runs on the machine does not count; and how many cycles a second has.

use std::time::{Duration, Instant};

/// Runs `work` and gives its processor time: from Linux's scheduler where there is one, from the wall clock elsewhere.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let (wall, begin) = (Instant::now(), on_processor());
    let result = work();
    let spent = match (begin, on_processor()) {
        (Some(begin), Some(end)) => end.saturating_sub(begin),
        _ => wall.elapsed(),
    };
    (result, spent)
}

/// Processor time in seconds of one run of `work`, repeated until the scheduler's ticks (4 ms) are within one per cent of the sum.
pub fn seconds_a_run<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut runs = 1u32;
    loop {
        let ((), spent) = time(|| (0..runs).for_each(|_| drop(std::hint::black_box(work()))));
        if spent >= Duration::from_millis(400) {
            return spent.as_secs_f64() / f64::from(runs);
        }
        runs = runs.saturating_mul(2);
    }
}

/// Processor time of this thread so far: the first field of `schedstat`, in ns.
fn on_processor() -> Option<Duration> {
    let fields = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    fields.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Cycles a second, estimated: a xorshift is a chain of six operations that each take a cycle on every processor of note, each waiting for the one before.
#[must_use]
pub fn cycles_per_second() -> f64 {
    const STEPS: u32 = 10_000_000;
    let chain = || {
        (0..STEPS).fold(std::hint::black_box(0x9e37_79b9_7f4a_7c15_u64), |mut x, _| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^ (x << 17)
        })
    };
    6.0 * f64::from(STEPS) / seconds_a_run(chain)
}

/// The middle one of the values; of an even count the upper middle one; 0 where there are none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_costs_no_processor_time() {
        if on_processor().is_some() {
            let ((), spent) = time(|| std::thread::sleep(Duration::from_millis(60)));
            assert!(spent < Duration::from_millis(30), "{spent:?}");
        }
    }

    #[test]
    fn short_work_is_repeated_until_it_can_be_timed() {
        let second = seconds_a_run(|| (0..1_000u64).fold(1, |x, i| std::hint::black_box(x ^ i)));
        assert!(second > 1e-8 && second < 1e-3, "{second}");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![]), 0.0);
    }
}
