//! `cardhush scrub`: the report appears, then the output; if anything fails, no output.

use crate::exit::{Exit, Failure, complain};
use crate::job::{ScrubOne, Target};
use crate::progress::Watcher;
use crate::report_file::ReportFile;
use cardhush_scrub::{Error, Examined, FileLine, Line, Staged, Summary, is_capture, same_file, stage, stage_capture};
use std::fs;
use std::path::Path;

/// Scrubs one call. That nobody reads the report is told: it is why there is no output.
pub fn run(job: ScrubOne) -> Result<Exit, Failure> {
    scrub(job).map_err(Failure::aloud)
}

fn scrub(job: ScrubOne) -> Result<Exit, Failure> {
    let inputs: Vec<&Path> = job.inputs().collect();
    let outputs = [job.output(), job.redacted_transcript.as_deref()];
    for (at, output) in outputs.into_iter().enumerate() {
        let Some(output) = output else { continue };
        let others = inputs.iter().copied().chain(outputs.into_iter().take(at).flatten());
        // That a call is written over itself is told where it is opened.
        if let Some(other) = others.filter(|other| at > 0 || **other != *job.input).find(|other| same_file(other, output)) {
            return Err(Failure::usage(format_args!("{}: is {} itself", output.display(), other.display())));
        }
    }
    if let Some(transcript) = &job.redacted_transcript {
        may_appear(transcript, job.force)?;
    }
    let files: Vec<&Path> = inputs.into_iter().chain(outputs.into_iter().flatten()).collect();
    let mut report = ReportFile::open(&job.telling, job.force, &files)?;
    let mut watcher = Watcher::new(job.telling.quiet);
    let path = job.input.display().to_string();
    let examined = job.settings.examined();
    let target = match &job.target {
        Target::Nowhere => cardhush_scrub::Target::Nowhere,
        Target::InPlace => cardhush_scrub::Target::InPlace,
        Target::File(path) => cardhush_scrub::Target::File { path, replace: job.force },
    };
    if is_capture(&job.input).unwrap_or(false) {
        return capture(&job, target, &mut report, &mut watcher, &path, &examined);
    }
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
    let plan = staged.plan();
    plan.redactions().try_for_each(|one| report.line(&Line::redaction(&path, rate_hz, one, Some(plan.confidence(one)))))?;
    end(&mut report, &file).inspect_err(|failure| give_up(&mut report, &path, failure, &examined))?;
    let published = if watcher.stopped() {
        Err(Error::Interrupted { path: job.input.clone() })
    } else {
        transcript.map_or(Ok(()), |transcript| transcript.publish(job.force)).and_then(|()| {
            // A redacted transcript stands for a call that was scrubbed.
            let withdraw = |_: &Error| wanted.map_or((), |path| drop(fs::remove_file(path)));
            staged.publish().inspect_err(withdraw)
        })
    };
    if let Err(error) = published {
        report.start_over()?;
        return fail(&mut report, &path, &error, &examined);
    }
    if !job.telling.quiet {
        complain(super::sentence(&file));
    }
    Ok(Exit::Done)
}

/// The same for a packet capture.
fn capture(
    job: &ScrubOne,
    target: cardhush_scrub::Target<'_>,
    report: &mut ReportFile,
    watcher: &mut Watcher,
    path: &str,
    examined: &Examined,
) -> Result<Exit, Failure> {
    let staged = stage_capture(&job.input, target, &job.settings, &mut |progress| watcher.see(progress));
    watcher.clear();
    let staged = match staged {
        Ok(staged) => staged,
        Err(error) => return fail(report, path, &error, examined),
    };
    let file = FileLine::of_capture(path, &staged, examined);
    Line::of_capture(path, &staged).iter().try_for_each(|line| report.line(line))?;
    end(report, &file).inspect_err(|failure| give_up(report, path, failure, examined))?;
    let published = if watcher.stopped() { Err(Error::Interrupted { path: job.input.clone() }) } else { staged.publish() };
    if let Err(error) = published {
        report.start_over()?;
        return fail(report, path, &error, examined);
    }
    if !job.telling.quiet {
        complain(super::sentence(&file));
    }
    Ok(Exit::Done)
}

/// Whether a redacted transcript may appear under this name.
fn may_appear(path: &Path, force: bool) -> Result<(), Failure> {
    let no = |why: &str| Err(Failure::usage(format_args!("--redacted-transcript {}: {why}", path.display())));
    match fs::symlink_metadata(path) {
        _ if path == Path::new("-") => no("it appears whole or not at all, so it needs a file"),
        Err(_) => Ok(()), // free, or told when the file beside it is created
        Ok(there) if !there.is_file() => no("there is something else than a file of that name"),
        Ok(_) if !force => no("exists; --force replaces it"),
        Ok(_) => Ok(()),
    }
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
