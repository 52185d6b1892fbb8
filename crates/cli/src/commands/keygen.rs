//! `cardhush keygen`: the two halves of a key, each in a file.

use crate::args::KeygenArgs;
use crate::exit::{Exit, Failure, complain};
use cardhush_scrub::ledger::Key;

/// Makes a key.
pub fn run(args: &KeygenArgs) -> Result<Exit, Failure> {
    let public = Key::generate().and_then(|key| key.write(&args.output)).map_err(Failure::failed)?;
    complain(format_args!("{}: the private key, for its owner alone; {}: the public one", args.output.display(), public.display()));
    Ok(Exit::Done)
}
