//! `cardhush stream`: raw samples through a pipe, as many out as in, each at its place.

use crate::exit::{Exit, Failure, complain};
use crate::job::Stream;
use crate::report_file::LiveReport;
use crate::stop::{Stop, UntilStopped};
use cardhush_core::Event;
use cardhush_scrub::{Examined, FileLine, Form, Line, Masked, Outcome, StreamError, Streamed, Summary, seconds, stream};
use std::io;

/// Path of standard input in reports.
const PATH: &str = "-";

/// Passes standard input on to standard output until it ends or a signal comes; what came in before comes out all the same.
pub fn run(job: Stream) -> Result<Exit, Failure> {
    let mut report = LiveReport::open(job.report.as_deref(), job.force)?;
    let rate_hz = job.config.rate_hz;
    let stop = Stop::listen();
    let input = UntilStopped::new(io::stdin().lock(), stop.clone());
    let examined = Examined::new(job.config.keyed.is_some(), job.config.spoken.as_ref(), &job.armed);
    let mut masked = Masked::new(job.config.channels);
    let mut exposed = 0;
    let streamed = stream(job.coding, &job.config, &job.armed, input, io::stdout().lock(), |event| match event {
        Event::Redacted(one) => {
            report.line(&Line::redaction(PATH, rate_hz, one, None))?;
            masked.count(one);
            Ok(())
        }
        Event::Exposed { channel, span, cause } => {
            exposed += span.len(); // told at the end whether or not its line can be
            report.line(&Line::exposed(PATH, rate_hz, channel, span, cause))
        }
        _ => Ok(()),
    });
    let mut file = match &streamed {
        Ok(streamed) => done(&job, streamed, &masked, exposed, stop.asked(), &examined),
        Err(error) => FileLine::failed(PATH, error.to_string(), &examined).counted(&masked, rate_hz),
    };
    (file.output, file.exposed_s) = (Some(PATH.into()), seconds(exposed, rate_hz));
    let mut summary = Summary::new(&examined);
    summary.count(&file);
    let ended = report.line(&Line::File(Box::new(file.clone()))).and_then(|()| report.line(&Line::Summary(summary)));
    if exposed > 0 {
        complain(format_args!("{:.3} s over all channels left before they could be masked: raise --look-ahead", file.exposed_s));
    }
    match streamed {
        Err(StreamError::Write(error)) => Err(Failure::writing("standard output", &error)),
        Err(error) => Err(Failure::failed(error)),
        Ok(streamed) => {
            ended.map_err(|error| Failure::failed(StreamError::Tell(error)))?;
            conclude(&job, &streamed, &file);
            Ok(if stop.asked() { Exit::Interrupted } else { Exit::Done })
        }
    }
}

fn done(job: &Stream, streamed: &Streamed, masked: &Masked, exposed: u64, stopped: bool, examined: &Examined) -> FileLine {
    let outcome = match (exposed, masked.spans) {
        (1.., _) => Outcome::Exposed,
        (0, 0) => Outcome::NothingFound,
        (0, _) => Outcome::Scrubbed,
    };
    let (rate_hz, channels, frames) = (job.config.rate_hz, job.config.channels, streamed.frames);
    let mut notes = Vec::new();
    if streamed.unfinished_bytes > 0 {
        notes.push(format!("the last {} bytes are no whole frame: replaced by silence", streamed.unfinished_bytes));
    }
    if stopped {
        notes.push("interrupted: what came in until then came out, and more may have followed".into());
    }
    let duration_s = seconds(frames, rate_hz);
    let form = Form { container: "raw".into(), coding: job.coding.name().into(), rate_hz, channels, frames, duration_s, notes };
    FileLine::done(PATH, form, masked, outcome, examined)
}

/// What is said at the end. An unfinished frame is told whether people want to hear or not: something came that was not examined.
fn conclude(job: &Stream, streamed: &Streamed, file: &FileLine) {
    if !job.quiet || streamed.unfinished_bytes > 0 {
        complain(super::sentence(file));
    }
}
