//! The server: `s3s` speaks S3 and checks signatures, `s3s-fs` keeps the objects as files, [`Locked`] makes each key's operations atomic.

use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

use crate::RigError;
use crate::listen::listen;
use crate::locked::Locked;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Each folder in it is a bucket, each file below one an object
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// 0: any free one; the first line on stdout says which
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[arg(long)]
    access_key: String,
    #[arg(long)]
    secret_key: String,
}

pub(crate) async fn run(args: Args) -> Result<(), RigError> {
    let path = args.folder.display().to_string();
    let store = Locked::new(&args.folder).map_err(|reason| RigError::Folder { path, reason })?;
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(SimpleAuth::from_single(args.access_key, args.secret_key));
    let service = service.build();

    let connection = |socket| {
        let service = service.clone();
        async move {
            // A client that goes away ends its connection, and nothing else.
            let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
        }
    };
    listen(args.port, connection).await
}
