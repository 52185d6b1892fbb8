//! `cardhush scan`: where digits are, a line a span on standard output.

use crate::exit::{Exit, Failure, complain};
use crate::job::Scan;
use crate::progress::Watcher;
use crate::report_file::ReportFile;
use cardhush_scrub::{Call, Error, FileLine, Form, Line, Outcome, Plan, Settings, Summary, find, seconds};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// Looks through every call; one that fails does not keep the rest from being read.
pub fn run(job: Scan) -> Result<Exit, Failure> {
    let inputs: Vec<&Path> = job.inputs.iter().map(AsRef::as_ref).collect();
    let mut report = ReportFile::open(&job.telling, job.force, &inputs)?;
    let mut watcher = Watcher::new(job.telling.quiet);
    let examined = job.settings.examined();
    let mut summary = Summary::new(&examined);
    for input in inputs {
        let path = input.display().to_string();
        let found = look(input, &job.settings, &mut watcher);
        watcher.clear();
        let file = match found {
            Ok((form, plan)) => {
                tell(&path, &form, &plan, job.telling.json, &mut report)?;
                let outcome = if plan.is_empty() { Outcome::NothingFound } else { Outcome::Found };
                FileLine::done(&path, form, &plan.masked(), outcome, &examined)
            }
            Err(error) => {
                complain(&error);
                FileLine::failed(&path, error.to_string(), &examined)
            }
        };
        if !job.telling.quiet && file.outcome != Outcome::Failed {
            complain(super::sentence(&file));
        }
        summary.count(&file);
        report.line(&Line::File(Box::new(file)))?;
        if watcher.stopped() {
            return Ok(Exit::Interrupted);
        }
    }
    let exit = match summary {
        Summary { failed: 1.., .. } => Exit::Failed,
        Summary { found: 1.., .. } => Exit::Found,
        _ => Exit::Done,
    };
    report.line(&Line::Summary(summary))?;
    report.publish()?;
    Ok(exit)
}

fn look(input: &Path, settings: &Settings, watcher: &mut Watcher) -> Result<(Form, Plan), Error> {
    let call = Call::open(input)?;
    let plan = find(&call, settings, None, &mut |progress| watcher.see(progress))?;
    call.unchanged()?;
    Ok((call.form(), plan))
}

/// The spans of one call: report lines, and lines for people where standard output is theirs.
fn tell(path: &str, form: &Form, plan: &Plan, json: bool, report: &mut ReportFile) -> Result<(), Failure> {
    let mut people = BufWriter::new(io::stdout());
    for one in plan.redactions() {
        report.line(&Line::redaction(path, form.rate_hz, one))?;
        if !json {
            let (start, end) = (seconds(one.span.start, form.rate_hz), seconds(one.span.end, form.rate_hz));
            let line = writeln!(people, "{path}: channel {}, {start:.3} to {end:.3} s, {}", one.channel, one.cause.name());
            line.map_err(|e| Failure::writing("standard output", &e))?;
        }
    }
    people.flush().map_err(|e| Failure::writing("standard output", &e))
}
