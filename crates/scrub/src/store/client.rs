//! What is asked of a store, by the crate `object_store`, which tries again what fails in passing.
//!
//! A conditional put that is tried again may meet its own first try, and a connection may be lost after a put was carried out. So after every put that did not clearly succeed it is asked what is there:
//! each output carries its digest, and one with the right digest is ours.

#[cfg(not(target_os = "linux"))]
compile_error!("the feature `cloud` needs files in memory, which Linux alone has");

use super::{Known, Over, Put, Version};
use crate::digest::{Sha256, parse};
use crate::error::{Error, doing};
use futures::stream::{self, StreamExt as _};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error as StoreError, GetOptions, GetResult, ObjectMeta, ObjectStore, PutMode, PutOptions, PutPayload,
    UpdateVersion, parse_url_opts,
};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::mpsc::sync_channel;
use tokio::runtime::Runtime;
use url::Url;

/// The digest of an output beside it. A name that every store takes: Azure allows letters, digits and `_`, and proxies drop `_`.
const MARK: &str = "cardhushsha256";
/// Times that a put is decided anew because something else came between.
const TRIES: usize = 4;

/// A bucket.
pub struct Client {
    store: Box<dyn ObjectStore>,
    runtime: Runtime,
}

/// What an object has beside its contents: its type, its metadata.
#[derive(Clone, Debug, Default)]
pub struct Kept(Attributes);

impl Client {
    pub fn open(bucket: &str) -> io::Result<Self> {
        let url = Url::parse(bucket).map_err(io::Error::other)?;
        let set = std::env::vars().filter(|(name, _)| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|of| name.starts_with(of)));
        let (store, _) = parse_url_opts(&url, set)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { store, runtime })
    }

    /// The objects below a prefix, `ahead` of them at most before they are taken.
    pub fn list(
        self: &std::sync::Arc<Self>,
        prefix: &str,
        ahead: usize,
    ) -> impl Iterator<Item = io::Result<(String, Version)>> + Send + use<> {
        let (give, take) = sync_channel(ahead);
        let (client, prefix) = (std::sync::Arc::clone(self), Path::from(prefix));
        std::thread::spawn(move || {
            let mut listed = client.store.list(Some(&prefix).filter(|prefix| !prefix.as_ref().is_empty()));
            while let Some(one) = client.runtime.block_on(listed.next()) {
                let one = one.map(|meta| (meta.location.to_string(), version(&meta))).map_err(io::Error::from);
                if give.send(one).is_err() {
                    return;
                }
            }
        });
        take.into_iter()
    }

    /// What is under a key.
    pub fn look(&self, key: &str) -> io::Result<Option<Known>> {
        self.runtime.block_on(self.known(key)).map_err(io::Error::from)
    }

    /// One version of an object, whole.
    pub fn get(&self, key: &str, etag: Option<&str>, into: &mut File) -> io::Result<Option<(Version, Kept)>> {
        self.runtime.block_on(async {
            let path = path(key)?;
            let options = GetOptions { if_match: etag.map(Into::into), ..GetOptions::default() };
            let got = match self.store.get_opts(&path, options).await {
                Err(StoreError::Precondition { .. } | StoreError::NotFound { .. }) => return Ok(None),
                got => got?,
            };
            let (version, kept) = (version(&got.meta), kept(&got));
            let mut body = got.into_stream();
            while let Some(bytes) = body.next().await {
                let Ok(bytes) = bytes else {
                    // Of a body that ended too soon the rest is asked for, of the same version. Is that gone?
                    let now = self.known(key).await?;
                    return if now.is_none_or(|now| now.version.etag != version.etag) {
                        Ok(None)
                    } else {
                        bytes.map(|_| None).map_err(Into::into)
                    };
                };
                into.write_all(&bytes)?;
            }
            if into.stream_position()? == version.bytes { Ok(Some((version, kept))) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        })
    }

    /// Puts objects, so many at a time, in their order.
    pub fn put_all(&self, puts: Vec<Put>, at_a_time: usize) -> Vec<Result<String, Error>> {
        self.runtime.block_on(stream::iter(puts.into_iter().map(|put| self.put(put))).buffered(at_a_time).collect())
    }

    async fn put(&self, put: Put) -> Result<String, Error> {
        let path = put.to.path();
        let failed = |error: io::Error| doing("put", &path)(error);
        let Put { to, mut contents, sha256, kept, over, from } = put;
        let source = from.as_ref().and_then(|from| from.version.clone());
        if let (Some(from), Some(source), false) = (&from, &source, matches!(over, Over::Itself)) {
            let now = from.store.client.known(&from.key).await.map_err(|e| doing("ask about", &from.path())(e.into()))?;
            if now.is_none_or(|now| now.version.etag != source.etag) {
                return Err(Error::Changed { path: from.path() });
            }
        }
        let mut bytes = Vec::new();
        contents.rewind().and_then(|()| contents.read_to_end(&mut bytes)).map_err(failed)?;
        drop(contents);
        let payload = PutPayload::from(bytes);
        let location = self::path(&to.key).map_err(|e| failed(e.into()))?;
        let mut attributes = kept.0;
        attributes.insert(Attribute::Metadata(MARK.into()), sha256.to_string().into());
        let update = |of: Version| PutMode::Update(UpdateVersion { e_tag: of.etag, version: of.version });
        let mut mode = match source.filter(|_| matches!(over, Over::Itself)) {
            Some(source) => update(source),
            None => PutMode::Create,
        };
        for _ in 0..TRIES {
            let options = PutOptions { mode: mode.clone(), attributes: attributes.clone(), ..PutOptions::default() };
            let error = match self.store.put_opts(&location, payload.clone(), options).await {
                Ok(put) if put.e_tag.is_some() => return Ok(put.e_tag.unwrap_or_default()),
                Ok(_) => None,
                Err(error) => Some(error),
            };
            let there = self.known(&to.key).await.map_err(|e| failed(e.into()))?;
            if let Some(there) = there.as_ref().filter(|there| there.sha256 == Some(sha256)) {
                return Ok(there.version.etag.clone().unwrap_or_default());
            }
            let taken = matches!(error, Some(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }));
            mode = match (there, over, error) {
                (_, Over::Itself, _) if taken => return Err(Error::Changed { path }),
                (Some(there), Over::Anything, _) if taken => update(there.version),
                (Some(there), Over::Own(own), _) if taken && own.is_some() && own == there.sha256.map(Sha256::half) => {
                    update(there.version)
                }
                (Some(_), ..) if taken => return Err(Error::Exists { path }),
                // It went away meanwhile.
                (None, ..) if taken => PutMode::Create,
                (_, _, Some(error)) => return Err(failed(error.into())),
                (_, _, None) => return Err(failed(io::Error::other("the store says that it is put, and it is not there"))),
            };
        }
        Err(failed(io::Error::other("others put it at the same time, again and again")))
    }

    async fn known(&self, key: &str) -> Result<Option<Known>, StoreError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.store.get_opts(&path(key)?, options).await {
            Ok(got) => {
                let mark = got.attributes.get(&Attribute::Metadata(MARK.into()));
                Ok(Some(Known { version: version(&got.meta), sha256: mark.and_then(|text| parse(text)).map(Sha256) }))
            }
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn path(key: &str) -> Result<Path, StoreError> {
    Path::parse(key).map_err(Into::into)
}

fn version(of: &ObjectMeta) -> Version {
    let modified_ns = of.last_modified.timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok());
    Version { bytes: of.size, etag: of.e_tag.clone(), version: of.version.clone(), modified_ns }
}

/// All that it has, less the digest of what it was.
fn kept(got: &GetResult) -> Kept {
    let keep = got.attributes.iter().filter(|(name, _)| **name != Attribute::Metadata(MARK.into()));
    Kept(keep.map(|(name, value)| (name.clone(), value.clone())).collect())
}
