//! Live calls.
