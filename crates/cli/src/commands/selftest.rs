//! `cardhush selftest`: digits of test cards, planted in copies of recordings, scrubbed with the user's settings, and measured.

use crate::args::{FillName, LinkName};
use crate::exit::{Exit, Failure, complain};
use crate::job::listening;
use crate::listen::ListenArgs;
use crate::progress::Watcher;
use cardhush_scrub::Settings;
use cardhush_scrub::evidence::selftest::{Kind, Measured, Row, Voice, test};
use clap::Args;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The call that ships with the source, and where its digits are: what is said is taken from it.
const CALL: &[u8] = include_bytes!("../../../../examples/data/call.wav");
const LIST: &str = include_str!("../../../../examples/data/call.json");

/// `cardhush selftest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keyed digits are computed, at three levels; spoken ones are those of the example call's customer, whom the network knows from its training: they tell whether it listens, not how well. Copies and what becomes of them hold
the recordings' own audio, and go away at the end unless --work says where they stay. The numbers are published test numbers, and are not printed.
Exit status 1: a keyed digit is left, or something else changed. What is left of spoken digits is told.

Examples:
  cardhush selftest
  cardhush selftest call1.wav call2.wav --work planted --policy digits")]
pub struct SelftestArgs {
    /// Recordings, which are copied; without any, the example call
    #[arg(value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    /// Keep the copies and what becomes of them there
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// What is looked for.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// What masked spans are filled with
    #[arg(long, value_enum, default_value_t = FillName::ComfortNoise)]
    pub fill: FillName,
    /// Whether a tone masks every channel at its time, or its own alone
    #[arg(long = "channels", alias = "link", value_enum, default_value_t = LinkName::Linked)]
    pub link: LinkName,
    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub quiet: bool,
}

/// Plants, scrubs and measures.
pub fn run(args: SelftestArgs) -> Result<Exit, Failure> {
    let mut settings = listening(args.listen)?;
    (settings.fill, settings.linking) = (args.fill.into(), args.link.into());
    let voice = Voice::of_shipped_call(CALL, LIST).ok_or_else(|| Failure::failed("the example call is not the one that was built in"))?;
    let cannot = |path: &Path, e: &io::Error| Failure::failed(format_args!("{}: cannot write to it: {e}", path.display()));
    let passing = tempfile::Builder::new().prefix("cardhush-selftest-").tempdir().map_err(|e| cannot(&std::env::temp_dir(), &e))?;
    let work = args.work.as_deref().unwrap_or(passing.path());
    fs::create_dir_all(work).map_err(|e| cannot(work, &e))?;
    let mut inputs = args.inputs;
    if inputs.is_empty() {
        let call = passing.path().join("call.wav");
        fs::write(&call, CALL).map_err(|e| cannot(&call, &e))?;
        inputs.push(call);
    }
    let mut watcher = Watcher::new(args.quiet);
    let mut rows = Vec::new();
    for (number, input) in inputs.iter().enumerate() {
        for kind in Kind::all() {
            match test(input, number, kind, &voice, work, &settings, &mut |progress| watcher.see(progress)) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    watcher.clear();
                    complain(error);
                    return Ok(Exit::Interrupted);
                }
            }
        }
    }
    watcher.clear();
    let table = table(&rows);
    io::stdout().lock().write_all(table.as_bytes()).map_err(|e| Failure::writing("standard output", &e))?;
    if !args.quiet {
        complain(sentence(&rows, &settings));
    }
    Ok(exit(&rows))
}

/// A keyed digit that stays, or a byte that changed where none may, outweighs what could not be tested.
fn exit(rows: &[Row]) -> Exit {
    let keyed = |row: &Row| matches!(row.kind, Kind::Keyed { .. });
    let bad = rows.iter().any(|row| row.measured.as_ref().is_ok_and(|one| one.strays > 0 || keyed(row) && one.gone < one.digits));
    match (bad, rows.iter().any(|row| row.measured.is_err())) {
        (true, _) => Exit::Found,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    }
}

fn table(rows: &[Row]) -> String {
    let head = ["recording", "planted", "channel", "from", "gone", "most left", "stray bytes", "masked elsewhere"].map(String::from);
    let mut cells = vec![head.to_vec()];
    cells.extend(rows.iter().map(|row| {
        let name = row.recording.file_name().unwrap_or(row.recording.as_os_str()).to_string_lossy().escape_debug().to_string();
        let mut cells = vec![name, planted(row.kind)];
        match &row.measured {
            Ok(one) => cells.extend(measured(one)),
            Err(why) => cells.push(format!("not tested: {why}")),
        }
        cells
    }));
    let width = |column: usize| {
        cells.iter().filter(|row| row.len() > 3).filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    cells.iter().map(line).collect()
}

fn planted(kind: Kind) -> String {
    match kind {
        Kind::Keyed { level_dbm0 } => format!("keyed, {level_dbm0} dBm0 a tone"),
        Kind::Spoken => "spoken".into(),
    }
}

fn measured(one: &Measured) -> [String; 6] {
    [
        one.channel.to_string(),
        format!("{:.1} s", one.at_s),
        format!("{} of {}", one.gone, one.digits),
        format!("{:.1} %", 100.0 * one.left),
        one.strays.to_string(),
        format!("{:.1} s", one.elsewhere_s),
    ]
}

fn sentence(rows: &[Row], settings: &Settings) -> String {
    let sum = |keyed: bool| {
        let of = rows.iter().filter(|row| matches!(row.kind, Kind::Keyed { .. }) == keyed).filter_map(|row| row.measured.as_ref().ok());
        of.fold((0, 0), |(gone, digits), one| (gone + one.gone, digits + one.digits))
    };
    let ((keyed, all_keyed), (spoken, all_spoken)) = (sum(true), sum(false));
    let strays: u64 = rows.iter().filter_map(|row| row.measured.as_ref().ok()).map(|one| one.strays).sum();
    let rest = if strays == 0 {
        "nothing changed outside of what was told".into()
    } else {
        format!("{strays} BYTES CHANGED OUTSIDE OF WHAT WAS TOLD")
    };
    format!(
        "{keyed} of {all_keyed} planted keyed digits are gone, {spoken} of {all_spoken} spoken ones; {rest}; {}. This says that the tool works here, not how many digits it misses elsewhere",
        super::looked_for(&settings.examined())
    )
}
