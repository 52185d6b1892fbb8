//! The settings that every function takes by name, as the command takes them: one list for all.

use cardhush_core::{Fill, Linking, Preset, SpokenConfig};
use cardhush_scrub::{Mask, Settings};
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::fmt::Display;

/// What they are called.
const NAMES: &str = "keyed, spoken, armed, fill, channels, masks";

/// Settings of keyword arguments; what is not given is as recommended.
pub fn settings(given: Option<&Bound<'_, PyDict>>) -> PyResult<Settings> {
    let mut settings = Settings::default();
    for (name, value) in given.into_iter().flatten() {
        let name: String = name.extract()?;
        match name.as_str() {
            "keyed" => settings.keyed = take(&name, &value, "True or False")?,
            "spoken" => settings.spoken = spoken(&take::<String>(&name, &value, "a text")?)?,
            "armed" => settings.armed = masks(&value, "armed", "*:")?,
            "fill" => settings.fill = fill(&take::<String>(&name, &value, "a text")?)?,
            "channels" => settings.linking = linking(&take::<String>(&name, &value, "a text")?)?,
            "masks" => settings.masks = masks(&value, "masks", "")?,
            _ => return Err(PyTypeError::new_err(format!("unexpected keyword argument `{name}`: settings are {NAMES}"))),
        }
    }
    match settings.spoken {
        None if !settings.armed.is_empty() => Err(PyValueError::new_err("armed: it arms nothing while spoken digits are off")),
        Some(spoken) if spoken.preset == Preset::Armed && settings.armed.is_empty() => {
            Err(PyValueError::new_err("spoken=\"armed\": nothing would be masked; say with `armed` when the call is armed"))
        }
        None if !settings.keyed && settings.masks.is_empty() => {
            Err(PyValueError::new_err("nothing to look for: both keyed and spoken digits are off, and there are no masks"))
        }
        _ => Ok(settings),
    }
}

fn take<'py, T: FromPyObjectOwned<'py>>(name: &str, value: &Bound<'py, PyAny>, wanted: &str) -> PyResult<T> {
    let kind = value.get_type().name()?;
    value.extract().map_err(|_| PyTypeError::new_err(format!("{name}: {wanted} is needed, not {kind}")))
}

fn spoken(name: &str) -> PyResult<Option<SpokenConfig>> {
    let preset = match name {
        "card" => Preset::Card,
        "digits" => Preset::Digits,
        "armed" => Preset::Armed,
        "off" => return Ok(None),
        _ => return Err(unknown("spoken", name, "card, digits, armed or off")),
    };
    let mut spoken = SpokenConfig::default();
    spoken.preset = preset;
    Ok(Some(spoken))
}

fn fill(name: &str) -> PyResult<Fill> {
    match name {
        "comfort-noise" => Ok(Fill::ComfortNoise),
        "silence" => Ok(Fill::Silence),
        "marker" => Ok(Fill::Marker),
        _ => Err(unknown("fill", name, "comfort-noise, silence or marker")),
    }
}

fn linking(name: &str) -> PyResult<Linking> {
    match name {
        "linked" => Ok(Linking::Linked),
        "own" => Ok(Linking::Own),
        _ => Err(unknown("channels", name, "linked or own")),
    }
}

/// A list of spans, each a text.
fn masks(value: &Bound<'_, PyAny>, name: &str, before: &str) -> PyResult<Vec<Mask>> {
    // A text is a sequence too, of letters: pyo3 takes none for a list.
    let texts: Vec<String> = take(name, value, "a list of texts")?;
    let mask = |text: &String| format!("{before}{text}").parse().map_err(|e: cardhush_scrub::MaskError| refused(name, e));
    texts.iter().map(mask).collect()
}

fn refused(name: &str, why: impl Display) -> PyErr {
    PyValueError::new_err(format!("{name}: {why}"))
}

fn unknown(name: &str, value: &str, known: &str) -> PyErr {
    PyValueError::new_err(format!("{name}=\"{value}\": must be {known}"))
}
