//! What the proxy says on stdout: a JSON line for each fault, and one with the sums when it is told to stop.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

#[derive(Default)]
pub(crate) struct Journal {
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    requests: u64,
    faults: BTreeMap<&'static str, u64>,
}

impl Journal {
    pub(crate) fn request(&self) {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).requests += 1;
    }

    /// `status`: what the server answered, if it was asked and did.
    pub(crate) fn fault(&self, method: &str, path: &str, kind: &'static str, status: Option<u16>) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        *sums.faults.entry(kind).or_default() += 1;
        say(&json!({ "method": method, "path": path, "kind": kind, "status": status }));
    }

    pub(crate) fn summary(&self) {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        say(&json!({ "summary": { "requests": sums.requests, "faults": sums.faults } }));
    }
}

/// One line; whoever read it may have gone, which is no reason to stop.
fn say(line: &serde_json::Value) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
