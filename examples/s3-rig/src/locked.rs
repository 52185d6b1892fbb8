//! The store behind the server: `s3s-fs`, with what it lacks of S3's promises about one object.
//!
//! `s3s-fs` looks at the condition of a PUT before it reads the body, puts a new body in place before its ETag and metadata, and does not look at the
//! conditions of a GET. Here each operation on a key holds the key's lock: shared to read, alone to write. A PUT has read its body to the end before it
//! takes the lock, so that a slow client holds up nobody and a body that was cut changes nothing. Listings carry ETags, as those of S3 do. What is not
//! here (multipart uploads, copies, listings by folder, other conditions) is answered with 501, not ignored.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use hyper::{HeaderMap, Method, Uri};
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::RwLock;

use crate::listing::page;

/// Keys of a listing's page at most, as S3 has it.
const PAGE: i32 = 1000;
/// How many of a page's objects are looked at at a time.
const HEADS_AT_ONCE: usize = 16;
/// `s3s-fs` names the file of an object's metadata by bucket and key in base64 and this many bytes more; it would find out after the body is in place.
const SIDECAR: usize = ".bucket-.object-.metadata.json".len();
const FILE_NAME_MAX: usize = 255;

pub(crate) struct Locked {
    files: FileSystem,
    folder: PathBuf,
    /// One lock a key, made at its first use: a rig lives as long as a test does.
    locks: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

impl Locked {
    pub(crate) fn new(folder: &Path) -> Result<Self, String> {
        let files = FileSystem::new(folder).map_err(|e| format!("{e:?}"))?;
        Ok(Self { files, folder: folder.to_owned(), locks: Mutex::default() })
    }

    fn lock(&self, bucket: &str, key: &str) -> Arc<RwLock<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(format!("{bucket}/{key}")).or_default())
    }

    /// What a listing says of one object.
    async fn entry(&self, bucket: &str, key: String) -> Option<Object> {
        let lock = self.lock(bucket, &key);
        let _shared = lock.read().await;
        let input = HeadObjectInput { bucket: bucket.into(), key: key.clone(), ..Default::default() };
        // None: it went away since the page was made.
        let head = self.files.head_object(request(input)).await.ok()?.output;
        Some(Object {
            key: Some(key),
            size: head.content_length,
            last_modified: head.last_modified,
            e_tag: head.e_tag,
            ..Default::default()
        })
    }
}

/// A request of the store's own.
fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: Method::GET,
        uri: Uri::default(),
        headers: HeaderMap::new(),
        extensions: Default::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

/// Without padding.
fn base64_length(text: &str) -> usize {
    (text.len() * 4).div_ceil(3)
}

/// What S3 answers when `If-Match` names another ETag than the object's.
fn check(wanted: Option<&IfMatch>, is: Option<&ETag>) -> S3Result<()> {
    match (wanted.and_then(ETagCondition::as_etag), is) {
        (None, _) => Ok(()),
        (Some(wanted), Some(is)) if is.strong_cmp(wanted) => Ok(()),
        _ => Err(s3_error!(PreconditionFailed, "ETag does not match")),
    }
}

/// The lock of an object that is to be read, and the ETag that it must have. A macro, since inputs of GET and HEAD have the same fields and no type in common.
macro_rules! read_of {
    ($store:expr, $input:expr) => {{
        let input = &$input;
        if input.if_none_match.is_some() || input.if_modified_since.is_some() || input.if_unmodified_since.is_some() {
            return Err(s3_error!(NotImplemented, "of conditions, only If-Match"));
        }
        ($store.lock(&input.bucket, &input.key), input.if_match.clone())
    }};
}

#[async_trait]
impl S3 for Locked {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let (lock, if_match) = read_of!(self, request.input);
        let _shared = lock.read().await;
        // The file is open when this returns: what comes after the lock is still of this ETag, since a PUT makes a new file.
        let response = self.files.get_object(request).await?;
        check(if_match.as_ref(), response.output.e_tag.as_ref())?;
        Ok(response)
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let (lock, if_match) = read_of!(self, request.input);
        let _shared = lock.read().await;
        let response = self.files.head_object(request).await?;
        check(if_match.as_ref(), response.output.e_tag.as_ref())?;
        Ok(response)
    }

    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let sidecar = SIDECAR + base64_length(&request.input.bucket) + base64_length(&request.input.key);
        if sidecar > FILE_NAME_MAX {
            return Err(s3_error!(KeyTooLongError, "the name of its metadata's file would have {sidecar} bytes, {FILE_NAME_MAX} at most"));
        }
        let body = request.input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let body: BytesMut = body.try_collect().await.map_err(|_| s3_error!(IncompleteBody))?;
        if request.input.content_length.is_some_and(|length| usize::try_from(length) != Ok(body.len())) {
            return Err(s3_error!(IncompleteBody));
        }
        request.input.body = Some(StreamingBlob::from(Body::from(Bytes::from(body))));
        let lock = self.lock(&request.input.bucket, &request.input.key);
        let _alone = lock.write().await;
        self.files.put_object(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        if request.input.if_match.is_some() {
            return Err(s3_error!(NotImplemented, "DELETE without conditions"));
        }
        let lock = self.lock(&request.input.bucket, &request.input.key);
        let _alone = lock.write().await;
        self.files.delete_object(request).await
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        if input.delimiter.is_some() || input.encoding_type.is_some() {
            return Err(s3_error!(NotImplemented, "a listing has no delimiter and no encoding"));
        }
        let folder = self.folder.join(&input.bucket);
        if !folder.is_dir() {
            return Err(s3_error!(NoSuchBucket));
        }
        let prefix = input.prefix.clone().unwrap_or_default();
        // The token is the last key of the page before.
        let after = input.continuation_token.clone().or(input.start_after.clone()).unwrap_or_default();
        let max_keys = usize::try_from(input.max_keys.unwrap_or(PAGE)).map_or(0, |max| max.min(PAGE as usize));
        let page = tokio::task::spawn_blocking(move || page(&folder, &prefix, &after, max_keys)).await;
        let page = page.map_err(|e| s3_error!(e, InternalError))?.map_err(|e| s3_error!(e, InternalError))?;

        let next = page.keys.last().cloned().filter(|_| page.truncated);
        let bucket = input.bucket.as_str();
        let entries = stream::iter(page.keys).map(|key| self.entry(bucket, key)).buffered(HEADS_AT_ONCE);
        let contents: Vec<_> = entries.filter_map(std::future::ready).collect().await;
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(contents.len()).ok(),
            contents: Some(contents),
            is_truncated: Some(page.truncated),
            next_continuation_token: next,
            max_keys: input.max_keys.or(Some(PAGE)),
            name: Some(input.bucket),
            prefix: input.prefix,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..Default::default()
        }))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.files.create_bucket(request).await
    }
}
