//! `scrub_array`: a call in a numpy array, scrubbed in place as a file of it would be.
//!
//! Samples are copied under the interpreter's lock, scrubbed without it, and written back under it. What other threads wrote to the array meanwhile nobody has looked at: it is then an error,
//! and nothing is written.

use crate::errors::{own_error, raised_of_samples};
use crate::results::{of_plan, spans};
use crate::scale;
use crate::settings::settings;
use crate::signals::Signals;
use cardhush_scrub::{Format, SampleCoding, Samples, Sha256};
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// Most channels of a call.
const MAX_CHANNELS: usize = 8;

/// Finds and replaces card digits in an array of samples, in place; gives the spans that were replaced.
///
/// Full scale is 2**15 for int16, 2**31 for int32 and 1.0 for floats: floats that are not finite or over 4.0 in magnitude, and int32 of which none is over 2**15, are a ValueError. The class is
/// numpy.ndarray or numpy.memmap itself, else a TypeError. An array that changes meanwhile is an Error, and nothing is written.
#[pyfunction]
#[pyo3(signature = (samples, rate_hz, *, coding=None, **settings))]
pub fn scrub_array<'py>(
    samples: &Bound<'py, PyAny>,
    rate_hz: RateHz,
    coding: Option<&str>,
    settings: Option<&Bound<'py, PyDict>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = samples.py();
    let settings = self::settings(settings)?;
    let format = format(samples, rate_hz, coding)?;
    let bytes = bytes(samples)?;
    let (mut call, before) = {
        let bytes = bytes.try_readonly()?;
        let bytes = bytes.as_slice()?;
        scale::check(bytes, format.coding)?;
        (Samples::new(bytes, format).map_err(|e| raised_of_samples(py, &e))?, Sha256::of(bytes))
    };
    let signals = Signals::default();
    let (found, call) = py.detach(|| {
        let found = call.scrub(&settings, &mut |_| signals.watch()).map(of_plan);
        (found, call)
    });
    signals.raise()?;
    let found = found.map_err(|e| raised_of_samples(py, &e))?;
    let mut bytes = bytes.try_readwrite()?;
    let bytes = bytes.as_slice_mut()?;
    if Sha256::of(bytes) != before {
        return Err(own_error(py, "samples: changed meanwhile: what they are now was not looked at, and nothing was written".into()));
    }
    call.put_back(bytes).map_err(|e| raised_of_samples(py, &e))?;
    spans(py, found)
}

/// A sample rate; what is no 32-bit number is refused by its value, as one that is too low is.
pub struct RateHz(u32);

impl FromPyObject<'_, '_> for RateHz {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let refused = || PyValueError::new_err(format!("sample rate {} Hz: must be 8000 to 192000 Hz", &*given));
        match given.extract::<i64>() {
            Ok(rate_hz) => u32::try_from(rate_hz).map(Self).map_err(|_| refused()),
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => Err(refused()),
            Err(error) => Err(error),
        }
    }
}

/// What the samples of an array are; everything about it that is not taken is refused here.
fn format(samples: &Bound<'_, PyAny>, RateHz(rate_hz): RateHz, coding: Option<&str>) -> PyResult<Format> {
    let array = plain(samples)?;
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
    Ok(Format { coding, channels: channels as u16, rate_hz, valid_bits: coding.bytes() * 8 })
}

/// An array that is its memory and nothing more. Of another class the memory need not be what it shows (a mask, a copy, a unit), so it would be told as scrubbed and not be.
fn plain<'a, 'py>(samples: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyUntypedArray>> {
    static MEMMAP: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let (py, kind) = (samples.py(), samples.get_type());
    match samples.cast::<PyUntypedArray>() {
        Ok(array) if kind.is(py.get_type::<PyUntypedArray>()) || kind.is(MEMMAP.import(py, "numpy", "memmap")?) => Ok(array),
        Ok(_) => {
            let name = kind.fully_qualified_name()?;
            Err(PyTypeError::new_err(format!(
                "samples: a numpy.ndarray or numpy.memmap is needed, not {name}: pass the array that it holds"
            )))
        }
        Err(_) => Err(PyTypeError::new_err(format!("samples: a numpy array is needed, not {}", kind.name()?))),
    }
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

/// The same memory as bytes, by numpy's own methods, whatever names the object itself has.
fn bytes<'py>(samples: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u8>>> {
    let ndarray = samples.py().get_type::<PyUntypedArray>();
    let flat = ndarray.call_method1("reshape", (samples, -1))?;
    Ok(ndarray.call_method1("view", (flat, "u1"))?.cast_into::<PyArray1<u8>>()?)
}
