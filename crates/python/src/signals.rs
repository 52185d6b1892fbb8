//! Ctrl-C while the interpreter is not held: asked for between two blocks of a call, on the thread that called.

use pyo3::prelude::*;
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// What a handler of signals raised, if one did.
#[derive(Default)]
pub struct Signals(OnceLock<PyErr>);

impl Signals {
    /// Lets Python's handlers run, and says whether one of them wants an end. Only Python's main thread runs any.
    pub fn came(&self) -> bool {
        if self.0.get().is_none()
            && let Err(raised) = Python::attach(|py| py.check_signals())
        {
            // There is one caller.
            let _ = self.0.set(raised);
        }
        self.0.get().is_some()
    }

    /// The same, for the watch of a call.
    pub fn watch(&self) -> ControlFlow<()> {
        if self.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Raises what the handler raised.
    pub fn raise(self) -> PyResult<()> {
        self.0.into_inner().map_or(Ok(()), Err)
    }
}
