//! Whether the ledger can be believed, and whether each file that was found ended somehow.

use super::{Report, hours, number, plural, time};
use crate::evidence::state::State;
use crate::evidence::tally::Tally;
use maud::{Markup, html};

/// What has to be known before anything else.
pub fn alerts(report: &Report<'_>) -> Markup {
    let states = || report.ledgers.states();
    // Of a ledger that was changed it says nothing that it is not sealed to its end.
    let open = |state: &&State| state.is_intact() && (state.unsealed > 0 || state.torn);
    html! {
        @if states().any(|state| !state.is_intact()) {
            div.alert role="alert" {
                h2 { "The ledger was changed, or is damaged" }
                @for state in states().filter(|state| !state.is_intact()) {
                    p {
                        span.mono { (state.path.display()) } ": "
                        @if let Some(wrong) = &state.wrong { (wrong) ". Only the " (plural(state.lines, "line", "lines")) " before that are counted here, and nothing proves those behind the last good seal." }
                        @else { "what its last seal sums up to is not what its lines come to." }
                    }
                }
                p { "Do not rely on this page. Find out what changed the ledger, and compare it with a copy." }
            }
        }
        @if states().any(|state| open(&state)) {
            div.alert role="alert" {
                h2 { "Not sealed to its end" }
                @for state in states().filter(open) {
                    p {
                        span.mono { (state.path.display()) } ": "
                        (plural(state.unsealed, "file is", "files are")) " told of behind the last seal" @if state.torn { ", and the last line was cut off" }
                        ". A run is going on, or was cut off: their outputs may not be there. The next run finds out."
                    }
                }
            }
        }
        @if !report.tally.totals.balance() {
            div.alert role="alert" { h2 { "The files do not add up" } p { "Of the files that were found, not every one has an outcome. This is a defect of the program." } }
        }
    }
}

/// The figures that people ask for first.
pub fn glance(report: &Report<'_>) -> Markup {
    let totals = report.tally.totals;
    let spans: u64 = report.tally.causes.values().map(|(spans, ..)| spans).sum();
    let intact = report.ledgers.states().all(State::is_intact);
    let signed = report.ledgers.states().all(|state| state.seals > 0 && state.unsigned == 0);
    html! {
        dl.glance {
            div { dt { "Ledger" } dd { @if intact { span.well { "intact" } } @else { span.bad { "NOT INTACT" } } small { (if !signed { "not signed" } else if report.ledgers.is_key_given() { "signed by the key given" } else { "signed, by a key not vouched for" }) } } }
            div { dt { "Files found" } dd { (number(totals.found)) small { (hours(totals.hours)) " hours of audio examined" } } }
            div { dt { "With digits replaced" } dd { (number(totals.scrubbed)) small { (plural(spans, "span", "spans")) } } }
            div { dt { "Nothing found" } dd { (number(totals.nothing_found)) small { "which does not say: nothing there" } } }
            div { dt { "Refused or failed" } dd { @if totals.refused + totals.failed > 0 { span.bad { (number(totals.refused + totals.failed)) } small { "not examined, not copied" } } @else { "0" } } }
        }
    }
}

/// Every file has one outcome; what the files were.
pub fn coverage(tally: &Tally) -> Markup {
    let totals = tally.totals;
    html! {
        h2 #coverage { "Coverage" }
        p {
            (number(totals.found)) " found = " (number(totals.scrubbed)) " scrubbed + " (number(totals.nothing_found)) " with nothing found + " (number(totals.refused)) " refused + " (number(totals.failed)) " failed"
            @if totals.balance() { "." } @else { ": this does not add up." }
        }
        @if totals.found == 0 { p { "The ledger tells of no file. Nothing was examined, so nothing is proven." } }
        @else {
            div.table { table {
                caption { "By outcome. A file that was treated more than once counts once." }
                thead { tr { th scope="col" { "Outcome" } th.n scope="col" { "Files" } th scope="col" { "What it means" } } }
                tbody {
                    (outcome("scrubbed", totals.scrubbed, "digits were found and replaced; the output was read back and compared"))
                    (outcome("nothing found", totals.nothing_found, "read to its end, and nothing was found of what was looked for"))
                    (outcome("refused", totals.refused, "cannot be read whole, or is of a kind that is not read: not examined, not copied"))
                    (outcome("failed", totals.failed, "something went wrong that may not do so again: not examined to the end, not copied"))
                }
                tfoot { tr { th scope="row" { "found" } td.n { (number(totals.found)) } td {} } }
            } }
            div.table { table {
                caption { "What was examined: files with digits replaced or nothing found" }
                thead { tr { th scope="col" { "Container, coding, rate, channels" } th.n scope="col" { "Files" } th.n scope="col" { "Hours" } } }
                tbody { @for (form, (files, of_form)) in &tally.forms { tr { th scope="row" { (form) } td.n { (number(*files)) } td.n { (hours(*of_form)) } } } }
                tfoot { tr { th scope="row" { "all" } td.n { (number(totals.scrubbed + totals.nothing_found)) } td.n { (hours(totals.hours)) } } }
            } }
            @if tally.noted > 0 { p { (plural(tally.noted, "file was", "files were")) " read although the header says something else than the file holds; the ledger has the note of each." } }
        }
    }
}

fn outcome(name: &str, files: u64, meaning: &str) -> Markup {
    html! { tr { th scope="row" { (name) } td.n { (number(files)) } td { (meaning) } } }
}

/// How each ledger stands.
pub fn ledgers(report: &Report<'_>) -> Markup {
    html! {
        h2 #ledger { "The ledger" }
        p { "Each line holds the SHA-256 of the line before it, and a seal now and then signs what came until then. Whoever changes, moves or takes out a line without the key is found out; whoever has the key can write it anew. The last line's digest stands for all of them: compare it with one that was kept elsewhere." }
        @for state in report.ledgers.states() {
            h3.path { (state.path.display()) }
            div.table { table.facts { tbody {
                tr { th scope="row" { "Chain" } td { @if state.is_intact() { span.well { "intact" } ", " (plural(state.lines, "line", "lines")) } @else { span.bad { "broken" } ": " (state.wrong.as_deref().unwrap_or("sums that differ")) } } }
                tr { th scope="row" { "Last line" } td { @if let Some(head) = &state.head { code { (head) } } @else { "none: the ledger is empty" } } }
                tr { th scope="row" { "Seals" } td {
                    (number(state.seals)) @if let Some(at) = &state.sealed_at { ", the last at " (time(at)) } ". "
                    @if state.lines == 0 { "Nothing to seal." }
                    @else if state.unsealed == 0 && !state.torn { "Sealed to its end." }
                    @else { span.bad { (plural(state.unsealed, "file", "files")) " not sealed" } @if state.torn { ", last line cut off" } "." }
                } }
                tr { th scope="row" { "Signed by" } td {
                    @if state.keys.is_empty() { "nobody: whoever can write the file could have written it anew" }
                    @for key in &state.keys { code { (key) } " " }
                    @if !state.keys.is_empty() {
                        @if report.ledgers.is_key_given() { "(the key that was given to check with)" } @else { "(as the ledger says itself; whose key that is, it cannot prove: give it with --key)" }
                        @if state.unsigned > 0 { " " span.bad { (plural(state.unsigned, "seal", "seals")) " without a signature" } }
                    }
                } }
            } } }
        }
    }
}

/// What was not examined, and why.
pub fn left_out(tally: &Tally) -> Markup {
    let totals = tally.totals;
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.refused + reason.failed));
    html! {
        h2 #left-out { "Refused and failed files" }
        @if reasons.is_empty() { p { "None." } }
        @else {
            p { (plural(totals.refused, "file was", "files were")) " refused and " (number(totals.failed)) " failed. They were not examined to their end and not copied: what they hold stays where it was." }
            @for (kind, reason) in reasons {
                @let files = reason.refused + reason.failed;
                div.table { table {
                    caption { strong { (kind) } ": "
                        @if reason.refused > 0 { (number(reason.refused)) " refused" }
                        @if reason.refused > 0 && reason.failed > 0 { ", " }
                        @if reason.failed > 0 { (number(reason.failed)) " failed" }
                    }
                    thead { tr { th scope="col" { "File" } th scope="col" { "Reason" } } }
                    tbody {
                        @for (path, told) in &reason.first { tr { td.path.mono { (path) } td { (told) } } }
                        @if files > reason.first.len() as u64 { tr { td colspan="2" { "and " (number(files - reason.first.len() as u64)) " more: see the quarantine list beside the ledger" } } }
                    }
                } }
            }
        }
    }
}
