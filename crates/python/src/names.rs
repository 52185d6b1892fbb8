//! What files are called: by their paths below `root`; without one as in a list of the command: below `/`, or where the program is, or the bucket.

use crate::errors::raised;
use cardhush_scrub::batch::{Buckets, Found};
use cardhush_scrub::store::Store;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// What paths of files are relative to.
enum Root {
    /// A folder, whole and as it was named.
    Folder(PathBuf, PathBuf),
    /// A place in an object store.
    Store(Store),
    /// Where the program is, for paths that are relative.
    None(PathBuf),
}

/// Names of files, one after the other.
pub struct Names {
    root: Root,
    buckets: Buckets,
}

impl Names {
    /// Those of files below a root.
    pub fn new(py: Python<'_>, root: Option<PathBuf>) -> PyResult<Self> {
        let root = match root {
            None => Root::None(std::env::current_dir()?),
            Some(root) => match url(&root) {
                Some(url) => Root::Store(Store::open(url).map_err(|e| raised(py, &e))?),
                // A ledger has the whole path of a root; what is no path of this system stays as it is.
                None => Root::Folder(root.canonicalize().unwrap_or_else(|_| root.clone()), root),
            },
        };
        Ok(Self { root, buckets: Buckets::default() })
    }

    /// The file, or the object, of a name.
    pub fn found(&mut self, py: Python<'_>, path: &Path) -> PyResult<Found> {
        let is_not_below = |root: &dyn std::fmt::Display| PyValueError::new_err(format!("{}: is not below root={root}", path.display()));
        match (&self.root, url(path)) {
            (Root::Store(root), url) => {
                let below = url.and_then(|url| root.relative(url));
                below.map(|below| Found::below(root, below)).ok_or_else(|| is_not_below(root))
            }
            (Root::Folder(whole, root), None) => match path.strip_prefix(root).or_else(|_| path.strip_prefix(whole)) {
                Ok(below) => Ok(Found::new(path, whole, below)),
                Err(_) => Err(is_not_below(&root.display())),
            },
            (Root::Folder(_, root), Some(_)) => Err(is_not_below(&root.display())),
            (Root::None(_), Some(url)) => self.buckets.found(url).map_err(|e| raised(py, &e)),
            (Root::None(_), None) if path.is_absolute() => Ok(Found::new(path, Path::new("/"), path)),
            (Root::None(here), None) => Ok(Found::new(path, here, path)),
        }
    }
}

/// The URL of a place in an object store, or of something that is none and is refused where it is opened, if it is one.
pub fn url(path: &Path) -> Option<&str> {
    path.to_str().filter(|name| Store::is_named(name))
}
