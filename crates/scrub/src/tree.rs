//! Where files lie by their relative paths: a folder, or a place in an object store.

use crate::batch::{Found, Search, path_below};
use crate::beside::memory;
use crate::call::{self, Call};
use crate::error::{Error, doing};
use crate::store::Store;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

/// See the module.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A folder.
    Folder(PathBuf),
    /// A place in an object store.
    Store(Store),
}

/// A file of a tree, open to be read; an object is in memory.
pub(crate) struct Opened {
    pub path: PathBuf,
    pub file: File,
    held: bool,
}

impl FromStr for Tree {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if Store::is_named(text) { Store::open(text).map(Self::Store) } else { Ok(Self::Folder(text.into())) }
    }
}

impl Tree {
    /// The file of a path that a ledger has; an object of no more bytes than `most`, since it is read into memory.
    pub(crate) fn open(&self, relative: &str, most: u64) -> Result<Opened, Error> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(path_below(relative).ok_or_else(|| Error::LeadsOut { path: relative.into() })?);
                let file = call::open(&path)?;
                Ok(Opened { path, file, held: false })
            }
            Self::Store(store) => {
                let object = store.below(&key(relative)?);
                let path = object.path();
                let mut file = memory(&path)?;
                object.get(most, &mut file)?.ok_or_else(|| doing("read", &path)(io::ErrorKind::NotFound.into()))?;
                Ok(Opened { path, file, held: true })
            }
        }
    }

    /// Whether anything has that path; what cannot be asked about counts as there.
    pub(crate) fn has(&self, relative: &str) -> bool {
        match self {
            Self::Folder(folder) => path_below(relative).is_some_and(|below| fs::symlink_metadata(folder.join(below)).is_ok()),
            Self::Store(store) => key(relative).and_then(|key| store.below(&key).look()).map_or(true, |there| there.is_some()),
        }
    }

    /// All that is in it.
    pub(crate) fn list(&self, search: &Search) -> Box<dyn Iterator<Item = Result<Found, Error>>> {
        match self {
            Self::Folder(folder) => Box::new(search.folder(folder)),
            Self::Store(store) => Box::new(search.store(store)),
        }
    }
}

/// The key, below a place, of a path that a ledger has.
pub(crate) fn key(relative: &str) -> Result<String, Error> {
    let below = path_below(relative).ok_or_else(|| Error::LeadsOut { path: relative.into() })?;
    Ok(below.to_string_lossy().into_owned())
}

impl Opened {
    /// The recording that it is.
    pub fn call(self) -> Result<Call, Error> {
        if self.held { Call::held(&self.path, self.file) } else { Call::of_file(&self.path, &self.file) }
    }
}
