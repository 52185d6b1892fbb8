//! What a job of many machines asks before its tasks begin, for `cardhush.spark`: whether its arguments are any, and which names of a manifest are none.

use crate::errors::raised;
use crate::names::{Names, url};
use crate::settings::settings;
use cardhush_scrub::Error;
use cardhush_scrub::store::Store;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Raises what any function would of these settings.
#[pyfunction]
#[pyo3(signature = (**given))]
pub fn check_settings(given: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    settings(given).map(drop)
}

/// Whether a name is that of a place in a store; a URL of anything else is refused. Who asks, and where, need not be known here.
#[pyfunction]
pub fn is_place(py: Python<'_>, name: PathBuf) -> PyResult<bool> {
    let Some(url) = url(&name) else { return Ok(false) };
    if url.split_once("://").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('/')) {
        return Err(PyValueError::new_err(format!("{url}: names no bucket")));
    }
    match Store::open(url) {
        Err(error) if matches!(&error, Error::Io { source, .. } if source.kind() == ErrorKind::Unsupported) => Err(raised(py, &error)),
        _ => Ok(true),
    }
}

/// The name of a file that all spellings of it have: a path without what is empty in it, an object by its store's own name. What is neither stays as it is.
#[pyfunction]
pub fn spelled(name: &str) -> String {
    match url(Path::new(name)) {
        Some(url) => Store::one_name(url).unwrap_or_else(|_| url.into()),
        None => Path::new(name).components().collect::<PathBuf>().to_string_lossy().into_owned(),
    }
}

/// Of these files those that cannot be called by a path below `root`, or by a whole one, with the reason.
#[pyfunction]
pub fn strays(py: Python<'_>, files: Vec<String>, root: Option<PathBuf>) -> PyResult<Vec<(String, String)>> {
    let mut names = Names::new(py, root)?;
    let mut why = |file: &str| match Path::new(file) {
        path if url(path).is_none() && path.is_relative() => Some(format!("{file}: is relative, and each task works in another folder")),
        path => names.found(py, path).err().map(|error| error.value(py).to_string()),
    };
    Ok(files.into_iter().filter_map(|file| why(&file).map(|why| (file, why))).collect())
}
