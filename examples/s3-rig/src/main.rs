//! `s3-rig serve`: a folder as an S3 server. `s3-rig faults`: a proxy before it that brings faults. Both on 127.0.0.1 alone; the README has the commands.

mod draw;
mod fault_body;
mod faults;
mod journal;
mod listen;
mod listing;
mod locked;
mod replace;
mod serve;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the folders in DIR as buckets
    Serve(serve::Args),
    /// Pass requests on to a server, some of them with a fault
    Faults(faults::Args),
}

/// Why the rig did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RigError {
    #[error("port {port}: {source}")]
    Listen { port: u16, source: std::io::Error },
    #[error("{path}: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{path}: not to be served: {reason}")]
    Folder { path: String, reason: String },
    #[error("{option} {value}: {wants}")]
    Option { option: &'static str, value: String, wants: &'static str },
    #[error("signals: {0}")]
    Signal(std::io::Error),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let run = match Cli::parse().command {
        Command::Serve(args) => serve::run(args).await,
        Command::Faults(args) => faults::run(args).await,
    };
    match run {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("s3-rig: {e}");
            std::process::ExitCode::FAILURE
        }
    }
}
