//! A lossless view of RIFF, RF64 and BW64 WAV files: where the samples are, what else is there, and how to overwrite some of them.
//!
//! Sits between a file and the detectors of `cardhush-core`. [`Wav::parse`] reads headers alone, so it costs the same for a second of
//! audio and for a day; [`Blocks`] hands out whole frames in constant memory; [`Wav::overwrite`] changes the samples of one channel
//! and no other byte. Nothing is ever rewritten, so chunks that nobody knows stay as they are.
//!
//! A file is read to its true end or refused. Real recorders write lengths before they know them, or die before they correct them;
//! whatever is accepted in spite of its header is told as a [`Note`], and what cannot be read in one way alone is an error: see
//! [`Wav::parse`] for the rules. Offsets and lengths are `u64` bytes from the start of the file.
//!
//! Sources: Microsoft and IBM, *Multimedia Programming Interface and Data Specifications 1.0* (RIFF, WAVE); Microsoft,
//! *Multiple Channel Audio Data and WAVE Files* (extensible); EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64); RFC 2361 (codec tags).
//!
//! ```
//! use cardhush_wav::{Blocks, SampleCoding, Wav};
//! use std::io::Cursor;
//!
//! // Two frames of mono mu-law, with the length that a recorder writes before it knows better.
//! let mut file = Cursor::new(*b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0\xff\xff");
//! let wav = Wav::parse(&mut file)?;
//! assert_eq!((wav.format().coding, wav.format().rate_hz, wav.frames()), (SampleCoding::Ulaw, 8_000, 2));
//! assert_eq!(wav.notes()[0].to_string(), "streamed header: its lengths were never filled in, so the file was read to its true end");
//!
//! let mut block = [0; 1024];
//! let mut blocks = Blocks::new(&wav, &mut file, 0..wav.frames())?;
//! while let Some(bytes) = blocks.next_block(&mut block)? {
//!     assert_eq!(bytes, [0xFF, 0xFF]);
//! }
//! # Ok::<(), cardhush_wav::WavError>(())
//! ```

pub mod blocks;
pub mod edit;
pub mod error;
pub mod format;
pub mod note;
pub mod riff;
mod source;
mod tag;
mod walk;
pub mod wav;

pub use blocks::Blocks;
pub use cardhush_core::{SampleCoding, with_coding};
pub use error::{Malformed, Unsupported, WavError};
pub use format::Format;
pub use note::Note;
pub use riff::{Chunk, Container, FourCc};
pub use wav::Wav;
