//! How fast this machine reads memory: the limit of anything that must look at every sample once.

use crate::clock;
use std::hint::black_box;

/// Bytes a second at which one thread adds up these samples.
#[must_use]
pub fn read_bytes_per_second(samples: &[i16]) -> f64 {
    // Sums as wide as the samples and many of them side by side, so that memory and not the adder is waited for.
    let sum = || {
        let mut sums = [0i16; 128];
        for block in black_box(samples).chunks_exact(sums.len()) {
            sums.iter_mut().zip(block).for_each(|(sum, &x)| *sum = sum.wrapping_add(x));
        }
        sums
    };
    size_of_val(samples) as f64 / clock::seconds_a_run(sum)
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_read_at_some_speed() {
        let speed = super::read_bytes_per_second(&vec![1; 1 << 20]);
        assert!(speed > 1e6 && speed.is_finite(), "{speed}");
    }
}
