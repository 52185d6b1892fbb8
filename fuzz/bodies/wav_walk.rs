//! Any bytes, read as a WAV file: never a panic, and of a file that is read every byte is accounted for.

use std::io::Cursor;

use cardhush_wav::{Blocks, Note, Wav, WavError};

/// Checks one file.
///
/// # Panics
/// Where a byte belongs to nothing, two things claim one byte, or what is read is not what the file holds.
pub fn wav_walk(file: &[u8]) {
    let mut reader = Cursor::new(file);
    let wav = match Wav::parse(&mut reader) {
        Ok(wav) => wav,
        Err(error) => {
            assert!(matches!(error, WavError::Malformed(_) | WavError::Unsupported(_)), "a file in memory cannot fail to be read: {error}");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let len = file.len() as u64;
    assert_eq!(wav.file_len(), len);

    // The chunks follow each other, a header and at most one pad byte apart, up to the end or to bytes that a note tells of.
    let (mut end, mut odd) = (12, false);
    for chunk in wav.chunks() {
        let header = chunk.offset - 8;
        assert!(header == end || (odd && header == end + 1), "bytes between two chunks");
        end = chunk.offset + chunk.len;
        odd = chunk.len % 2 == 1;
        assert!(end <= len, "a chunk past the end");
        assert_eq!(chunk.id.0, file[header as usize..header as usize + 4]);
    }
    let trailing = wav.notes().iter().find_map(|note| match note {
        Note::TrailingBytes { offset, bytes } => Some((*offset, *bytes)),
        _ => None,
    });
    match trailing {
        None => assert!(end == len || (odd && end + 1 == len), "bytes behind the last chunk, and no note"),
        Some((offset, bytes)) => {
            assert!(offset == end || (odd && offset == end + 1));
            assert_eq!(offset + bytes, len);
            assert!(bytes < 8 || file[offset as usize..].iter().all(|byte| *byte == 0), "audio may hide at the end");
        }
    }

    // One format, then one data chunk, read whole except for less than a frame.
    let ids: Vec<_> = wav.chunks().iter().map(|chunk| chunk.id.0).filter(|id| id == b"fmt " || id == b"data").collect();
    assert_eq!(ids, [*b"fmt ", *b"data"]);
    let frame_bytes = u64::from(wav.format().frame_bytes());
    let data = wav.data();
    let chunk = wav.chunks().iter().find(|chunk| chunk.id.0 == *b"data").map(|chunk| chunk.range()).unwrap_or_default();
    assert_eq!(data.start, chunk.start);
    assert!(data.end <= chunk.end && chunk.end - data.end < frame_bytes);
    assert_eq!(data.end - data.start, wav.frames() * frame_bytes);

    let mut blocks = Blocks::new(&wav, &mut reader, 0..wav.frames()).expect("all frames are there");
    let (mut buffer, mut at) = ([0; 100], data.start as usize);
    while let Some(block) = blocks.next_block(&mut buffer).expect("the file is in memory") {
        assert_eq!(block, &file[at..at + block.len()]);
        at += block.len();
    }
    assert_eq!(at as u64, data.end);
}
