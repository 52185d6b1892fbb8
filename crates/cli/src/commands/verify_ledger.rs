//! `cardhush verify` of a ledger: is it as it was written, and are the files as it says?

use crate::exit::{Exit, Failure, complain};
use crate::job::VerifyLedger;
use crate::stop::Stop;
use cardhush_scrub::ledger::{Problem, PublicKey, Verification, verify_ledger};

/// Checks a ledger.
pub fn run(job: VerifyLedger) -> Result<Exit, Failure> {
    let key = job.key.as_deref().map(PublicKey::read).transpose().map_err(Failure::failed)?;
    let mut against = job.against;
    against.key = key;
    let stop = Stop::listen();
    let verified = verify_ledger(&job.ledgers, &against, &|| stop.asked(), &mut |problem| match problem {
        Problem::Ledger(ledger, error) => complain(format_args!("{}: {error}; nothing of it counts", ledger.display())),
        Problem::Sums(ledger, what) => complain(format_args!("{}: {what}", ledger.display())),
        Problem::File { path, what } => complain(format_args!("{path}: {what}")),
    });
    let found = match verified {
        Ok(found) => found,
        Err(cardhush_scrub::Error::Interrupted { .. }) => return Ok(Exit::Interrupted),
        Err(error) => return Err(Failure::failed(error)),
    };
    if !job.quiet || found.problems > 0 {
        complain(sentence(&found, against.key.is_some()));
    }
    Ok(if found.problems > 0 { Exit::Found } else { Exit::Done })
}

fn sentence(found: &Verification, key: bool) -> String {
    let totals = found.totals;
    let signed = match (found.signed, key) {
        (true, true) => "signed by the key that was given",
        (true, false) => "signed, by whom was not asked: give the public key with --key",
        (false, _) => "not signed: whoever can write it can write it anew",
    };
    let several = if found.again + found.lost > 0 {
        format!("; {} files in more than one ledger, each counted once, {} ledgers cut off", found.again, found.lost)
    } else {
        String::new()
    };
    format!(
        "{} lines, {signed}{several}; {} files: {} scrubbed, {} with nothing found, {} refused, {} failed; {:.1} hours of audio; {} things are wrong",
        found.lines, totals.found, totals.scrubbed, totals.nothing_found, totals.refused, totals.failed, totals.hours, found.problems
    )
}
