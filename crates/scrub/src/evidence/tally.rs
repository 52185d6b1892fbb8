//! Sums over the lines of ledgers. Whatever a ledger holds, they take bounded memory: of what there may be any number of kinds, the first are kept and the rest is counted together.

use super::reason::kind;
use crate::call::Form;
use crate::ledger::{CallRecord, Opened, Totals, Treatment};
use crate::plan::Confidence;
use crate::report::seconds;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// Months, forms, settings and kinds of reasons that are told apart, each.
const KINDS: usize = 240;
/// Files that are named for each kind of reason.
const NAMED: usize = 10;
/// What the rest goes by.
pub const REST: &str = "all others";

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Files by outcome.
    pub totals: Totals,
    /// The same of each ledger.
    pub each: Vec<Totals>,
    /// By container, coding, rate and channels: files, hours.
    pub forms: BTreeMap<String, (u64, f64)>,
    /// By the month in which a file was last written to.
    pub months: BTreeMap<String, Month>,
    /// Spans by cause, how many of them are sure, and seconds.
    pub causes: BTreeMap<String, (u64, u64, f64)>,
    /// Refused and failed files by the kind of their reason.
    pub reasons: BTreeMap<String, Reason>,
    /// What was asked for, in the order of the ledger: settings, and the runs with them.
    pub runs: Vec<Runs>,
    /// Runs whose settings are beyond those that are told apart.
    pub other_runs: u64,
    /// When the first file was begun and the last one done.
    pub from: Option<String>,
    /// See [`from`](Self::from).
    pub to: Option<String>,
    /// Bytes of the files that were examined.
    pub bytes: u64,
    /// Files that were accepted although their headers say otherwise.
    pub noted: u64,
}

/// What was found in the files of a month.
#[derive(Clone, Debug, Default)]
pub struct Month {
    /// Files that were examined.
    pub files: u64,
    /// Of these, files with something found.
    pub scrubbed: u64,
    /// Spans by cause.
    pub spans: BTreeMap<String, u64>,
}

/// Files that were refused or failed for one kind of reason.
#[derive(Clone, Debug, Default)]
pub struct Reason {
    /// Refused.
    pub refused: u64,
    /// Failed.
    pub failed: u64,
    /// The first of them, with the reason of each.
    pub first: Vec<(String, String)>,
}

/// Runs with the same settings.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The first of them.
    pub opened: Opened,
    /// How many.
    pub runs: u64,
    /// When the last of them began.
    pub last: String,
}

impl Tally {
    /// Counts a run in.
    pub fn run(&mut self, opened: &Opened) {
        let name = |one: &Opened| (one.settings, one.version.clone(), one.mode.clone(), one.shard.clone());
        let room = self.runs.len() < KINDS;
        match self.runs.iter_mut().find(|runs| name(&runs.opened) == name(opened)) {
            Some(runs) => (runs.runs, runs.last) = (runs.runs + 1, opened.at.clone()),
            None if room => self.runs.push(Runs { opened: opened.clone(), runs: 1, last: opened.at.clone() }),
            None => self.other_runs += 1,
        }
    }

    /// Counts a file in, of the ledger of this number.
    /// Where another ledger has the line that `counts`, for the sums of its own ledger alone.
    pub fn call(&mut self, ledger: usize, call: &CallRecord, counts: bool) {
        let hours = call.hours();
        if self.each.len() <= ledger {
            self.each.resize(ledger + 1, Totals::default());
        }
        if let Some(totals) = self.each.get_mut(ledger) {
            totals.count(call.outcome, hours);
        }
        if !counts {
            return;
        }
        self.totals.count(call.outcome, hours);
        self.from = earlier(self.from.take(), &call.begun, |one, other| one <= other);
        self.to = earlier(self.to.take(), &call.ended, |one, other| one >= other);
        match call.outcome {
            Treatment::Scrubbed | Treatment::NothingFound => self.examined(call, hours),
            outcome => self.left_out(call, outcome),
        }
    }

    fn examined(&mut self, call: &CallRecord, hours: f64) {
        self.bytes += call.input.bytes;
        let form = call.form.as_ref().map_or_else(|| "unknown".into(), form_name);
        let (files, of_form) = capped(&mut self.forms, form);
        (*files, *of_form) = (*files + 1, *of_form + hours);
        self.noted += u64::from(call.form.as_ref().is_some_and(|form| !form.notes.is_empty()));
        let month = capped(&mut self.months, month(call.input.modified_ns));
        month.files += 1;
        month.scrubbed += u64::from(call.outcome == Treatment::Scrubbed);
        let rate_hz = call.form.as_ref().map_or(8_000, |form| form.rate_hz).max(1);
        for span in &call.spans {
            *capped(&mut month.spans, span.3.clone()) += 1;
            let (spans, sure, s) = capped(&mut self.causes, span.3.clone());
            (*spans, *sure) = (*spans + 1, *sure + u64::from(span.4 == Confidence::Sure));
            *s += seconds(span.2.saturating_sub(span.1), rate_hz);
        }
    }

    fn left_out(&mut self, call: &CallRecord, outcome: Treatment) {
        let (kind, told) = kind(&call.path, call.reason.as_deref().unwrap_or("no reason is told"));
        let reason = capped(&mut self.reasons, kind);
        *(if outcome == Treatment::Refused { &mut reason.refused } else { &mut reason.failed }) += 1;
        if reason.first.len() < NAMED {
            reason.first.push((call.path.clone(), told));
        }
    }
}

/// What a file is, in words.
pub fn form_name(form: &Form) -> String {
    let channels = if form.channels == 1 { "channel" } else { "channels" };
    format!("{}, {}, {} Hz, {} {channels}", form.container, form.coding, form.rate_hz, form.channels)
}

/// The place of a key; that of the rest where there are too many.
fn capped<T: Default>(of: &mut BTreeMap<String, T>, key: String) -> &mut T {
    let room = of.len() < KINDS || of.contains_key(&key);
    of.entry(if room { key } else { REST.into() }).or_default()
}

fn earlier(known: Option<String>, time: &str, keeps: impl Fn(&str, &str) -> bool) -> Option<String> {
    known.filter(|known| keeps(known, time)).or_else(|| Some(time.into()))
}

/// The month of a time, UTC.
fn month(ns: Option<u64>) -> String {
    let at = ns.and_then(|ns| UNIX_EPOCH.checked_add(Duration::from_nanos(ns)));
    at.map_or_else(|| "unknown".into(), |at| humantime::format_rfc3339(at).to_string().chars().take(7).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_beyond_the_limit_are_counted_together() {
        let mut of = BTreeMap::new();
        for number in 0..2 * KINDS {
            *capped::<u64>(&mut of, format!("{number:04}")) += 1;
        }
        assert_eq!((of.len(), of[REST], of["0000"]), (KINDS + 1, KINDS as u64, 1));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!(month(Some(1_709_251_199_000_000_000)), "2024-02");
        assert_eq!(month(Some(1_709_251_200_000_000_000)), "2024-03");
        assert_eq!(month(None), "unknown");
    }
}
