//! The spans that a report tells of one call: the way back from JSON lines to a [`Plan`].

use crate::error::{Error, doing};
use crate::plan::Plan;
use crate::report::SCHEMA;
use cardhush_core::{Cause, Redaction, Span};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// What a report says was replaced in `original`, a call of `channels` channels. A report of a single call is taken as that of
/// `original` whatever its path was then.
///
/// # Errors
/// The report cannot be read, is broken off, or tells of no such call or of its failure.
pub fn recorded(report: &Path, original: &Path, channels: u8) -> Result<Plan, Error> {
    let wrong = |line: usize, what: &str| Error::Report { path: report.into(), line, what: what.into() };
    let file = File::open(report).map_err(doing("open", report))?;
    let mut spans: BTreeMap<String, Vec<Redaction>> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, String> = BTreeMap::new();
    let (mut lines, mut ended) = (0, false);
    for line in BufReader::new(file).lines() {
        let line = line.map_err(doing("read", report))?;
        lines += 1;
        let line: Value = serde_json::from_str(&line).map_err(|_| wrong(lines, "not JSON"))?;
        if line["schema"] != SCHEMA {
            return Err(wrong(lines, "not of schema 1: was it written by another version?"));
        }
        let path = || line["path"].as_str().map(String::from).ok_or_else(|| wrong(lines, "no path"));
        match line["type"].as_str() {
            Some("redaction") => spans.entry(path()?).or_default().push(redaction(&line).ok_or_else(|| wrong(lines, "not a redaction"))?),
            Some("file") => drop(outcomes.insert(path()?, line["outcome"].as_str().unwrap_or_default().into())),
            Some("summary") => ended = true,
            _ => {}
        }
    }
    if !ended {
        return Err(wrong(lines, "the report is broken off: its summary is missing"));
    }
    let named = original.to_string_lossy().into_owned();
    let path = match outcomes.keys().next() {
        Some(only) if outcomes.len() == 1 => only.clone(),
        _ => named,
    };
    match outcomes.get(&path).map(String::as_str) {
        None => return Err(wrong(lines, "tells of several calls, none by this path")),
        Some("scrubbed" | "found" | "nothing found") => {}
        Some(_) => return Err(wrong(lines, "tells that the scrub of this call failed")),
    }
    let spans = spans.remove(&path).unwrap_or_default();
    if let Some(beyond) = spans.iter().find(|one| one.channel >= channels) {
        return Err(wrong(lines, &format!("tells of channel {}: the call has {channels}", beyond.channel)));
    }
    let mut plan = Plan::new(channels);
    plan.add(spans);
    Ok(plan)
}

fn redaction(line: &Value) -> Option<Redaction> {
    let span = Span::new(line["start"].as_u64()?, line["end"].as_u64()?);
    let cause = Cause::ALL.into_iter().find(|cause| line["cause"] == cause.name())?;
    Some(Redaction { channel: line["channel"].as_u64()?.try_into().ok()?, span, cause })
}
