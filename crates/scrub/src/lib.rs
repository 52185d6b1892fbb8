//! Finds card digits in one call recording and overwrites them in a copy that is otherwise the same, byte for byte.
//!
//! ```text
//! Call --find--> Plan --fill--> Beside (no name yet) --check--> Staged --publish--> the output
//!                 ^                                     |
//!                 +------- what is still found ---------+
//! ```
//!
//! - [`find`](fn@find) looks over all of the call, for each kind of digits alone, and once more with lower thresholds round the keyed ones that it found. [`Mask`]s add spans by hand.
//! - [`stage`](fn@stage) writes the output where nobody sees it and checks it against the input: every byte outside of the plan the same, every
//!   span of the plan replaced, nothing left to find. Only [`Staged::publish`] gives it its name, so that a report can come first.
//! - [`verify`](fn@verify) makes the same checks on a finished pair; [`stream`](fn@stream) is the same work on raw samples in a pipe.
//! - [`Samples`] is the same for a call that is in memory.
//! - [`Transcript`] reads what a recogniser wrote of the call: where it heard digits, and the same document without those that are masked.
//!
//! Memory does not grow with the call: blocks of 256 KiB and the list of spans. Card audio is written nowhere: a sample of the plan is
//! replaced before its block goes to the disk. Report lines ([`Line`]) and errors hold no digit and no audio.

mod arms;
mod attributes;
pub mod batch;
mod beside;
mod blocks;
mod call;
mod capture;
mod check;
mod digest;
mod error;
pub mod evidence;
mod eye;
mod fill;
mod find;
mod held;
pub mod ledger;
mod linear;
mod mask;
mod plan;
mod reading;
mod recorded;
mod report;
mod samples;
mod settings;
mod stage;
pub mod store;
mod stream;
mod transcript;
mod tree;
mod watch;

pub use beside::{Beside, Readers};
pub use call::{Call, Form, same_file};
pub use capture::{Replaced, StagedCapture, Stream, is_capture, stage_capture};
pub use cardhush_wav::{Format, SampleCoding};
pub use check::{Verified, verify};
pub use digest::{Digests, Sha256};
pub use error::Error;
pub use find::find;
pub use mask::{Instant, Mask, MaskError};
pub use plan::{Confidence, Masked, Plan};
pub use recorded::recorded;
pub use report::{CaptureForm, ChunkLine, Examined, FileLine, Line, Outcome, Place, SCHEMA, Summary, seconds};
pub use samples::Samples;
pub use settings::Settings;
pub use stage::{Staged, Target, stage};
pub use stream::{StreamError, Streamed, stream};
pub use transcript::{Spoken, Transcript, TranscriptError};
pub use tree::Tree;
pub use watch::{Progress, Step, Watch};
