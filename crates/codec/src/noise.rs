//! Random numbers that fill is made of: each is a hash of where it stands, so that fill is the same however it is cut, and depends on nothing else.
//!
//! Finaliser of SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets: fill hides nothing, it stands where something was.

/// Seed of all fill.
const SEED: u64 = 0x6361_7264_6875_7368;

/// 64 random bits for a place of a channel.
pub(crate) fn bits(channel: u8, place: u64) -> u64 {
    mix(mix(SEED ^ mix(channel.into())) ^ place)
}

/// Sample `index` of comfort noise with this RMS level, full scale 1.0, in 16 bits: the mean of two neighbours of a row of random numbers, so
/// that it falls off towards half the sampling rate and does not hiss.
pub(crate) fn sample(channel: u8, index: u64, rms: f32) -> i16 {
    // Uniform in -1..1 has the power 1/3, the mean of two of them 1/6.
    let point = |index| (bits(channel, index) >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
    let value = (point(index) + point(index.wrapping_add(1))) * 0.5 * 6f32.sqrt() * rms * 32_768.0;
    // The cast of a float saturates.
    value.round() as i16
}

fn mix(at: u64) -> u64 {
    let z = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    /// Mean within five standard errors of 0, power within five of what was asked (neighbours are correlated: 2 is a bound of what that costs).
    #[test]
    fn has_the_level_asked_for() {
        let n = 100_000;
        let x: Vec<f64> = (0..n).map(|i| f64::from(super::sample(1, i, 0.05)) / 32_768.0).collect();
        let mean = x.iter().sum::<f64>() / n as f64;
        let rms = (x.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
        assert!(mean.abs() < 5.0 * 2.0 * 0.05 / (n as f64).sqrt(), "{mean}");
        assert!((rms / 0.05 - 1.0).abs() < 5.0 * 2.0 / (n as f64).sqrt(), "{rms}");
        assert!((0..1_000).all(|i| super::sample(0, i, 0.0) == 0));
    }
}
