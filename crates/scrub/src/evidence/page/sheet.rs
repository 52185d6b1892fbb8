//! The form for those who listen: which calls, and a row to fill in for each. To be printed.

use super::{number, percent, plural, shell};
use crate::evidence::listening::Listening;
use crate::ledger::Treatment;
use maud::html;

/// The page.
#[must_use]
pub fn sheet(listening: &Listening, made: &str) -> String {
    let [nothing, scrubbed] = &listening.strata;
    let calls = nothing.calls + scrubbed.calls;
    let body = html! {
        header {
            h1 { "Listening to calls after a scrub" }
            p.soft { "Drawn " (made) " by cardhush " (env!("CARGO_PKG_VERSION")) ", seed " code { (listening.seed) } }
        }
        main.form {
            p { "Listen to the output of each call from its beginning to its end. Write down whether a card number, an expiry date, a code or a part of one can be heard, keyed or spoken, and where. Do not write down the digits." }
            div.table { table {
                caption { "How they were drawn: in proportion, at random" }
                thead { tr { th scope="col" { "Calls" } th.n scope="col" { "There are" } th.n scope="col" { "Drawn" } th.n scope="col" { "Share" } } }
                tbody { @for stratum in &listening.strata { tr {
                    th scope="row" { (outcome(stratum.outcome)) } td.n { (number(stratum.calls)) } td.n { (number(stratum.drawn.len() as u64)) }
                    td.n { (percent(stratum.drawn.len() as f64 / stratum.calls.max(1) as f64)) }
                } } }
                tfoot { tr { th scope="row" { "all" } td.n { (number(calls)) } td.n { (number(listening.len() as u64)) } td.n { (percent(listening.len() as f64 / calls.max(1) as f64)) } } }
            } }
            @if listening.is_empty() { p { "There is nothing to listen to." } }
            @else {
                p { "If card data is heard in none of them: with 95 % confidence at most " strong { (percent(listening.all_clear())) } " of these calls hold any." }
                @if listening.left_out > 0 { p { (plural(listening.left_out, "call was", "calls were")) " refused or failed; nothing is said of them." } }
                div.table { table.list {
                    caption { "The list. Card data heard: yes or no." }
                    thead { tr { th.n scope="col" { "No." } th scope="col" { "Call" } th.n scope="col" { "Seconds" } th scope="col" { "Card data heard" } th scope="col" { "Where (s)" } th scope="col" { "Remarks" } th scope="col" { "Listener, date" } } }
                    tbody { @for (at, drawn) in listening.drawn().iter().enumerate() { tr {
                        td.n { (at + 1) } td.path.mono { (drawn.call.path) } td.n { (drawn.call.form.as_ref().map_or_else(String::new, |form| format!("{:.0}", form.duration_s))) } td {} td {} td {} td {}
                    } } }
                } }
            }
        }
    };
    shell("Listening to calls after a scrub", &body)
}

/// How calls of a stratum ended.
pub const fn outcome(outcome: Treatment) -> &'static str {
    match outcome {
        Treatment::Scrubbed => "scrubbed",
        Treatment::NothingFound => "nothing found",
        Treatment::Refused => "refused",
        Treatment::Failed => "failed",
    }
}
