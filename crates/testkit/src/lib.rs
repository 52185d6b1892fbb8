//! What the tests of cardhush are made of: seeded randomness, keyed tones, lines that spoil them, and slow oracles.
//!
//! A dev-dependency of the other crates, never published, built on std alone and on none of them, so that no test is checked
//! by the code it tests. Signals are `Vec<f64>` of one channel, full scale 1.0; levels are dBm0, where a sine that reaches full scale
//! has +3.14 dBm0 (ITU-T G.711, A-law).
//!
//! ```
//! use cardhush_testkit::{rng::Rng, signal, tone::{self, Tone}, line};
//!
//! let mut rng = Rng::new(1);
//! let keys = Tone { level_dbm0: -13.0, twist_db: -2.0, on_ms: 70.0, off_ms: 90.0, ..Tone::default() };
//! let mut call = tone::dial("4111#", &keys, 8_000, 200.0, &mut rng);
//! line::add_white_noise(&mut call.samples, -50.0, &mut rng);
//! assert_eq!(call.spans.len(), 5);
//! assert_eq!(signal::to_i16(&call.samples).len(), call.samples.len());
//! ```

pub mod alloc;
pub mod dft;
pub mod line;
pub mod rng;
pub mod signal;
pub mod speech;
pub mod sweep;
pub mod tone;
pub mod wav;
