//! What the functions return: the named tuples of `cardhush.results`, which are plain to type, to compare and to pickle.

use cardhush_core::Redaction;
use cardhush_scrub::batch::Ran;
use cardhush_scrub::ledger::{CallRecord, FileState, Treatment};
use cardhush_scrub::{FileLine, Outcome, Plan, StagedCapture};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// Where they are defined.
const MODULE: &str = "cardhush.results";

/// A span as `(channel, start, end, cause)`.
pub type Span = (u32, u64, u64, String);

/// The spans of a plan.
pub fn of_plan(plan: &Plan) -> Vec<Span> {
    plan.redactions().map(|Redaction { channel, span, cause }| (channel.into(), span.start, span.end, cause.name().into())).collect()
}

/// Those of a capture; its streams are its channels.
pub fn of_capture(capture: &StagedCapture) -> Vec<Span> {
    capture.replaced.iter().map(|one| (one.stream as u32, one.start, one.end, one.cause.into())).collect()
}

/// `Span`s.
pub fn spans(py: Python<'_>, spans: Vec<Span>) -> PyResult<Vec<Bound<'_, PyAny>>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, MODULE, "Span")?;
    spans.into_iter().map(|one| class.call1(one)).collect()
}

/// A `FileReport`.
pub fn file_report<'py>(py: Python<'py>, line: FileLine, of: Vec<Span>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let (form, capture) = (line.form.as_ref(), line.capture.as_ref());
    let container = form.map(|form| form.container.as_ref()).or(capture.map(|capture| capture.container));
    let arguments = (
        line.path,
        line.output,
        outcome(line.outcome),
        spans(py, of)?,
        container,
        form.map(|form| form.coding.as_ref()),
        form.map(|form| form.rate_hz),
        form.map(|form| form.channels),
        form.map(|form| form.frames),
        form.map(|form| form.duration_s),
        line.masked_s,
        form.map_or_else(Vec::new, |form| form.notes.clone()),
    );
    CLASS.import(py, MODULE, "FileReport")?.call1(arguments)
}

/// A `Row` of a ledger, for a file that was named so.
pub fn row<'py>(py: Python<'py>, file: String, record: CallRecord) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let of = record.spans.into_iter().map(|one| (one.0, one.1, one.2, one.3)).collect();
    let digest = |state: Option<&FileState>| state.and_then(|state| state.sha256).map(|sha256| sha256.to_string());
    let arguments = (
        file,
        record.path,
        record.root,
        treatment(record.outcome),
        record.reason,
        record.form.map(|form| form.duration_s),
        spans(py, of)?,
        digest(Some(&record.input)),
        digest(record.output.as_ref()),
    );
    CLASS.import(py, MODULE, "Row")?.call1(arguments)
}

/// The `Totals` of a run.
pub fn totals<'py>(py: Python<'py>, ran: &Ran) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let totals = ran.totals;
    let arguments = (totals.found, totals.scrubbed, totals.nothing_found, totals.refused, totals.failed, totals.hours, ran.before);
    CLASS.import(py, MODULE, "Totals")?.call1(arguments)
}

/// The words of a ledger, for what became of one file as well.
const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Scrubbed => "scrubbed",
        Outcome::Found => "found",
        Outcome::NothingFound => "nothing_found",
        Outcome::Exposed => "exposed",
        _ => "failed",
    }
}

const fn treatment(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Scrubbed => "scrubbed",
        Treatment::NothingFound => "nothing_found",
        Treatment::Refused => "refused",
        Treatment::Failed => "failed",
    }
}
