//! The library's errors as Python's exceptions: `cardhush.Error`, with the library's own words; `cardhush.FileError` where the system refused something.

use cardhush_scrub::Error;
use cardhush_scrub::ledger::KeyError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// Where the exceptions are defined.
const MODULE: &str = "cardhush.errors";
/// EEXIST, where the library found it without the system.
const EXISTS: i32 = 17;

/// The exception of an error of a file.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let number = match error {
        Error::Io { source, .. } | Error::Unsettled { source, .. } => source.raw_os_error(),
        Error::Exists { .. } => Some(EXISTS),
        _ => None,
    };
    match number {
        Some(number) => file_error(py, number, error.to_string()),
        None => own_error(py, error.to_string()),
    }
}

/// The same of samples that the caller holds: what is wrong with them is an argument.
pub fn raised_of_samples(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Config { .. } | Error::Mask { .. } => PyValueError::new_err(error.to_string()),
        _ => raised(py, error),
    }
}

/// The exception of a key that is none.
pub fn raised_of_key(py: Python<'_>, error: &KeyError) -> PyErr {
    match error {
        KeyError::File(error) => raised(py, error),
        _ => own_error(py, error.to_string()),
    }
}

/// `cardhush.Error` with these words.
pub fn own_error(py: Python<'_>, words: String) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Error").map_or_else(|e| e, |class| PyErr::from_type(class.clone(), words))
}

fn file_error(py: Python<'_>, number: i32, words: String) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "FileError").map_or_else(|e| e, |class| PyErr::from_type(class.clone(), (number, words)))
}
