//! The command: raw arguments -> validated job -> run -> exit status. Data goes to standard output, words for people to standard error.

mod args;
mod commands;
mod exit;
mod job;
mod listen;
mod progress;
mod report_file;
mod stop;

use args::{Cli, Command};
use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr(); // help and version are asked for, and go to standard output
            let _ = error.print();
            return if wrong { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let exit = match cli.command {
        Command::Scrub(args) => job::Scrub::new(args).and_then(|job| match job {
            job::Scrub::One(job) => commands::scrub::run(*job),
            job::Scrub::Many(job) => commands::scrub_many::run(*job),
        }),
        Command::Scan(args) => job::Scan::new(args).and_then(commands::scan::run),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Stream(args) => job::Stream::new(args).and_then(commands::stream::run),
        Command::Verify(args) => job::Verify::new(args).and_then(|job| match job {
            job::Verify::Pair(job) => commands::verify::run(*job),
            job::Verify::Ledger(job) => commands::verify_ledger::run(*job),
        }),
        Command::Report(args) => commands::report::run(&args),
        Command::Sample(args) => commands::sample::run(&args),
        Command::Selftest(args) => commands::selftest::run(args),
        Command::Erase(args) => job::ScrubMany::erase(args).and_then(commands::scrub_many::run),
        Command::Keygen(args) => commands::keygen::run(&args),
    };
    exit.unwrap_or_else(|failure| failure.tell()).into()
}
