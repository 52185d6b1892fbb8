//! `cardhush scrub`: the report appears, then the output; if anything fails, no output.

use crate::exit::{Exit, Failure, complain};
use crate::job::{Scrub, Target};
use crate::progress::Watcher;
use crate::report_file::ReportFile;
use cardhush_scrub::{Error, Examined, FileLine, Line, Staged, Summary, same_file, stage};
use std::path::Path;

/// Scrubs one call. That nobody reads the report is told: it is why there is no output.
pub fn run(job: Scrub) -> Result<Exit, Failure> {
    scrub(job).map_err(Failure::aloud)
}

fn scrub(job: Scrub) -> Result<Exit, Failure> {
    let output = if let Target::File(path) = &job.target { Some(path) } else { None };
    let inputs = std::iter::once(&job.input).chain(&job.mask_files).chain(&job.settings.transcript);
    let mut files: Vec<&Path> = inputs.chain(output).map(AsRef::as_ref).collect();
    if let Some(transcript) = &job.redacted_transcript {
        if let Some(file) = files.iter().find(|file| same_file(file, transcript)) {
            return Err(Failure::usage(format_args!("--redacted-transcript {}: is {} itself", transcript.display(), file.display())));
        }
        if transcript.symlink_metadata().is_ok() && !job.force {
            return Err(Failure::usage(format_args!("{}: exists; --force replaces it", transcript.display())));
        }
        files.push(transcript);
    }
    let mut report = ReportFile::open(&job.telling, job.force, &files)?;
    let mut watcher = Watcher::new(job.telling.quiet);
    let path = job.input.display().to_string();
    let examined = job.settings.examined();
    let target = match &job.target {
        Target::Nowhere => cardhush_scrub::Target::Nowhere,
        Target::InPlace => cardhush_scrub::Target::InPlace,
        Target::File(path) => cardhush_scrub::Target::File { path, replace: job.force },
    };
    let staged = stage(&job.input, target, &job.settings, &mut |progress| watcher.see(progress));
    watcher.clear();
    let staged = match staged {
        Ok(staged) => staged,
        Err(error) => return fail(&mut report, &path, &error, &examined),
    };
    let file = line_of(&path, &staged, &examined);
    let wanted = job.redacted_transcript.as_deref().filter(|_| !matches!(job.target, Target::Nowhere));
    let transcript = wanted.map(|path| staged.redacted_transcript(path)).transpose();
    let transcript = match transcript {
        Ok(transcript) => transcript.flatten(),
        Err(error) => return fail(&mut report, &path, &error, &examined),
    };
    let rate_hz = staged.form().rate_hz;
    staged.plan().redactions().try_for_each(|one| report.line(&Line::redaction(&path, rate_hz, one)))?;
    end(&mut report, &file).inspect_err(|failure| give_up(&mut report, &path, failure, &examined))?;
    let published = if watcher.stopped() { Err(Error::Interrupted { path: job.input }) } else { staged.publish() };
    if let Err(error) = published {
        report.start_over()?;
        return fail(&mut report, &path, &error, &examined);
    }
    // Last: a redacted transcript stands for a call that was scrubbed.
    transcript.map_or(Ok(()), |transcript| transcript.publish(job.force)).map_err(Failure::failed)?;
    if !job.telling.quiet {
        complain(super::sentence(&file));
    }
    Ok(Exit::Done)
}

fn line_of(path: &str, staged: &Staged, examined: &Examined) -> FileLine {
    let mut file = FileLine::done(path, staged.form(), &staged.plan().masked(), staged.outcome(), examined);
    file.output = staged.output().map(|output| output.display().to_string());
    file
}

/// A call that was not scrubbed is told of too, in words and in the report.
fn fail(report: &mut ReportFile, path: &str, error: &Error, examined: &Examined) -> Result<Exit, Failure> {
    complain(error);
    end(report, &FileLine::failed(path, error.to_string(), examined))?;
    Ok(if matches!(error, Error::Interrupted { .. }) { Exit::Interrupted } else { Exit::Failed })
}

/// A report that could not appear, in the file or on standard output, is why there is no output: the other of the two must not say that
/// there is one.
fn give_up(report: &mut ReportFile, path: &str, failure: &Failure, examined: &Examined) {
    let error = failure.words().unwrap_or("the report could not be written").to_string();
    let _ = report.start_over().and_then(|()| end(report, &FileLine::failed(path, error, examined))); // the failure itself is told already
}

/// The last lines of a report of one call, which then appears.
fn end(report: &mut ReportFile, file: &FileLine) -> Result<(), Failure> {
    let mut summary = Summary::new(&file.examined);
    summary.count(file);
    report.line(&Line::File(Box::new(file.clone())))?;
    report.line(&Line::Summary(summary))?;
    report.publish()
}
