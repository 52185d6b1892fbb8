//! `scrub_many`: many files or objects with a ledger, as the command treats a list of them.

use crate::errors::{raised, raised_of_key};
use crate::results::{row, totals};
use crate::settings::settings;
use crate::signals::Signals;
use cardhush_scrub::batch::{Batch, Buckets, Found, Shard, Told, Where, run};
use cardhush_scrub::ledger::{CallRecord, Key, Ledger};
use cardhush_scrub::store::Store;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What paths of files are relative to.
enum Root {
    /// A folder, whole and as it was named.
    Folder(PathBuf, PathBuf),
    /// A place in an object store.
    Store(Store),
}

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
    let shard: Shard = shard.parse().map_err(|why| PyValueError::new_err(format!("shard=\"{shard}\": {why}")))?;
    let settings = self::settings(settings)?;
    let to = match url(&output) {
        Some(url) => Where::Store(Store::open(url).map_err(|e| raised(py, &e))?),
        None => Where::Folder(output),
    };
    let batch = Batch { settings, to, jobs, memory: u64::from(memory_mib) << 20, shard, sync, force };
    let found: Vec<Found> = found(files, root)?.into_iter().filter(|found| shard.has(&found.relative)).collect();
    let named: HashMap<_, _> =
        found.iter().map(|found| ((found.root.to_string_lossy().into_owned(), found.relative.clone()), found.path.clone())).collect();
    let key = key.map(|path| Key::read(&path)).transpose().map_err(|e| raised_of_key(py, &e))?;
    let (signals, mut records) = (Signals::default(), Vec::new());
    let ran = py.detach(|| {
        let mut ledger = Ledger::open(&ledger, key)?;
        run(&batch, found.into_iter().map(Ok), Some(&mut ledger), &|| signals.came(), &mut |told| {
            if let Told::Treated(record) = told {
                records.push(record.clone());
            }
        })
    });
    signals.raise()?;
    let ran = ran.map_err(|e| raised(py, &e))?;
    let rows = records.into_iter().map(|record: CallRecord| {
        let file = named.get(&(record.root.clone(), record.path.clone())).map(|path| path.display().to_string());
        // What is called as another file of the run is told by its whole path.
        row(py, file.unwrap_or_else(|| record.path.clone()), record)
    });
    let rows = rows.collect::<PyResult<_>>()?;
    Ok((totals(py, &ran)?, rows))
}

/// The URL of a place in an object store, if it is one.
fn url(path: &Path) -> Option<&str> {
    path.to_str().filter(|name| Store::is_named(name))
}

/// The files of a list, called by their paths below `root`; without one as in a list of the command: below `/`, or where the program is, or the bucket.
fn found(files: &Bound<'_, PyAny>, root: Option<PathBuf>) -> PyResult<Vec<Found>> {
    let py = files.py();
    if files.is_instance_of::<PyString>() || files.is_instance_of::<PyBytes>() || files.hasattr("__fspath__")? {
        return Err(PyTypeError::new_err("files: a list of paths is needed, not a path"));
    }
    let here = std::env::current_dir()?;
    let root = root.map(|root| match url(&root) {
        Some(url) => Store::open(url).map(Root::Store).map_err(|e| raised(py, &e)),
        // A ledger has the whole path of a root; what is no path of this system stays as it is.
        None => Ok(Root::Folder(root.canonicalize().unwrap_or_else(|_| root.clone()), root)),
    });
    let (root, mut buckets) = (root.transpose()?, Buckets::default());
    let one = |file: PyResult<Bound<'_, PyAny>>| {
        let path: PathBuf = file?.extract()?;
        let is_not_below = |root: String| PyValueError::new_err(format!("{}: is not below root={root}", path.display()));
        match (&root, url(&path)) {
            (Some(Root::Store(root)), url) => {
                let below = url.and_then(|url| url.strip_prefix(&root.to_string())?.strip_prefix('/'));
                below.map(|below| Found::below(root, below)).ok_or_else(|| is_not_below(root.to_string()))
            }
            (Some(Root::Folder(whole, root)), None) => match path.strip_prefix(root).or_else(|_| path.strip_prefix(whole)) {
                Ok(below) => Ok(Found::new(&path, whole, below)),
                Err(_) => Err(is_not_below(root.display().to_string())),
            },
            (Some(Root::Folder(_, root)), Some(_)) => Err(is_not_below(root.display().to_string())),
            (None, Some(url)) => buckets.found(url).map_err(|e| raised(py, &e)),
            (None, None) if path.is_absolute() => Ok(Found::new(&path, Path::new("/"), &path)),
            (None, None) => Ok(Found::new(&path, &here, &path)),
        }
    };
    files.try_iter()?.map(one).collect()
}
