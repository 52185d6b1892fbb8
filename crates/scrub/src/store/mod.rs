//! Archives in object stores: S3, Google Cloud Storage, Azure.
//!
//! An object is held in memory while it is treated (memfd_create(2)): no copy of it is on any disk, and what it is treated by is the code that treats files. What is put is put under a
//! condition: where nothing is, or over the very version that was read. So nothing is overwritten that somebody else has put there meanwhile. See docs/stores.md.

#[cfg(feature = "cloud")]
mod client;
#[cfg(not(feature = "cloud"))]
#[path = "none.rs"]
mod client;

use crate::digest::Sha256;
use crate::error::{Error, doing};
use client::Client;
pub(crate) use client::Kept;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Requests that are under way at a time, beside those of the workers.
const AT_A_TIME: usize = 16;

/// What an error says that a listing ends with: what comes behind it is not known.
pub(crate) const LISTING: &str = "list";

/// A place in an object store: a bucket, and a prefix in it, as of `s3://bucket/prefix`.
#[derive(Clone)]
pub struct Store {
    client: Arc<Client>,
    /// `s3://bucket`.
    bucket: String,
    /// Without `/` at either end.
    prefix: String,
}

/// An object of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where.
    pub store: Store,
    /// Its whole key.
    pub key: String,
    /// What a listing said of it.
    pub version: Option<Version>,
}

/// What tells one state of an object from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its bytes.
    pub bytes: u64,
    /// The store's own name of this state.
    pub etag: Option<String>,
    /// The version's number, where the store has one: Google's puts are conditional by it.
    pub version: Option<String>,
    /// When it was put, in nanoseconds since the epoch.
    pub modified_ns: Option<u64>,
}

/// An object that was asked about.
#[derive(Debug)]
pub(crate) struct Known {
    pub version: Version,
    /// The digest that we put beside it; of objects of others there is none.
    #[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "nothing is put"))]
    pub sha256: Option<Sha256>,
}

/// What may be replaced. What has the same bytes already stays in any case.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "nothing is put"))]
pub(crate) enum Over {
    /// Nothing, but an output of ours whose digest begins so.
    Own(Option<[u8; 16]>),
    /// Whatever is there.
    Anything,
    /// The version that it was made of alone.
    Itself,
}

/// Something to be put.
#[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "nothing is put"))]
pub(crate) struct Put {
    pub to: Object,
    pub contents: File,
    pub sha256: Sha256,
    pub kept: Kept,
    pub over: Over,
    /// What it was made of, which must still be that version.
    pub from: Option<Object>,
}

impl Store {
    /// Whether a name is a URL and no path: that of a place in a store, or of one that is not read, which must not be taken for a folder of that name. A folder that is called so is `./s3:`.
    #[must_use]
    pub fn is_named(name: &str) -> bool {
        let scheme = name.split_once(":/").map_or("", |(scheme, _)| scheme);
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    }

    /// The one name of a place or an object, whichever of its names was given.
    ///
    /// # Errors
    /// No name of a store that is read.
    pub fn one_name(name: &str) -> Result<String, Error> {
        let (bucket, key) = Self::cut(name)?;
        Ok(if key.is_empty() { bucket } else { format!("{bucket}/{key}") })
    }

    /// A name as `s3://bucket`, and what comes behind that: one place has one name, or an output might lie on its input.
    pub(crate) fn cut(name: &str) -> Result<(String, &str), Error> {
        let failed = |what: String| doing("open", name.as_ref())(io::Error::new(io::ErrorKind::Unsupported, what));
        let (given, rest) = name.split_once(":/").unwrap_or((name, ""));
        let scheme = match &*given.to_ascii_lowercase() {
            "s3" | "s3a" => "s3",
            "gs" => "gs",
            "az" | "azure" | "adl" => "az",
            "abfs" | "abfss" => "abfss",
            _ => return Err(failed(format!("{given}: is no store that is read: s3 (s3a), gs, az (azure, adl) and abfss (abfs) are"))),
        };
        let rest = rest.strip_prefix('/').ok_or_else(|| failed(format!("{given}:// and a bucket is needed")))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        Ok((format!("{scheme}://{}", bucket.to_ascii_lowercase()), key))
    }

    /// The place of a name. Who asks, and where, is in the environment: `AWS_*`, `GOOGLE_*`, `AZURE_*`.
    ///
    /// # Errors
    /// No such name; or cardhush was built without object stores.
    pub fn open(name: &str) -> Result<Self, Error> {
        let (bucket, prefix) = Self::cut(name)?;
        let client = Client::open(&bucket).map_err(doing("open", name.as_ref()))?;
        Ok(Self { client: Arc::new(client), bucket, prefix: prefix.trim_matches('/').into() })
    }

    /// The bucket, as of `s3://bucket`.
    pub(crate) fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The object that lies so below this place.
    pub(crate) fn below(&self, relative: &str) -> Object {
        let key = if self.prefix.is_empty() { relative.into() } else { format!("{}/{relative}", self.prefix) };
        Object { store: self.clone(), key, version: None }
    }

    /// Whether an object lies below this place.
    pub(crate) fn holds(&self, object: &Object) -> bool {
        self.bucket == object.store.bucket && self.rest(&object.key).is_some()
    }

    /// Whether another place is this one, or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.bucket == other.bucket && (self.prefix == other.prefix || self.rest(&other.prefix).is_some())
    }

    /// The path of a named object below this place, if it lies there.
    #[must_use]
    pub fn relative<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (bucket, key) = Self::cut(name).ok()?;
        self.rest(key).filter(|_| bucket == self.bucket)
    }

    /// What of a key comes behind this place.
    fn rest<'a>(&self, key: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() { Some(key) } else { key.strip_prefix(&self.prefix)?.strip_prefix('/') }
    }

    /// Every object below this place, with its path from here.
    pub(crate) fn list(&self) -> impl Iterator<Item = Result<(Object, String), Error>> + Send + use<> {
        let (store, name) = (self.clone(), self.to_string());
        self.client.list(&self.prefix, 4 * AT_A_TIME).map(move |listed| {
            let (key, version) = listed.map_err(doing(LISTING, name.as_ref()))?;
            let relative = key.strip_prefix(&store.prefix).unwrap_or(&key).trim_start_matches('/').to_owned();
            Ok((Object { store: store.clone(), key, version: Some(version) }, relative))
        })
    }
}

impl Object {
    /// As it is named in full.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        format!("{}/{}", self.store.bucket, self.key).into()
    }

    /// Whether it can be no recording: a bucket, or what stands for a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// What is there now; `None`: nothing.
    pub(crate) fn look(&self) -> Result<Option<Known>, Error> {
        self.store.client.look(&self.key).map_err(doing("ask about", &self.path()))
    }

    /// The digest of its contents, as they are now.
    pub(crate) fn digest(&self) -> Result<Option<(Version, Sha256)>, Error> {
        self.store.client.digest(&self.key).map_err(doing("read", &self.path()))
    }

    /// Its contents, in memory, of no more bytes than that, as they were at one moment; `None` where they changed while they were read, or since they were listed.
    pub(crate) fn get(&self, most: u64, into: &mut File) -> Result<Option<(Version, Kept)>, Error> {
        let etag = self.version.as_ref().and_then(|version| version.etag.as_deref());
        self.store.client.get(&self.key, etag, most, into).map_err(doing("read", &self.path()))
    }
}

/// Puts objects, several at a time; gives, in their order, the store's names of what is there now.
pub(crate) fn put_all(puts: Vec<Put>) -> Vec<Result<String, Error>> {
    let Some(client) = puts.first().map(|put| Arc::clone(&put.to.store.client)) else { return Vec::new() };
    client.put_all(puts, AT_A_TIME)
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.prefix {
            "" => f.write_str(&self.bucket),
            prefix => write!(f, "{}/{prefix}", self.bucket),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({self})")
    }
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        (&self.bucket, &self.prefix) == (&other.bucket, &other.prefix)
    }
}

impl Eq for Store {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_no_path_and_one_place_has_one_name() {
        for name in ["s3://b/k", "S3A://B/k", "hdfs://nn/clean", "dbfs:/clean", "file:///x", "gcs://b"] {
            assert!(Store::is_named(name), "{name}");
        }
        for name in ["a.wav", "/a/b", "./s3:/b", "C:/calls", "a b:/c", "calls/s3://b"] {
            assert!(!Store::is_named(name), "{name}");
        }
        assert_eq!(Store::cut("S3A://Bucket/in/A.wav").unwrap(), ("s3://bucket".into(), "in/A.wav"));
        assert_eq!(Store::cut("azure://b").unwrap(), ("az://b".into(), ""));
        assert_eq!(Store::one_name("s3a://B//k").unwrap(), "s3://b//k");
        for (name, says) in [
            ("hdfs://nn/clean", "hdfs: is no store that is read"),
            ("dbfs:/clean", "dbfs: is no store"),
            ("s3:/b", "s3:// and a bucket is needed"),
        ] {
            assert!(Store::open(name).unwrap_err().to_string().contains(says), "{name}");
        }
    }
}
