//! Any edit of any WAV file: it changes the samples it names and no other byte, or is refused and changes none.
//!
//! Input: channel (1 byte), first sample (2 bytes), samples (2 bytes), seed of the fill (1 byte), then the file.

use std::io::Cursor;

use cardhush_wav::{Note, Wav, WavError};

/// Checks one edit.
///
/// # Panics
/// Where another byte changes, one that should does not, or the file reads differently afterwards without reason.
pub fn edit_round_trip(input: &[u8]) {
    let Some((&[channel, start_0, start_1, count_0, count_1, seed], file)) = input.split_first_chunk() else {
        return;
    };
    let mut edited = Cursor::new(file.to_vec());
    let Ok(wav) = Wav::parse(&mut edited) else {
        return;
    };
    let channel = u16::from(channel);
    let start = u64::from(u16::from_le_bytes([start_0, start_1]));
    let end = start + u64::from(u16::from_le_bytes([count_0, count_1]));
    let sample_bytes = usize::from(wav.format().coding.bytes());
    let mark = |sample: u64, byte: usize| (sample as u8).wrapping_mul(7).wrapping_add(byte as u8) ^ seed;

    let outcome = wav.overwrite(&mut edited, channel, start..end, |sample, bytes| {
        assert!(bytes.len() == sample_bytes && bytes.iter().all(|byte| *byte == 0));
        bytes.iter_mut().enumerate().for_each(|(byte, to)| *to = mark(sample, byte));
    });
    let mut expected = file.to_vec();
    if channel < wav.format().channels && end <= wav.frames() {
        outcome.expect("the samples are there");
        for sample in start..end {
            let at = wav.offset_of(channel, sample).expect("the sample is there") as usize;
            (0..sample_bytes).for_each(|byte| expected[at + byte] = mark(sample, byte));
        }
    } else {
        assert!(matches!(outcome, Err(WavError::Range { .. })), "samples that are not there were edited");
    }
    let edited = edited.into_inner();
    assert!(edited == expected, "another byte has changed");

    // Samples behind the declared end of the data are told from a chunk by their first bytes (and a pad byte), so an edit of those may change
    // what the file is. Every other edit leaves the reading as it was.
    let told_by = wav.notes().iter().find_map(|note| match note {
        Note::StreamedHeader => Some(wav.data().start),
        Note::DataGoesOn { declared, .. } => Some(wav.data().start + declared),
        _ => None,
    });
    let frame_at = |frame: u64| wav.data().start + frame * u64::from(wav.format().frame_bytes());
    if told_by.is_some_and(|at| frame_at(start) < at + 9 && at < frame_at(end)) {
        return;
    }
    let again = Wav::parse(&mut Cursor::new(&edited)).expect("it was read before");
    assert_eq!((again.chunks(), again.data(), again.format(), again.notes()), (wav.chunks(), wav.data(), wav.format(), wav.notes()));
}
