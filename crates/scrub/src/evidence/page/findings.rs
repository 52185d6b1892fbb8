//! What was run, and what it found: by cause and by month.

use super::{hours, number, plural, time};
use crate::evidence::tally::{REST, Runs, Tally};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Months that are drawn; the table has all.
const DRAWN: usize = 36;
/// A row of the drawing, and the width of its longest bar.
const ROW: usize = 20;
const LONGEST: f64 = 520.0;

/// What was run.
pub fn run(tally: &Tally) -> Markup {
    html! {
        h2 #run { "What was run" }
        @if tally.runs.is_empty() { p { "The ledger tells of no run." } }
        @if let (Some(from), Some(to)) = (&tally.from, &tally.to) { p { "The first of these files was begun at " (time(from)) ", the last one was done at " (time(to)) "." } }
        @for runs in &tally.runs { (settings(runs)) }
        @if tally.other_runs > 0 { p { "And " (plural(tally.other_runs, "run", "runs")) " with settings beyond these." } }
    }
}

fn settings(runs: &Runs) -> Markup {
    let opened = &runs.opened;
    html! {
        div.table { table.facts { tbody {
            tr { th scope="row" { "Tool" } td { (opened.tool) " " (opened.version) } }
            tr { th scope="row" { "Runs" } td { (number(runs.runs)) ", from " (time(&opened.at)) @if runs.last != opened.at { " to " (time(&runs.last)) } } }
            tr { th scope="row" { "Keyed digits" } td { (opened.examined.keyed) } }
            tr { th scope="row" { "Spoken digits" } td { (opened.examined.spoken) } }
            tr { th scope="row" { "Policy" } td { (opened.examined.policy) } }
            tr { th scope="row" { "Model" } td { @if let Some(model) = &opened.examined.model { code { (model) } } @else { "none listened" } } }
            tr { th scope="row" { "Filled with" } td { (opened.fill) } }
            tr { th scope="row" { "Channels" } td { (opened.channels) } }
            tr { th scope="row" { "Outputs" } td { (opened.mode) ", part " (opened.shard) " of the files" } }
            tr { th scope="row" { "All settings" } td { code { (opened.settings) } span.soft { " SHA-256" } } }
        } } }
    }
}

/// What was found.
pub fn findings(tally: &Tally) -> Markup {
    let causes: Vec<&String> = tally.causes.keys().collect();
    html! {
        h2 #findings { "Findings" }
        @if causes.is_empty() { p { "No span was replaced." } }
        @else {
            div.table { table {
                caption { "Spans that were replaced, by cause, over all channels" }
                thead { tr { th scope="col" { "Cause" } th.n scope="col" { "Spans" } th.n scope="col" { "sure" } th.n scope="col" { "Seconds" } th scope="col" { "What it is" } } }
                tbody { @for (cause, (spans, sure, s)) in &tally.causes { tr { th scope="row" { (cause) } td.n { (number(*spans)) } td.n { (number(*sure)) } td.n { (format!("{s:.1}")) } td { (meaning(cause)) } } } }
            } }
            p.soft { "Sure: keys within the limits at which a receiver has to take them, runs of eight spoken digits and more, what is linked to either, and what was signalled or asked for. The others were replaced because they may be digits." }
            (bars(&tally.months.iter().map(|(month, of)| (month.as_str(), &of.spans)).collect::<Vec<_>>(), &causes))
        }
        @if !tally.months.is_empty() {
            div.table { table {
                caption { "By the month in which the recording was last written to (UTC)" }
                thead { tr {
                    th scope="col" { "Month" } th.n scope="col" { "Files examined" } th.n scope="col" { "with findings" } th.n scope="col" { "share" }
                    @for cause in &causes { th.n scope="col" { (cause) } }
                } }
                tbody { @for (month, of) in &tally.months { tr {
                    th scope="row" { (month) } td.n { (number(of.files)) } td.n { (number(of.scrubbed)) } td.n { (super::percent(of.scrubbed as f64 / of.files.max(1) as f64)) }
                    @for cause in &causes { td.n { (number(of.spans.get(*cause).copied().unwrap_or(0))) } }
                } } }
            } }
            p.soft { "A month with files and hardly any findings, among others with many, is worth a look: calls may have come by another way. Hours examined: " (hours(tally.totals.hours)) "." }
        }
    }
}

/// A bar a month, made of the causes.
fn bars(months: &[(&str, &BTreeMap<String, u64>)], causes: &[&String]) -> Markup {
    let drawn = months.get(months.len().saturating_sub(DRAWN)..).unwrap_or_default();
    let sum = |spans: &BTreeMap<String, u64>| spans.values().sum::<u64>();
    let most = drawn.iter().map(|(_, spans)| sum(spans)).max().unwrap_or(0).max(1);
    let height = ROW * drawn.len();
    html! {
        figure {
            figcaption { "Spans a month, by cause" @if drawn.len() < months.len() { ", the last " (drawn.len()) " months" } "; the table below has the numbers" }
            ul.key { @for (at, cause) in causes.iter().enumerate() { li { i class=(format!("c{}", at.min(7))) {} (cause) } } }
            div.wide { svg viewBox=(format!("0 0 680 {height}")) role="img" aria-label=(format!("Bars: spans replaced in each of {} months, by cause", drawn.len())) {
                @for (row, (month, spans)) in drawn.iter().enumerate() {
                    @let y = row * ROW;
                    text x="0" y=(y + 14) { (month) }
                    @let mut x = 64.0;
                    @for (at, cause) in causes.iter().enumerate() {
                        @let width = LONGEST * spans.get(*cause).copied().unwrap_or(0) as f64 / most as f64;
                        @if width > 0.0 { rect class=(format!("c{}", at.min(7))) x=(format!("{x:.1}")) y=(y + 3) width=(format!("{width:.1}")) height=(ROW - 6) {} }
                        @let () = x += width;
                    }
                    text x=(format!("{:.1}", x + 6.0)) y=(y + 14) { (number(sum(spans))) }
                }
            } }
        }
    }
}

fn meaning(cause: &str) -> &'static str {
    match cause {
        "keyed" => "a tone of a key on this channel",
        "event" => "a key that signalling told of",
        "spoken" => "digits said on this channel, with what lies between them",
        "transcript" => "the same, by a transcript of the call",
        "linked" => "at the time of a tone on another channel, since line echo carries it there",
        "echo" => "a faint or late copy of what another channel has",
        "manual" => "asked for by a person or a pause/resume log",
        "unread" => "what came out of order by more than can be read, replaced whole",
        REST => "causes beyond these",
        _ => "",
    }
}
