//! `cardhush verify`: is a scrubbed call the original with the reported spans replaced, and is nothing left to find in it?

use crate::exit::{Exit, Failure, complain};
use crate::job::VerifyPair;
use crate::progress::Watcher;
use crate::report_file::ReportFile;
use cardhush_scrub::{Call, Error, FileLine, Line, Outcome, Summary, Verified, recorded, verify};

/// Checks one pair.
pub fn run(job: VerifyPair) -> Result<Exit, Failure> {
    let mut told = ReportFile::open(&job.telling, false, &[])?;
    let mut watcher = Watcher::new(job.telling.quiet);
    let path = job.output.display().to_string();
    let examined = job.settings.examined();
    let verified = compare(&job, &mut watcher);
    watcher.clear();
    let (file, exit) = match verified {
        Ok(verified) => {
            let rate_hz = verified.original.rate_hz();
            verified.left.redactions().try_for_each(|one| told.line(&Line::redaction(&path, rate_hz, one, None)))?;
            let found = !verified.left.is_empty();
            let outcome = if found { Outcome::Found } else { Outcome::NothingFound };
            let file = FileLine::done(&path, verified.original.form(), &verified.left.masked(), outcome, &examined);
            if !job.telling.quiet || found {
                let spans = verified.plan.masked().spans;
                complain(format_args!("{}; {spans} spans replaced as planned, all other bytes as in the original", super::sentence(&file)));
            }
            (file, if found { Exit::Found } else { Exit::Done })
        }
        Err(error) => {
            complain(&error);
            let exit = match error {
                Error::Differs { .. } | Error::Length { .. } | Error::NotReplaced { .. } => Exit::Found,
                Error::Interrupted { .. } => Exit::Interrupted,
                _ => Exit::Failed,
            };
            (FileLine::failed(&path, error.to_string(), &examined), exit)
        }
    };
    let mut summary = Summary::new(&examined);
    summary.count(&file);
    told.line(&Line::File(Box::new(file)))?;
    told.line(&Line::Summary(summary))?;
    told.publish()?;
    Ok(exit)
}

fn compare(job: &VerifyPair, watcher: &mut Watcher) -> Result<Verified, Error> {
    let original = Call::open(&job.original)?;
    let plan = job.report.as_ref().map(|report| recorded(report, &job.original, original.channels())).transpose()?;
    verify(original, &job.output, plan, &job.settings, &mut |progress| watcher.see(progress))
}
