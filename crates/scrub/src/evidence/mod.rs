//! What a ledger proves, for people: sums over its lines, a page, a sample to listen to, and a test with planted digits.
//!
//! ```text
//! ledger --Ledgers--> Tally --+
//!     |                       +--> page
//!     +----> Draw --> calls --+--> listening list
//! ```
//!
//! A ledger may have millions of lines: it is read twice, line by line, and only sums, a few examples and what a sample takes are kept. Nothing here holds a digit or a transcript, and the
//! only audio that is looked at is that of outputs. See docs/evidence.md.

mod bound;
mod draw;
mod lines;
mod listening;
mod page;
mod picture;
mod png;
mod reason;
pub mod selftest;
mod sound;
mod state;
mod tally;

pub use bound::{all_clear, at_most};
pub use draw::{Draw, Drawn};
pub use lines::{Ledgers, Repeats};
pub use listening::{Listening, Stratum};
pub use page::{Report, render, sheet};
pub use picture::Sample;
pub use state::State;
pub use tally::Tally;
