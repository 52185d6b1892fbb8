//! What is asked of a store, by the crate `object_store`, which tries again what fails in passing.
//!
//! A conditional put that is tried again may meet its own first try, and a connection may be lost after a put was carried out. So after every put that did not clearly succeed it is asked what is there:
//! each output carries its digest, and one with the right digest is ours.

#[cfg(not(target_os = "linux"))]
compile_error!("the feature `cloud` needs files in memory, which Linux alone has");

use super::{Known, Over, Put, Version};
use crate::digest::{Digest, Sha256, parse};
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
use std::sync::{Mutex, PoisonError};
use tokio::runtime::Runtime;
use url::Url;

/// The digest of an output beside it. A name that every store takes: Azure allows letters, digits and `_`, and proxies drop `_`.
const MARK: &str = "cardhushsha256";
/// Times that a put is decided anew because something else came between.
const TRIES: usize = 4;

/// What all requests of a process run on, whatever store they go to. A child that was forked has none of its parent's threads: it needs its own, and leaves the parent's alone, with which it shares what wakes them.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// A bucket.
pub struct Client {
    store: Box<dyn ObjectStore>,
    runtime: &'static Runtime,
}

/// What an object has beside its contents: its type, its metadata.
#[derive(Clone, Debug, Default)]
pub struct Kept(Attributes);

impl Client {
    pub fn open(bucket: &str) -> io::Result<Self> {
        let url = Url::parse(bucket).map_err(io::Error::other)?;
        let texts = std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
        let set = texts.filter(|(name, _)| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|of| name.starts_with(of)));
        let (store, _) = parse_url_opts(&url, set).map_err(told)?;
        Ok(Self { store, runtime: runtime()? })
    }

    /// The objects below a prefix, `ahead` of them at most before they are taken.
    pub fn list(
        self: &std::sync::Arc<Self>,
        prefix: &str,
        ahead: usize,
    ) -> impl Iterator<Item = io::Result<(String, Version)>> + Send + use<> {
        let (give, take) = sync_channel(ahead);
        let (client, prefix) = (std::sync::Arc::clone(self), path(prefix));
        std::thread::spawn(move || {
            let prefix = match prefix {
                Ok(prefix) => prefix,
                Err(error) => {
                    let _ = give.send(Err(told(error)));
                    return;
                }
            };
            let mut listed = client.store.list(Some(&prefix).filter(|prefix| !prefix.as_ref().is_empty()));
            while let Some(one) = client.runtime.block_on(listed.next()) {
                let one = one.map(|meta| (meta.location.to_string(), version(&meta))).map_err(told);
                if give.send(one).is_err() {
                    return;
                }
            }
        });
        take.into_iter()
    }

    /// What is under a key.
    pub fn look(&self, key: &str) -> io::Result<Option<Known>> {
        self.runtime.block_on(self.known(key)).map_err(told)
    }

    /// One version of an object, whole, of no more than so many bytes.
    pub fn get(&self, key: &str, etag: Option<&str>, most: u64, into: &mut File) -> io::Result<Option<(Version, Kept)>> {
        self.runtime.block_on(self.read(key, etag, most, &mut |bytes| into.write_all(bytes)))
    }

    /// The digest of an object, as it is now.
    pub fn digest(&self, key: &str) -> io::Result<Option<(Version, Sha256)>> {
        self.runtime.block_on(self.digest_of(key))
    }

    async fn digest_of(&self, key: &str) -> io::Result<Option<(Version, Sha256)>> {
        let mut digest = Digest::new();
        let mut add = |bytes: &[u8]| {
            digest.add(bytes);
            Ok(())
        };
        let read = self.read(key, None, u64::MAX, &mut add).await?;
        Ok(read.map(|(version, _)| (version, digest.end())))
    }

    async fn read(
        &self,
        key: &str,
        etag: Option<&str>,
        most: u64,
        into: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    ) -> io::Result<Option<(Version, Kept)>> {
        let options = GetOptions { if_match: etag.map(Into::into), ..GetOptions::default() };
        let got = match self.store.get_opts(&path(key).map_err(told)?, options).await {
            Err(StoreError::Precondition { .. } | StoreError::NotFound { .. }) => return Ok(None),
            got => got.map_err(told)?,
        };
        let (version, kept) = (version(&got.meta), kept(&got));
        if version.bytes > most {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} bytes, and no more than {most} were to be there", version.bytes),
            ));
        }
        let (mut body, mut count) = (got.into_stream(), 0);
        while let Some(bytes) = body.next().await {
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(error) => {
                    // Of a body that ended too soon the rest is asked for, of the same version. Is that gone?
                    let now = self.known(key).await.map_err(told)?;
                    return if now.is_none_or(|now| now.version.etag != version.etag) { Ok(None) } else { Err(told(error)) };
                }
            };
            count += bytes.len() as u64;
            into(&bytes)?;
        }
        if count == version.bytes { Ok(Some((version, kept))) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Puts objects, so many at a time, in their order.
    pub fn put_all(&self, puts: Vec<Put>, at_a_time: usize) -> Vec<Result<String, Error>> {
        self.runtime.block_on(stream::iter(puts.into_iter().map(put)).buffered(at_a_time).collect())
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

/// What requests of this process run on: for as long as it lives, and so never given back.
fn runtime() -> io::Result<&'static Runtime> {
    let own = std::process::id();
    let there = || RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let of_own = |there: &Option<(u32, &'static Runtime)>| there.filter(|(process, _)| *process == own).map(|(_, runtime)| runtime);
    if let Some(runtime) = of_own(&there()) {
        return Ok(runtime);
    }
    // Not under the lock, which a child that is forked meanwhile would find taken for ever.
    let new = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut there = there();
    // Another thread may have been faster; then this one goes.
    Ok(of_own(&there).unwrap_or_else(|| there.insert((own, Box::leak(Box::new(new)))).1))
}

/// Puts an object into its own bucket.
async fn put(put: Put) -> Result<String, Error> {
    let path = put.to.path();
    let failed = |error: io::Error| doing("put", &path)(error);
    let Put { to, mut contents, sha256, kept, over, from } = put;
    let client = &to.store.client;
    if let Some(from) =
        from.as_ref().filter(|from| !matches!(over, Over::Itself) && (from.store.bucket(), &from.key) == (to.store.bucket(), &to.key))
    {
        return Err(Error::SameFile { path: from.path() });
    }
    let source = from.as_ref().and_then(|from| from.version.clone());
    if let (Some(from), Some(source), false) = (&from, &source, matches!(over, Over::Itself)) {
        let now = from.store.client.known(&from.key).await.map_err(|e| doing("ask about", &from.path())(told(e)))?;
        if now.is_none_or(|now| now.version.etag != source.etag) {
            return Err(Error::Changed { path: from.path() });
        }
    }
    let mut bytes = Vec::new();
    contents.rewind().and_then(|()| contents.read_to_end(&mut bytes)).map_err(failed)?;
    drop(contents);
    let payload = PutPayload::from(bytes);
    let location = self::path(&to.key).map_err(|e| failed(told(e)))?;
    let mut attributes = kept.0;
    attributes.insert(Attribute::Metadata(MARK.into()), sha256.to_string().into());
    let update = |of: Version| PutMode::Update(UpdateVersion { e_tag: of.etag, version: of.version });
    let mut mode = match source.filter(|_| matches!(over, Over::Itself)) {
        Some(source) => update(source),
        None => PutMode::Create,
    };
    for _ in 0..TRIES {
        let options = PutOptions { mode: mode.clone(), attributes: attributes.clone(), ..PutOptions::default() };
        let error = match client.store.put_opts(&location, payload.clone(), options).await {
            Ok(put) if put.e_tag.is_some() => return Ok(quoted(put.e_tag.unwrap_or_default())),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let there = client.known(&to.key).await.map_err(|e| failed(told(e)))?;
        // What says that it is ours is looked at: its metadata may have been kept by whoever replaced it.
        if there.as_ref().is_some_and(|there| there.sha256 == Some(sha256) && there.version.bytes == bytes_of(&payload)) {
            let digest = client.digest_of(&to.key).await.map_err(failed)?;
            if let Some((version, _)) = digest.filter(|(_, digest)| *digest == sha256) {
                return Ok(version.etag.unwrap_or_default());
            }
        }
        let taken = matches!(error, Some(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }));
        mode = match (there, over, error) {
            (_, Over::Itself, _) if taken => return Err(Error::Changed { path }),
            (Some(there), Over::Anything, _) if taken => update(there.version),
            (Some(there), Over::Own(own), _) if taken && own.is_some() && own == there.sha256.map(Sha256::half) => update(there.version),
            (Some(_), ..) if taken => return Err(Error::Exists { path }),
            // It went away meanwhile.
            (None, ..) if taken => PutMode::Create,
            (_, _, Some(error)) => return Err(failed(told(error))),
            (_, _, None) => return Err(failed(io::Error::other("the store says that it is put, and it is not there"))),
        };
    }
    Err(failed(io::Error::other("others put it at the same time, again and again")))
}

fn bytes_of(payload: &PutPayload) -> u64 {
    payload.content_length() as u64
}

/// A key as the library has it, where that stands for no other.
fn path(key: &str) -> Result<Path, StoreError> {
    let path = Path::parse(key)?;
    if path.as_ref() == key {
        Ok(path)
    } else {
        Err(StoreError::Generic { store: "names", source: "begins or ends with a slash: such a key cannot be asked for".into() })
    }
}

/// What a store says, less the documents that it says it in, which quote requests.
fn told(error: StoreError) -> io::Error {
    let kind = if matches!(error, StoreError::NotFound { .. }) { io::ErrorKind::NotFound } else { io::ErrorKind::Other };
    let text = error.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let words = text.split('<').next().unwrap_or_default().trim_end();
    io::Error::new(kind, format!("{words} {code}").trim_end().to_owned())
}

/// An ETag as headers have it; some listings leave the quotes out.
fn quoted(etag: String) -> String {
    if etag.starts_with('"') || etag.starts_with("W/") { etag } else { format!("\"{etag}\"") }
}

fn version(of: &ObjectMeta) -> Version {
    let modified_ns = of.last_modified.timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok());
    Version { bytes: of.size, etag: of.e_tag.clone().map(quoted), version: of.version.clone(), modified_ns }
}

/// All that it has, less the digest of what it was.
fn kept(got: &GetResult) -> Kept {
    let keep = got.attributes.iter().filter(|(name, _)| **name != Attribute::Metadata(MARK.into()));
    Kept(keep.map(|(name, value)| (name.clone(), value.clone())).collect())
}
