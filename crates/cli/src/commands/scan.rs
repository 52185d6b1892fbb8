//! `cardhush scan`: where digits are, a line a span on standard output.

use crate::exit::{Exit, Failure, complain};
use crate::job::Scan;
use crate::progress::Watcher;
use crate::report_file::ReportFile;
use cardhush_scrub::{
    Call, Error, FileLine, Form, Line, Outcome, Plan, Settings, StagedCapture, Summary, Target, find, is_capture, stage_capture,
};
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
            Ok(Looked::Call(form, plan)) => {
                let lines: Vec<Line> =
                    plan.redactions().map(|one| Line::redaction(&path, form.rate_hz, one, Some(plan.confidence(one)))).collect();
                tell(&path, &lines, job.telling.json, &mut report)?;
                let outcome = if plan.is_empty() { Outcome::NothingFound } else { Outcome::Found };
                FileLine::done(&path, form, &plan.masked(), outcome, &examined)
            }
            Ok(Looked::Capture(capture)) => {
                tell(&path, &Line::of_capture(&path, &capture), job.telling.json, &mut report)?;
                FileLine::of_capture(&path, &capture, &examined)
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

/// What was found in a file.
enum Looked {
    Call(Form, Plan),
    Capture(Box<StagedCapture>),
}

fn look(input: &Path, settings: &Settings, watcher: &mut Watcher) -> Result<Looked, Error> {
    if is_capture(input)? {
        return stage_capture(input, Target::Nowhere, settings, &mut |progress| watcher.see(progress))
            .map(|capture| Looked::Capture(Box::new(capture)));
    }
    let call = Call::open(input)?;
    let plan = find(&call, settings, None, &mut |progress| watcher.see(progress))?;
    call.unchanged()?;
    Ok(Looked::Call(call.form(), plan))
}

/// What was found in one file: report lines, and lines for people where standard output is theirs.
fn tell(path: &str, lines: &[Line], json: bool, report: &mut ReportFile) -> Result<(), Failure> {
    let mut people = BufWriter::new(io::stdout());
    for line in lines {
        report.line(line)?;
        let told = match line {
            Line::Redaction { place, cause, .. } if !json => {
                writeln!(people, "{path}: channel {}, {:.3} to {:.3} s, {cause}", place.channel, place.start_s, place.end_s)
            }
            Line::Stream { channel, source, destination, coding, .. } if !json => {
                writeln!(people, "{path}: channel {channel} is RTP from {source} to {destination} ({coding})")
            }
            _ => Ok(()),
        };
        told.map_err(|e| Failure::writing("standard output", &e))?;
    }
    people.flush().map_err(|e| Failure::writing("standard output", &e))
}
