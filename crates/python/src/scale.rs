//! Whether samples are at the scale of their type: of what lies far below it or above it nothing would be found, and nothing found would be taken for clean.

use cardhush_scrub::SampleCoding;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Largest magnitude of floats, whose full scale is 1.0: room for what a mixer has added up, and far below samples of 8 or 16 bits that were never divided.
const MAX_FLOAT: f64 = 4.0;

/// Refuses samples, little-endian, of which one is not finite or too large, or that are 16-bit values in 32 bits.
pub fn check(samples: &[u8], coding: SampleCoding) -> PyResult<()> {
    match coding {
        SampleCoding::Float32 => floats(parts(samples).map(|one| f32::from_le_bytes(one).into()), "float32"),
        SampleCoding::Float64 => floats(parts(samples).map(f64::from_le_bytes), "float64"),
        SampleCoding::Linear32 => integers(parts(samples).map(i32::from_le_bytes)),
        // Of the others every value is one at full scale.
        _ => Ok(()),
    }
}

fn parts<const N: usize>(samples: &[u8]) -> impl Iterator<Item = [u8; N]> {
    samples.as_chunks().0.iter().copied()
}

fn floats(mut samples: impl Iterator<Item = f64>, name: &str) -> PyResult<()> {
    let words = match samples.find(|one| !one.is_finite() || one.abs() > MAX_FLOAT) {
        None => return Ok(()),
        Some(one) if !one.is_finite() => {
            format!("samples of type {name}: one is not finite: must be from -{MAX_FLOAT:.1} to {MAX_FLOAT:.1}")
        }
        Some(_) => format!(
            "samples of type {name}: one is over {MAX_FLOAT:.1} in magnitude: full scale is 1.0, so divide samples of 16 bits by 32768, or pass them as int16"
        ),
    };
    Err(PyValueError::new_err(words))
}

fn integers(samples: impl Iterator<Item = i32>) -> PyResult<()> {
    let (low, high) = samples.fold((0, 0), |(low, high), one| (one.min(low), one.max(high)));
    if (low, high) == (0, 0) || low < i16::MIN.into() || high > i16::MAX.into() {
        return Ok(());
    }
    let words = "samples of type int32: none is over 2**15 in magnitude, as if they were of 16 bits: full scale is 2**31, so shift them (samples << 16), or pass them as int16";
    Err(PyValueError::new_err(words))
}
