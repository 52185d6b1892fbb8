//! `scrub_array`: a call in a numpy array, scrubbed in place as a file of it would be.
//!
//! Samples are copied under the interpreter's lock, scrubbed without it, and written back under it: other threads may do with the array what they like meanwhile.

use crate::errors::raised_of_samples;
use crate::results::{of_plan, spans};
use crate::settings::settings;
use crate::signals::Signals;
use cardhush_scrub::{Format, SampleCoding, Samples};
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Most channels of a call.
const MAX_CHANNELS: usize = 8;

/// Finds and replaces card digits in an array of samples, in place; gives the spans that were replaced.
#[pyfunction]
#[pyo3(signature = (samples, rate_hz, *, coding=None, **settings))]
pub fn scrub_array<'py>(
    samples: &Bound<'py, PyAny>,
    rate_hz: i64,
    coding: Option<&str>,
    settings: Option<&Bound<'py, PyDict>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = samples.py();
    let settings = self::settings(settings)?;
    let format = format(samples, rate_hz, coding)?;
    let bytes = bytes(samples)?;
    let mut call = Samples::new(bytes.try_readonly()?.as_slice()?, format).map_err(|e| raised_of_samples(py, &e))?;
    let signals = Signals::default();
    let (found, call) = py.detach(|| {
        let found = call.scrub(&settings, &mut |_| signals.watch()).map(of_plan);
        (found, call)
    });
    signals.raise()?;
    let found = found.map_err(|e| raised_of_samples(py, &e))?;
    call.put_back(bytes.try_readwrite()?.as_slice_mut()?).map_err(|e| raised_of_samples(py, &e))?;
    spans(py, found)
}

/// What the samples of an array are; everything about it that is not taken is refused here.
fn format(samples: &Bound<'_, PyAny>, rate_hz: i64, coding: Option<&str>) -> PyResult<Format> {
    let Ok(array) = samples.cast::<PyUntypedArray>() else {
        return Err(PyTypeError::new_err(format!("samples: a numpy array is needed, not {}", samples.get_type().name()?)));
    };
    let refuse = |words: String| Err(PyValueError::new_err(words));
    let coding = self::coding(array, coding)?;
    let channels = match *array.shape() {
        [_] => 1,
        [_, channels] => channels,
        _ => return refuse(format!("samples of {} dimensions: must be 1, (frames,), or 2, (frames, channels)", array.ndim())),
    };
    if !(1..=MAX_CHANNELS).contains(&channels) {
        let hint = if array.len() > 0 { "; is it (channels, frames)?" } else { "" };
        return refuse(format!("samples of {channels} channels: must be 1 to {MAX_CHANNELS}{hint}"));
    }
    if !array.is_c_contiguous() {
        return refuse(format!("samples with strides {:?}: must be C-contiguous, see numpy.ascontiguousarray", array.strides()));
    }
    if !samples.getattr("flags")?.getattr("writeable")?.extract::<bool>()? {
        return refuse("samples that are not writeable: they are scrubbed in place".into());
    }
    let Ok(rate_hz) = u32::try_from(rate_hz) else {
        return refuse(format!("sample rate {rate_hz} Hz: must be 8000 to 192000 Hz"));
    };
    Ok(Format { coding, channels: channels as u16, rate_hz, valid_bits: coding.bytes() * 8 })
}

/// What one sample is: of its type, and for bytes by name.
fn coding(array: &Bound<'_, PyUntypedArray>, named: Option<&str>) -> PyResult<SampleCoding> {
    let dtype = array.dtype();
    let refuse = |words: String| Err(PyValueError::new_err(words));
    // The engine's bytes are little-endian.
    if dtype.is_native_byteorder() == Some(cfg!(target_endian = "big")) {
        return refuse(format!("samples of type {dtype}: must be little-endian"));
    }
    match ((dtype.kind(), dtype.itemsize()), named) {
        ((b'i', 2), None) => Ok(SampleCoding::Linear16),
        ((b'i', 4), None) => Ok(SampleCoding::Linear32),
        ((b'f', 4), None) => Ok(SampleCoding::Float32),
        ((b'f', 8), None) => Ok(SampleCoding::Float64),
        ((b'u', 1), Some("ulaw")) => Ok(SampleCoding::Ulaw),
        ((b'u', 1), Some("alaw")) => Ok(SampleCoding::Alaw),
        ((b'u', 1), None) => refuse("samples of type uint8: say what they are with coding=\"ulaw\" or \"alaw\"".into()),
        ((b'u', 1), Some(other)) => refuse(format!("coding=\"{other}\": must be ulaw or alaw")),
        ((b'i' | b'f', 2 | 4 | 8), Some(other)) => refuse(format!("coding=\"{other}\" of samples of type {dtype}: it is for uint8")),
        _ => refuse(format!("samples of type {dtype}: must be int16, int32, float32, float64, or uint8 with coding=\"ulaw\" or \"alaw\"")),
    }
}

/// The same memory as bytes.
fn bytes<'py>(samples: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u8>>> {
    let flat = samples.call_method1("reshape", (-1,))?;
    Ok(flat.call_method1("view", ("u1",))?.cast_into::<PyArray1<u8>>()?)
}
