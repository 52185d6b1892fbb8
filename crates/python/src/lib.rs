//! `cardhush._native`: the Rust half of the Python package `cardhush`.
//!
//! Arguments become settings and paths here, results become the tuples of `cardhush.results`, and errors the exceptions of `cardhush.errors`; all work is
//! `cardhush-scrub`'s, done while other Python threads run. Nothing here sees a digit.

mod array;
mod errors;
mod file;
mod job;
mod many;
mod names;
mod results;
mod scale;
mod settings;
mod signals;

/// What `cardhush/__init__.py` passes on.
#[pyo3::pymodule(name = "_native")]
mod native {
    #[pymodule_export]
    use super::array::scrub_array;
    #[pymodule_export]
    use super::file::{scan_file, scrub_file};
    #[pymodule_export]
    use super::job::{check_settings, is_place, spelled, strays};
    #[pymodule_export]
    use super::many::scrub_many;
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
