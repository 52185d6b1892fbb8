//! The ledger: what was done to which file, in lines that cannot be changed, left out or put in order anew without being found out.
//!
//! JSON lines, each with the SHA-256 of the line before it; a *seal* now and then signs the last of them (ed25519), which covers all. Lines come before what they
//! speak of: a run that is cut off has told what it was about to do, and the next one finds out whether it did. Nothing in it is a digit, audio or a transcript. See docs/ledger.md.

mod key;
mod read;
mod record;
mod verify;
mod write;

pub use key::{Key, KeyError, PublicKey};
pub use read::{Entries, Entry, LedgerError};
pub use record::{CallRecord, FileState, Opened, Record, Seal, SpanRecord, Totals, Treatment};
pub(crate) use verify::Weight;
pub use verify::{Against, Found as Verification, Problem, verify as verify_ledger};
pub use write::Ledger;
pub(crate) use write::{CutOff, Known, name, now, run};
