//! `scrub_file` and `scan_file`: one recording or packet capture, as the commands `scrub` and `scan` treat it.

use crate::errors::raised;
use crate::results::{Span, file_report, of_capture, of_plan};
use crate::settings::settings;
use crate::signals::Signals;
use cardhush_scrub::{Error, FileLine, Settings, Staged, Target, Watch, is_capture, stage, stage_capture};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::{Path, PathBuf};

/// Scrubs a file to another one, or in place; the output appears once it was verified, or not at all.
#[pyfunction]
#[pyo3(signature = (input, output=None, *, in_place=false, force=false, **settings))]
pub fn scrub_file<'py>(
    py: Python<'py>,
    input: PathBuf,
    output: Option<PathBuf>,
    in_place: bool,
    force: bool,
    settings: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let settings = self::settings(settings)?;
    let target = match (&output, in_place) {
        (Some(path), false) => Target::File { path, replace: force },
        (None, true) => Target::InPlace,
        (Some(_), true) => return Err(PyValueError::new_err("both an output and in_place=True: give one of them")),
        (None, false) => return Err(PyValueError::new_err("no output: name one, or ask for in_place=True")),
    };
    report(py, &input, target, &settings)
}

/// Looks where card digits are, and writes nothing.
#[pyfunction]
#[pyo3(signature = (path, **settings))]
pub fn scan_file<'py>(py: Python<'py>, path: PathBuf, settings: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyAny>> {
    let settings = self::settings(settings)?;
    report(py, &path, Target::Nowhere, &settings)
}

fn report<'py>(py: Python<'py>, input: &Path, target: Target<'_>, settings: &Settings) -> PyResult<Bound<'py, PyAny>> {
    let signals = Signals::default();
    let done = py.detach(|| treat(input, target, settings, &mut |_| signals.watch()));
    signals.raise()?;
    let (line, spans) = done.map_err(|e| raised(py, &e))?;
    file_report(py, line, spans)
}

fn treat(input: &Path, target: Target<'_>, settings: &Settings, watch: &mut Watch<'_>) -> Result<(FileLine, Vec<Span>), Error> {
    let (path, examined) = (input.display().to_string(), settings.examined());
    if is_capture(input)? {
        let capture = stage_capture(input, target, settings, watch)?;
        let told = (FileLine::of_capture(&path, &capture, &examined), of_capture(&capture));
        capture.publish()?;
        return Ok(told);
    }
    let staged = stage(input, target, settings, watch)?;
    let mut line = FileLine::done(&path, staged.form(), &staged.plan().masked(), staged.outcome(), &examined);
    line.output = staged.output().map(|output| output.display().to_string());
    let spans = of_plan(staged.plan());
    Staged::publish(staged)?;
    Ok((line, spans))
}
