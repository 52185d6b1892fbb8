//! `cardhush sample`: which calls people are to listen to, drawn at random, as a table for programs and a form for paper.

use super::report::{Page, now};
use crate::exit::{Exit, Failure, complain};
use cardhush_scrub::evidence::{Ledgers, Listening, State, sheet};
use cardhush_scrub::ledger::PublicKey;
use clap::Args;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};

/// `cardhush sample`.
#[derive(Debug, Args)]
#[command(after_help = "\
Drawn are the calls whose SHA-256 of seed, a blank and path is the smallest: with the same ledger and seed, anybody draws the same. No audio is copied.
The list does not say how a call ended, so that who listens does not know what was found. Exit status 1: a ledger was changed; nothing is drawn then.

Examples:
  cardhush sample clean/cardhush-ledger.jsonl -n 300 -o listening
  cardhush sample clean/cardhush-ledger.jsonl -n 300 --seed 2024-Q1 -o listening.csv")]
pub struct SampleArgs {
    /// The ledgers, of shards or of archives: each file in one of them
    #[arg(value_name = "LEDGER", required = true)]
    pub ledgers: Vec<PathBuf>,
    /// Calls to draw
    #[arg(short, long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub number: u32,
    /// What the draw depends on; without it, a random one, which is told
    #[arg(long, value_name = "S")]
    pub seed: Option<String>,
    /// Where list and form go: a folder, or a file that ends in .csv or .html for one of them; must not exist yet
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: PathBuf,
    /// The public key that seals must be signed with
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Replace a list and a form that exist
    #[arg(long)]
    pub force: bool,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// Draws.
pub fn run(args: &SampleArgs) -> Result<Exit, Failure> {
    let key = args.key.as_deref().map(PublicKey::read).transpose().map_err(Failure::failed)?;
    let [csv, html] = places(&args.output);
    if let Some(folder) = csv.as_ref().and(html.as_ref()).and_then(|path| path.parent()) {
        fs::create_dir_all(folder).map_err(|e| Failure::failed(format_args!("{}: cannot make it: {e}", folder.display())))?;
    }
    let open = |path: Option<PathBuf>| path.map(|path| Page::open(&path, args.force, &args.ledgers)).transpose();
    let (csv, html) = (open(csv)?, open(html)?);
    let ledgers = Ledgers::open(&args.ledgers, key).map_err(Failure::failed)?;
    for state in ledgers.states().filter(|state| !state.is_intact()) {
        complain(format_args!("{}: {}", state.path.display(), state.wrong.as_deref().unwrap_or("changed")));
    }
    if !ledgers.states().all(State::is_intact) {
        return Ok(Exit::Found);
    }
    let seed = args.seed.clone().unwrap_or_else(|| format!("{:016x}", RandomState::new().build_hasher().finish()));
    let listening = Listening::draw(&ledgers, &seed, args.number as usize).map_err(Failure::failed)?;
    if let Some(page) = html {
        page.publish(&sheet(&listening, &now()))?;
    }
    if let Some(page) = csv {
        page.publish(&table(&listening))?;
    }
    if !args.quiet {
        complain(sentence(&listening));
    }
    Ok(Exit::Done)
}

/// Where the table goes, and where the form.
fn places(output: &Path) -> [Option<PathBuf>; 2] {
    match output.extension().and_then(|end| end.to_str()).filter(|_| !output.is_dir()) {
        Some("csv") => [Some(output.into()), None],
        Some("html" | "htm") => [None, Some(output.into())],
        _ => [Some(output.join("listening.csv")), Some(output.join("listening.html"))],
    }
}

/// Values with commas (RFC 4180), a row a call.
fn table(listening: &Listening) -> String {
    let mut table = String::from("number,path,seconds,output_sha256,heard_card_data_yes_no,where_s,remarks,listener,date\r\n");
    for (at, drawn) in listening.drawn().iter().enumerate() {
        let call = &drawn.call;
        let digest = call.output.as_ref().and_then(|state| state.sha256).map_or_else(String::new, |digest| digest.to_string());
        let length_s = call.form.as_ref().map_or(0.0, |form| form.duration_s);
        table += &format!("{},{},{length_s:.1},{digest},,,,,\r\n", at + 1, quoted(&call.path));
    }
    table
}

/// A name that neither ends its field nor becomes a formula in a spreadsheet.
fn quoted(name: &str) -> String {
    let guard = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", name.replace('"', "\"\""))
}

fn sentence(listening: &Listening) -> String {
    let [nothing, scrubbed] = &listening.strata;
    let drawn = format!(
        "{} of {} calls with nothing found and {} of {} scrubbed ones drawn, seed {}",
        nothing.drawn.len(),
        nothing.calls,
        scrubbed.drawn.len(),
        scrubbed.calls,
        listening.seed
    );
    if listening.is_empty() {
        return format!("{drawn}: there is nothing to listen to");
    }
    format!(
        "{drawn}; if card data is heard in none: at most {:.3} % of these calls hold any (95 % confidence)",
        100.0 * listening.all_clear()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_field_and_are_no_formulas() {
        assert_eq!(quoted("a,\"b\"\n.wav"), "\"a,\"\"b\"\"\n.wav\"");
        assert_eq!(quoted("=cmd|' /C calc'!A0.wav"), "\"'=cmd|' /C calc'!A0.wav\"");
    }
}
