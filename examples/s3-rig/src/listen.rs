//! Listens on this machine alone, and gives each connection to whoever serves it, until SIGTERM.

use std::net::Ipv4Addr;

use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use crate::RigError;

/// `ready http://127.0.0.1:PORT` is the first line on stdout. Errors of a connection end it, and nothing else.
pub(crate) async fn listen<F>(port: u16, serve: impl Fn(TcpStream) -> F) -> Result<(), RigError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let at = |source| RigError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(at)?;
    println!("ready http://{}", listener.local_addr().map_err(at)?);
    let mut stop = signal(SignalKind::terminate()).map_err(RigError::Signal)?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                // Slower without it, and otherwise the same.
                let _ = socket.set_nodelay(true);
                tokio::spawn(serve(socket));
            }
            _ = stop.recv() => return Ok(()),
        }
    }
}
