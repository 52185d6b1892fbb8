//! `scrub_many`: many files or objects with a ledger, as the command treats a list of them.

use crate::errors::{raised, raised_of_key};
use crate::names::{Names, url};
use crate::results::{row, totals};
use crate::settings::settings;
use crate::signals::Signals;
use cardhush_scrub::batch::{Batch, Found, Shard, Told, Where, run};
use cardhush_scrub::ledger::{CallRecord, Key, Ledger};
use cardhush_scrub::store::Store;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use std::collections::HashMap;
use std::path::PathBuf;

/// Scrubs files into a folder or an object store and tells a ledger; gives sums, and a row of each file that was treated now.
#[pyfunction]
#[pyo3(signature = (files, output, *, ledger, root=None, jobs=1, key=None, shard="1/1", force=false, sync=true, memory_mib=192, **settings))]
#[allow(clippy::too_many_arguments, reason = "named in Python")]
pub fn scrub_many<'py>(
    files: &Bound<'py, PyAny>,
    output: PathBuf,
    ledger: PathBuf,
    root: Option<PathBuf>,
    jobs: usize,
    key: Option<PathBuf>,
    shard: &str,
    force: bool,
    sync: bool,
    memory_mib: u32,
    settings: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Bound<'py, PyAny>, Vec<Bound<'py, PyAny>>)> {
    let py = files.py();
    if jobs == 0 {
        return Err(PyValueError::new_err("jobs=0: must be 1 or more"));
    }
    if memory_mib == 0 {
        return Err(PyValueError::new_err("memory_mib=0: must be 1 or more"));
    }
    if let Some(ledger) = url(&ledger) {
        return Err(PyValueError::new_err(format!("ledger={ledger}: a ledger is a file")));
    }
    let shard: Shard = shard.parse().map_err(|why| PyValueError::new_err(format!("shard=\"{shard}\": {why}")))?;
    let settings = self::settings(settings)?;
    let to = match url(&output) {
        Some(url) => Where::Store(Store::open(url).map_err(|e| raised(py, &e))?),
        None => Where::Folder(output),
    };
    let batch = Batch { settings, to, jobs, memory: u64::from(memory_mib) << 20, shard, sync, force };
    let found: Vec<_> = found(files, root)?.into_iter().filter(|(_, found)| shard.has(&found.relative)).collect();
    let mut named = HashMap::new();
    for (given, found) in &found {
        let root = found.root.to_string_lossy().into_owned();
        // What is called as another file of the run is told by its whole path.
        for path in [found.relative.clone(), found.path.to_string_lossy().into_owned()] {
            named.entry((root.clone(), path)).or_insert_with(|| given.display().to_string());
        }
    }
    let key = key.map(|path| Key::read(&path)).transpose().map_err(|e| raised_of_key(py, &e))?;
    let (signals, mut records) = (Signals::default(), Vec::new());
    let ran = py.detach(|| {
        let mut ledger = Ledger::open(&ledger, key)?;
        run(&batch, found.into_iter().map(|(_, found)| Ok(found)), Some(&mut ledger), &|| signals.came(), &mut |told| {
            if let Told::Treated(record) = told {
                records.push(record.clone());
            }
        })
    });
    signals.raise()?;
    let ran = ran.map_err(|e| raised(py, &e))?;
    let rows = records.into_iter().map(|record: CallRecord| {
        let file = named.get(&(record.root.clone(), record.path.clone())).unwrap_or(&record.path).clone();
        row(py, file, record)
    });
    let rows = rows.collect::<PyResult<_>>()?;
    Ok((totals(py, &ran)?, rows))
}

/// The files of a list, each as it was named.
fn found(files: &Bound<'_, PyAny>, root: Option<PathBuf>) -> PyResult<Vec<(PathBuf, Found)>> {
    let py = files.py();
    if files.is_instance_of::<PyString>() || files.is_instance_of::<PyBytes>() || files.hasattr("__fspath__")? {
        return Err(PyTypeError::new_err("files: a list of paths is needed, not a path"));
    }
    let mut names = Names::new(py, root)?;
    let one = |file: PyResult<Bound<'_, PyAny>>| {
        let path: PathBuf = file?.extract()?;
        let found = names.found(py, &path)?;
        Ok((path, found))
    };
    files.try_iter()?.map(one).collect()
}
