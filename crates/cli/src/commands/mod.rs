//! One file a command: a checked job in, an exit status out.

pub mod inspect;
pub mod keygen;
pub mod report;
pub mod sample;
pub mod scan;
pub mod scrub;
pub mod scrub_many;
pub mod selftest;
pub mod stream;
pub mod verify;
pub mod verify_ledger;

use cardhush_scrub::{Examined, FileLine, Outcome};

/// One call in words.
fn sentence(file: &FileLine) -> String {
    let spans = if file.redactions == 1 { "span" } else { "spans" };
    let masked: f64 = file.masked_s.iter().sum();
    let what = match file.outcome {
        Outcome::NothingFound => "nothing found".into(),
        Outcome::Scrubbed => format!("{} {spans} replaced, {masked:.3} s over all channels", file.redactions),
        Outcome::Exposed => {
            let exposed = file.exposed_s;
            format!("{} {spans} replaced, {masked:.3} s over all channels, but {exposed:.3} s were exposed", file.redactions)
        }
        _ => format!("{} {spans} found, {masked:.3} s over all channels", file.redactions),
    };
    let output = file.output.as_ref().filter(|output| **output != file.path).map(|output| format!(" -> {output}"));
    let capture = file
        .capture
        .as_ref()
        .map_or_else(String::new, |one| format!(" in {} RTP streams, {} digits of SIP messages blanked", one.streams, one.signalled));
    let notes = file.form.iter().flat_map(|form| &form.notes).map(|note| format!("\n  note: {note}")).collect::<String>();
    format!("{}{}: {what}{capture}; {}{notes}", file.path, output.unwrap_or_default(), looked_for(&file.examined))
}

/// What every summary says to people: no call is ever called clean of card data.
fn looked_for(examined: &Examined) -> String {
    let keyed = if examined.keyed == "examined" { "keyed digits were looked for" } else { "keyed digits were not examined" };
    let spoken = match &*examined.policy {
        "off" => "spoken digits were not examined".into(),
        policy => format!("spoken ones were listened for (policy {policy})"),
    };
    format!("{keyed}, {spoken}")
}
