//! Claim: a header that lies is either seen through, so that every frame of the file is read and a note says so, or refused in plain words.

use std::io::Cursor;

use cardhush_testkit::wav::{PCM, ULAW, WavFile, fmt};
use cardhush_wav::{FourCc, Note, Wav, WavError};

/// 20 frames of 16 bits that look like no chunk.
fn honest() -> WavFile {
    WavFile::new(fmt(PCM, 1, 8_000, 16), audio(40))
}

fn audio(len: u8) -> Vec<u8> {
    (0..len).map(|byte| byte | 0x80).collect()
}

fn list() -> Vec<([u8; 4], Vec<u8>)> {
    vec![(*b"LIST", b"INFOISFT\x04\0\0\0abcd".to_vec())]
}

/// A vendor's own chunk, whose name nobody knows.
fn vendor() -> Vec<([u8; 4], Vec<u8>)> {
    vec![(*b"vndr", vec![0xAA; 30])]
}

fn parse(bytes: &[u8]) -> Result<Wav, WavError> {
    Wav::parse(&mut Cursor::new(bytes))
}

/// What is left of a file whose last `cut` bytes are missing.
fn cut(file: &WavFile, cut: usize) -> Vec<u8> {
    let mut bytes = file.to_bytes();
    bytes.truncate(bytes.len() - cut);
    bytes
}

#[test]
fn read_to_the_true_end() {
    const CUT: Note = Note::DataCutShort { declared: 40, present: 30 };
    let streamed = |data_len, form_len| WavFile { data_len: Some(data_len), form_len: Some(form_len), ..honest() }.to_bytes();
    let form = |declared, present| Note::FormLength { declared, present };
    let trailing = |offset, bytes| Note::TrailingBytes { offset, bytes };
    let table: Vec<(&str, Vec<u8>, u64, Vec<Note>)> = vec![
        ("honest", honest().to_bytes(), 20, vec![]),
        ("honest and empty", WavFile::new(fmt(PCM, 1, 8_000, 16), vec![]).to_bytes(), 0, vec![]),
        ("honest and empty, chunk behind", WavFile { data: vec![], after: list(), ..honest() }.to_bytes(), 0, vec![]),
        ("data length 0", streamed(0, 36), 20, vec![Note::StreamedHeader]),
        ("both lengths 0", streamed(0, 0), 20, vec![Note::StreamedHeader]),
        ("both lengths all ones (ffmpeg to a pipe)", streamed(u32::MAX, u32::MAX), 20, vec![Note::StreamedHeader]),
        ("just below 2 GiB (SoX to a pipe)", streamed(0x7FFF_F000, 0x7FFF_F024), 20, vec![Note::StreamedHeader]),
        ("2 GiB (arecord to a pipe)", streamed(0x8000_0000, 0x8000_0024), 20, vec![Note::StreamedHeader]),
        ("form length 0, data right", streamed(40, 0), 20, vec![Note::StreamedHeader]),
        ("form length all ones, data right", streamed(40, u32::MAX), 20, vec![Note::StreamedHeader]),
        (
            "data length 0, then zeros",
            WavFile { data_len: Some(0), data: vec![0; 40], ..honest() }.to_bytes(),
            20,
            vec![Note::StreamedHeader],
        ),
        (
            "data length 0, then 3 frames",
            WavFile { data_len: Some(0), data: audio(6), ..honest() }.to_bytes(),
            3,
            vec![Note::StreamedHeader],
        ),
        ("data shorter than declared", streamed(50, 86), 20, vec![Note::DataCutShort { declared: 50, present: 40 }]),
        ("file cut within the data", cut(&honest(), 10), 15, vec![CUT]),
        (
            "file cut within a frame",
            cut(&honest(), 9),
            15,
            vec![Note::DataCutShort { declared: 40, present: 31 }, Note::TrailingPartialFrame { bytes: 1 }],
        ),
        ("stale lengths, as of a recorder that died", streamed(10, 46), 20, vec![Note::DataGoesOn { declared: 10, present: 40 }]),
        ("data length short, form right", streamed(10, 76), 20, vec![Note::DataGoesOn { declared: 10, present: 40 }]),
        (
            "stale lengths, odd bytes a second",
            {
                let fmt = fmt(ULAW, 1, 8_000, 8);
                WavFile { fmt, data_len: Some(11), form_len: Some(47), ..honest() }.to_bytes()
            },
            40,
            vec![Note::DataGoesOn { declared: 11, present: 40 }],
        ),
        ("form length short", streamed(40, 36), 20, vec![form(36, 76)]),
        ("form length as long as the file", streamed(40, 84), 20, vec![form(84, 76)]),
        ("form length short of a chunk", WavFile { form_len: Some(76), after: list(), ..honest() }.to_bytes(), 20, vec![form(76, 100)]),
        ("file cut just behind the data", cut(&WavFile { after: list(), ..honest() }, 24), 20, vec![form(100, 76)]),
        ("file cut within the head of a chunk", cut(&WavFile { after: list(), ..honest() }, 17), 20, vec![trailing(84, 7), form(100, 76)]),
        (
            "file cut within a chunk behind the data",
            cut(&WavFile { after: list(), ..honest() }, 5),
            20,
            vec![Note::ChunkCutShort { id: FourCc(*b"LIST"), declared: 16, present: 11 }],
        ),
        (
            "file cut within a vendor's chunk that ends the form",
            cut(&WavFile { after: vendor(), ..honest() }, 9),
            20,
            vec![Note::ChunkCutShort { id: FourCc(*b"vndr"), declared: 30, present: 21 }],
        ),
        ("seven bytes more", WavFile { tail: audio(7), ..honest() }.to_bytes(), 20, vec![trailing(84, 7)]),
        (
            "zeros behind the data",
            WavFile { tail: vec![0; 9_000], ..honest() }.to_bytes(),
            4_520,
            vec![Note::DataGoesOn { declared: 40, present: 9_040 }],
        ),
        (
            "zeros behind half a frame",
            WavFile { data: audio(41), tail: vec![0; 9_000], ..honest() }.to_bytes(),
            20,
            vec![trailing(86, 9_000), Note::TrailingPartialFrame { bytes: 1 }],
        ),
        ("zeros behind a chunk", WavFile { after: list(), tail: vec![0; 99], ..honest() }.to_bytes(), 20, vec![trailing(108, 99)]),
        ("whole frames and a piece", WavFile { data: audio(41), ..honest() }.to_bytes(), 20, vec![Note::TrailingPartialFrame { bytes: 1 }]),
        (
            "no pad bytes",
            WavFile { data: audio(41), pads: false, before: vec![(*b"bext", vec![1; 7])], after: list(), ..honest() }.to_bytes(),
            20,
            vec![
                Note::MissingPad { id: FourCc(*b"bext") },
                Note::MissingPad { id: FourCc(*b"data") },
                Note::TrailingPartialFrame { bytes: 1 },
            ],
        ),
        (
            "no pad byte at the end",
            WavFile { data: audio(41), pads: false, ..honest() }.to_bytes(),
            20,
            vec![Note::MissingPad { id: FourCc(*b"data") }, Note::TrailingPartialFrame { bytes: 1 }],
        ),
    ];
    for (name, bytes, frames, notes) in table {
        let wav = parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((wav.frames(), wav.notes()), (frames, &notes[..]), "{name}");
    }
}

#[test]
fn refused() {
    let patched = |at: usize, bytes: &[u8]| {
        let mut file = honest().to_bytes();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let with = |file: WavFile| file.to_bytes();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "malformed WAV: no RIFF, RF64 or BW64 form of type WAVE starts here"),
        ("text", b"Hello, world".to_vec(), "malformed WAV: no RIFF, RF64 or BW64 form of type WAVE starts here"),
        ("another form", patched(8, b"AVI "), "malformed WAV: no RIFF, RF64 or BW64 form of type WAVE starts here"),
        ("cut within its first bytes", honest().to_bytes()[..11].to_vec(), "malformed WAV: 11 bytes long: a RIFF header alone has 12"),
        ("no format", honest().to_bytes()[..12].to_vec(), "malformed WAV: no `fmt ` chunk"),
        ("no data", honest().to_bytes()[..36].to_vec(), "malformed WAV: no `data` chunk"),
        ("cut within the head of the data", honest().to_bytes()[..43].to_vec(), "malformed WAV: no `data` chunk"),
        (
            "cut within the format",
            honest().to_bytes()[..30].to_vec(),
            "malformed WAV: chunk `fmt ` at byte 20 declares 16 bytes: the file has 10 left",
        ),
        (
            "a format of 14 bytes",
            with(WavFile { fmt: fmt(PCM, 1, 8_000, 16)[..14].to_vec(), ..honest() }),
            "malformed WAV: chunk `fmt ` has 14 bytes: at least 16 are needed",
        ),
        (
            "no chunk before the data",
            patched(36, b"\0\0\0\0"),
            "malformed WAV: no chunk starts at byte 36: the identifier is not printable ASCII",
        ),
        (
            "a chunk before the data longer than the file",
            patched(36, b"LIST\x29"),
            "malformed WAV: chunk `LIST` at byte 44 declares 41 bytes: the file has 40 left",
        ),
        (
            "two formats",
            with(WavFile { before: vec![(*b"fmt ", fmt(PCM, 1, 8_000, 16))], ..honest() }),
            "malformed WAV: a second `fmt ` chunk at byte 44: only one may be there",
        ),
        (
            "a format behind the data as well",
            with(WavFile { after: vec![(*b"fmt ", fmt(PCM, 1, 8_000, 16))], ..honest() }),
            "malformed WAV: a second `fmt ` chunk at byte 92: only one may be there",
        ),
        (
            "a format behind the data alone",
            with(WavFile { first: vec![(*b"data", audio(40))], ..honest() }),
            "malformed WAV: `data` at byte 20 comes before `fmt `",
        ),
        (
            "two data chunks",
            with(WavFile { after: vec![(*b"data", audio(40))], ..honest() }),
            "malformed WAV: a second `data` chunk at byte 92: only one may be there",
        ),
        (
            "an empty data chunk, then the real one",
            with(WavFile { before: vec![(*b"data", vec![])], ..honest() }),
            "malformed WAV: a second `data` chunk at byte 52: only one may be there",
        ),
        (
            "two files end to end",
            with(WavFile { tail: honest().to_bytes(), ..honest() }),
            "malformed WAV: a second RIFF form at byte 84: one file may hold one recording",
        ),
        (
            "data in pieces",
            with(WavFile { first: vec![(*b"LIST", b"wavldata\x04\0\0\0abcd".to_vec())], ..honest() }),
            "unsupported WAV: `LIST` of type `wavl` at byte 20: data in pieces are not read",
        ),
        (
            "audio behind a chunk",
            with(WavFile { after: list(), tail: audio(40), ..honest() }),
            "malformed WAV: 40 bytes from byte 108 to the end belong to no chunk: they may hold audio",
        ),
        (
            "audio behind half a frame",
            with(WavFile { data: audio(41), tail: audio(40), ..honest() }),
            "malformed WAV: 40 bytes from byte 86 to the end belong to no chunk: they may hold audio",
        ),
        (
            "cut within the first of two vendor's chunks",
            cut(&WavFile { after: [vendor(), vendor()].concat(), ..honest() }, 50),
            "malformed WAV: 26 bytes from byte 84 to the end belong to no chunk: they may hold audio",
        ),
        ("0 channels", patched(22, &[0, 0]), "malformed WAV: `fmt ` declares 0 channels"),
        ("0 Hz", patched(24, &[0; 4]), "malformed WAV: `fmt ` declares a sample rate of 0 Hz"),
        ("9 channels", patched(22, &[9, 0]), "unsupported WAV: 9 channels: at most 8 are read"),
        ("65,535 channels", patched(22, &[255, 255]), "unsupported WAV: 65535 channels: at most 8 are read"),
        ("0 bytes a frame", patched(32, &[0, 0]), "malformed WAV: `fmt ` declares 0 bytes a frame: 1 channels of 16 bits make 2"),
        (
            "24 bits in frames of 4 bytes",
            patched(32, &[4, 0, 24, 0]),
            "malformed WAV: `fmt ` declares 4 bytes a frame: 1 channels of 24 bits make 3",
        ),
    ];
    for (name, bytes, message) in table {
        let error = parse(&bytes).err().unwrap_or_else(|| panic!("{name}: was read"));
        assert_eq!(error.to_string(), message, "{name}");
    }
}

#[test]
fn more_chunks_than_any_sound_file_has() {
    let chunks = |count| WavFile { before: vec![(*b"JUNK", vec![]); count], ..honest() }.to_bytes();
    assert_eq!(parse(&chunks(4_094)).unwrap().chunks().len(), 4_096);
    assert_eq!(parse(&chunks(4_095)).unwrap_err().to_string(), "malformed WAV: more than 4096 chunks");
}
