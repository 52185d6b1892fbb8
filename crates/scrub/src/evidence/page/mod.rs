//! The page: one HTML file that needs nothing else, for people who were not there. No script, no external resource (and a policy in its head that forbids both), light and dark, for the
//! screen and for paper. All that comes from a ledger is text to it: `maud` escapes what it is given.

mod coverage;
mod findings;
mod samples;
mod sheet;
mod words;

use super::lines::Ledgers;
use super::picture::Sample;
use super::tally::Tally;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use sheet::sheet;

/// What is told.
pub struct Report<'a> {
    /// The ledgers, read twice.
    pub ledgers: &'a Ledgers,
    /// What they come to.
    pub tally: &'a Tally,
    /// A few scrubbed calls.
    pub samples: &'a [Sample],
    /// When it is told, RFC 3339, UTC.
    pub made: &'a str,
}

/// The page.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let tally = report.tally;
    let body = html! {
        header {
            h1 { "Record of a search for card digits in call recordings" }
            p.soft { "Made " (report.made) " by cardhush " (env!("CARGO_PKG_VERSION")) " from " (plural(report.ledgers.states().count() as u64, "ledger", "ledgers")) "." }
        }
        main {
            (coverage::alerts(report))
            (coverage::glance(report))
            (findings::run(tally))
            (coverage::coverage(tally))
            (coverage::ledgers(report))
            (findings::findings(tally))
            (coverage::left_out(tally))
            (samples::samples(report.samples))
            (words::looked_for(tally))
            (words::plan(tally))
            (words::measured())
            (words::not_claimed())
        }
    };
    shell("Record of a search for card digits", &body)
}

/// A page round its contents.
fn shell(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// A number that people can read: 12,345,678.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn plural(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// Hours, in as many places as they need.
fn hours(hours: f64) -> String {
    match hours {
        100.0.. => number(hours.round() as u64),
        1.0.. => format!("{hours:.1}"),
        _ => format!("{hours:.3}"),
    }
}

/// A time to the second; what is none stays as it is.
fn time(rfc3339: &str) -> String {
    rfc3339.split_once('.').filter(|(_, rest)| rest.ends_with('Z')).map_or_else(|| rfc3339.into(), |(whole, _)| format!("{whole}Z"))
}

/// A share with two digits that count: 0.99 %.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let places = if percent >= 10.0 || percent <= 0.0 { 0 } else { (1.0 - percent.log10().floor()) as usize };
    format!("{percent:.places$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(number), ["0", "999", "1,000", "12,345,678"]);
        assert_eq!([0.009_936, 0.5, 0.000_001, 0.0, 1.0].map(percent), ["0.99 %", "50 %", "0.00010 %", "0 %", "100 %"]);
        assert_eq!([0.25, 2.0, 1_234.4].map(hours), ["0.250", "2.0", "1,234"]);
    }
}
