//! Objects that somebody replaces while a run reads them.

use std::path::PathBuf;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::RigError;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Share of objects, 0 to 1, that are replaced at their first GET
    #[arg(long, value_name = "RATE", requires_all = ["replace_with", "access_key", "secret_key"])]
    replace: Option<f64>,
    /// Only objects whose BUCKET/KEY, as in the request, begins so
    #[arg(long, value_name = "BUCKET/KEY", default_value = "")]
    replace_prefix: String,
    /// The contents that they get
    #[arg(long, value_name = "FILE")]
    replace_with: Option<PathBuf>,
    /// Of the server, for the replacements
    #[arg(long)]
    access_key: Option<String>,
    #[arg(long)]
    secret_key: Option<String>,
}

pub(crate) struct Replace {
    rate: f64,
    prefix: String,
    contents: Bytes,
    server: AmazonS3Builder,
}

impl Replace {
    pub(crate) fn new(args: Args, upstream: &str) -> Result<Option<Self>, RigError> {
        let (Some(rate), Some(file)) = (args.replace, args.replace_with) else { return Ok(None) };
        let contents = std::fs::read(&file).map_err(|source| RigError::Read { path: file.display().to_string(), source })?.into();
        let server = AmazonS3Builder::new()
            .with_endpoint(upstream)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_access_key_id(args.access_key.unwrap_or_default())
            .with_secret_access_key(args.secret_key.unwrap_or_default());
        Ok(Some(Self { rate, prefix: args.replace_prefix, contents, server }))
    }

    /// Whether the first GET of this path, which drew `lot`, is of an object to replace.
    pub(crate) fn wants(&self, path: &str, lot: f64) -> bool {
        let object = path.strip_prefix('/').unwrap_or(path);
        object.split_once('/').is_some_and(|(_, key)| !key.is_empty()) && object.starts_with(&self.prefix) && lot < self.rate
    }

    pub(crate) async fn run(&self, path: &str) -> Result<(), object_store::Error> {
        let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let store = self.server.clone().with_bucket_name(bucket).build()?;
        store.put(&Path::from_url_path(key)?, PutPayload::from(self.contents.clone())).await?;
        Ok(())
    }
}
