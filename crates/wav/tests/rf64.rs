//! Claim: RF64 and BW64 read as RIFF does, with 64-bit lengths, and nothing overflows on the way to sample four billion.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use cardhush_testkit::wav::{PCM, ULAW, WavFile, fmt};
use cardhush_wav::{Blocks, Container, FourCc, Note, Wav};

/// A file of any length that takes no room: its first and last bytes, 0xD5 between.
struct Sparse {
    head: Vec<u8>,
    len: u64,
    tail: Vec<u8>,
    at: u64,
}

impl Sparse {
    fn byte(&self, at: u64) -> u8 {
        let tail_at = self.len - self.tail.len() as u64;
        if at >= tail_at { self.tail[(at - tail_at) as usize] } else { self.head.get(at as usize).copied().unwrap_or(0xD5) }
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (self.len.saturating_sub(self.at)).min(buffer.len() as u64) as usize;
        for byte in &mut buffer[..len] {
            *byte = self.byte(self.at);
            self.at += 1;
        }
        Ok(len)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.len.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

/// A file whose `data` are `data_len` bytes of 0xD5 (silence in A-law), with `LIST` behind them.
fn large(file: &WavFile, data_len: u64) -> Sparse {
    let (head, tail) = (file.to_bytes(), b"LIST\x04\0\0\0INFO".to_vec());
    Sparse { len: head.len() as u64 + data_len + tail.len() as u64, head, tail, at: 0 }
}

const FIVE_GIB: u64 = 5 << 30;

fn honest(form: [u8; 4]) -> WavFile {
    WavFile { form, ..WavFile::new(fmt(PCM, 2, 8_000, 16), (0x80..0xA8).collect()) }
}

#[test]
fn as_riff() {
    for (form, container) in [(*b"RIFF", Container::Riff), (*b"RF64", Container::Rf64), (*b"BW64", Container::Bw64)] {
        let file = honest(form);
        let wav = Wav::parse(&mut Cursor::new(file.to_bytes())).unwrap();
        let data = file.data_at() as u64..file.data_at() as u64 + 40;
        assert_eq!((wav.container(), wav.frames(), wav.data(), wav.notes()), (container, 10, data, &[][..]));
        assert_eq!(wav.container().name().as_bytes(), form);
    }
}

#[test]
fn five_gib_to_the_last_sample() {
    let file = WavFile { ds64_data: Some(FIVE_GIB), ds64_form: Some(FIVE_GIB + 84), ..WavFile { data: vec![], ..honest(*b"RF64") } };
    let mut sparse = large(&file, FIVE_GIB);
    let wav = Wav::parse(&mut sparse).unwrap();
    assert_eq!((wav.frames(), wav.notes()), (FIVE_GIB / 4, &[][..]));
    assert_eq!(wav.chunks().iter().map(|chunk| chunk.id.0).collect::<Vec<_>>(), [*b"ds64", *b"fmt ", *b"data", *b"LIST"]);
    let last = wav.frames() - 1;
    assert_eq!(wav.offset_of(1, last), Some(file.data_at() as u64 + FIVE_GIB - 2));
    let mut block = [0; 64];
    let mut blocks = Blocks::new(&wav, &mut sparse, last..wav.frames()).unwrap();
    assert_eq!(blocks.next_block(&mut block).unwrap(), Some(&[0xD5; 4][..]));
    assert_eq!(blocks.next_block(&mut block).unwrap(), None);
}

#[test]
fn a_riff_length_that_wrapped_at_4_gib() {
    let file = WavFile { data_len: Some((FIVE_GIB - (4 << 30)) as u32), data: vec![], ..honest(*b"RIFF") };
    let wav = Wav::parse(&mut large(&file, FIVE_GIB)).unwrap();
    let present = FIVE_GIB + 12;
    assert_eq!((wav.frames(), wav.notes()[0]), (present / 4, Note::DataGoesOn { declared: FIVE_GIB - (4 << 30), present }));
}

#[test]
fn lengths_that_lie() {
    let table: [(&str, WavFile, u64, &[Note]); 6] = [
        ("the data never closed", WavFile { ds64_data: Some(0), ..honest(*b"RF64") }, 10, &[Note::StreamedHeader]),
        (
            "both never closed",
            WavFile { ds64_data: Some(u64::MAX), ds64_form: Some(u64::MAX), ..honest(*b"BW64") },
            10,
            &[Note::StreamedHeader],
        ),
        (
            "longer than any file",
            WavFile { ds64_data: Some(u64::MAX - 1), ..honest(*b"RF64") },
            10,
            &[Note::DataCutShort { declared: u64::MAX - 1, present: 40 }],
        ),
        (
            "cut above 4 GiB",
            WavFile { ds64_data: Some(FIVE_GIB), ..honest(*b"RF64") },
            10,
            &[Note::DataCutShort { declared: FIVE_GIB, present: 40 }],
        ),
        ("a 32-bit length beside the 64-bit one", WavFile { data_len: Some(40), ds64_data: Some(8), ..honest(*b"RF64") }, 10, &[]),
        (
            "stale",
            WavFile { ds64_data: Some(8), ds64_form: Some(80), ..honest(*b"RF64") },
            10,
            &[Note::DataGoesOn { declared: 8, present: 40 }],
        ),
    ];
    for (name, file, frames, notes) in table {
        let wav = Wav::parse(&mut Cursor::new(file.to_bytes())).unwrap();
        assert_eq!((wav.frames(), wav.notes()), (frames, notes), "{name}");
    }
}

#[test]
fn other_chunks_have_64_bit_lengths_as_well() {
    let file = WavFile {
        ds64_table: vec![(*b"axml", 6)],
        after: vec![(*b"axml", vec![1; 6])],
        ..WavFile::new(fmt(ULAW, 1, 8_000, 8), vec![0xFF; 40])
    };
    let mut bytes = WavFile { form: *b"BW64", ..file.clone() }.to_bytes();
    let at = bytes.len() - 10;
    bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
    let wav = Wav::parse(&mut Cursor::new(&bytes)).unwrap();
    let last = wav.chunks().last().unwrap();
    assert_eq!((last.id, last.len, wav.notes()), (FourCc(*b"axml"), 6, &[][..]));

    // Without an entry the length is open: the name shows that it is a chunk, the note that it was not closed.
    let mut bytes = WavFile { form: *b"BW64", ds64_table: vec![], ..file }.to_bytes();
    let at = bytes.len() - 10;
    bytes[at..at + 4].copy_from_slice(&[0xFF; 4]);
    let wav = Wav::parse(&mut Cursor::new(&bytes)).unwrap();
    let declared = u64::from(u32::MAX);
    assert_eq!((wav.frames(), wav.notes()), (40, &[Note::ChunkCutShort { id: FourCc(*b"axml"), declared, present: 6 }][..]));
}

#[test]
fn refused() {
    let patched = |at: usize, patch: &[u8]| {
        let mut bytes = honest(*b"RF64").to_bytes();
        bytes[at..at + patch.len()].copy_from_slice(patch);
        bytes
    };
    let mut without = honest(*b"RIFF").to_bytes();
    without[..4].copy_from_slice(b"RF64");
    let table: [(&str, Vec<u8>, &str); 4] = [
        ("no ds64", without, "malformed WAV: no `ds64` chunk"),
        ("a short ds64", patched(16, &[27]), "malformed WAV: chunk `ds64` has 27 bytes: at least 28 are needed"),
        (
            "a ds64 longer than the file",
            patched(16, &[0xFF; 4]),
            "malformed WAV: chunk `ds64` at byte 20 declares 4294967295 bytes: the file has 100 left",
        ),
        (
            "a table longer than its chunk",
            patched(44, &[0xFF; 4]),
            "malformed WAV: `ds64` declares a table of 4294967295 entries: its chunk has room for 0",
        ),
    ];
    for (name, bytes, message) in table {
        assert_eq!(Wav::parse(&mut Cursor::new(bytes)).unwrap_err().to_string(), message, "{name}");
    }
}
