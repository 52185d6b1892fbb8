//! `cardhush inspect`: what files are, without a look at their audio.

use crate::args::InspectArgs;
use crate::exit::{Exit, Failure, complain};
use cardhush_scrub::{Call, Line};
use std::io::{self, Write};
use std::path::Path;

/// Tells of every file; one that cannot be read does not keep the rest from being told of.
pub fn run(args: InspectArgs) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for input in &args.inputs {
        match Call::open(input) {
            Ok(call) => tell(&mut io::stdout().lock(), input, &call, args.json).map_err(|e| Failure::writing("standard output", &e))?,
            Err(error) => {
                complain(error);
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn tell(mut to: impl Write, path: &Path, call: &Call, json: bool) -> io::Result<()> {
    if json {
        return Line::inspect(&path.display().to_string(), call).write(to);
    }
    let form = call.form();
    writeln!(to, "{}", path.display())?;
    writeln!(to, "  {} {}, {} Hz, {} channels", form.container, form.coding, form.rate_hz, form.channels)?;
    writeln!(to, "  {} samples a channel, {:.3} s", form.frames, form.duration_s)?;
    for chunk in call.wav().into_iter().flat_map(|wav| wav.chunks()) {
        writeln!(to, "  chunk `{}` at byte {}, {} bytes", chunk.id, chunk.offset, chunk.len)?;
    }
    form.notes.iter().try_for_each(|note| writeln!(to, "  note: {note}"))
}
