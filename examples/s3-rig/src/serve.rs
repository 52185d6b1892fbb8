//! The server: `s3s` speaks S3 and checks signatures, `s3s-fs` keeps the objects as files, [`Locked`] makes each key's operations atomic.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;

use crate::RigError;
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

    let listener = listen(args.port).await?;
    let mut stop = stopped()?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                let service = service.clone();
                let _ = socket.set_nodelay(true);
                tokio::spawn(async move {
                    // A client that goes away ends its connection, and nothing else.
                    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
                });
            }
            _ = stop.recv() => return Ok(()),
        }
    }
}

/// Listens, and says so: `ready http://127.0.0.1:PORT` is the first line on stdout.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, RigError> {
    let at = |source| RigError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(at)?;
    println!("ready http://{}", listener.local_addr().map_err(at)?);
    Ok(listener)
}

pub(crate) fn stopped() -> Result<tokio::signal::unix::Signal, RigError> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(RigError::Signal)
}
