//! Claim: a file cut at any byte is refused as malformed, or read as far as it goes with a note that says so.
#![allow(clippy::panic, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use cardhush_testkit::wav::{FLOAT, PCM, ULAW, WavFile, fmt, fmt_extensible};
use cardhush_wav::{Wav, WavError};

fn check(name: &str, file: &WavFile) {
    let (bytes, data_at) = (file.to_bytes(), file.data_at());
    let frame_bytes = usize::from(u16::from_le_bytes([file.fmt[12], file.fmt[13]]));
    for end in 0..bytes.len() {
        match Wav::parse(&mut Cursor::new(&bytes[..end])) {
            Ok(wav) => {
                let present = end.saturating_sub(data_at).min(file.data.len()) / frame_bytes;
                assert_eq!((wav.frames(), wav.file_len()), (present as u64, end as u64), "{name}, cut at {end}");
                assert!(!wav.notes().is_empty(), "{name}, cut at {end}: no note");
            }
            Err(WavError::Malformed(_)) => assert!(end < data_at, "{name}, cut at {end}: refused, but its data have started"),
            Err(error) => panic!("{name}, cut at {end}: {error}"),
        }
    }
}

#[test]
fn whole_headers() {
    for form in [*b"RIFF", *b"RF64", *b"BW64"] {
        for (fmt, len) in [
            (fmt(PCM, 2, 8_000, 16), 60),
            (fmt_extensible(PCM, 3, 8_000, 24, 20), 63),
            (fmt(ULAW, 1, 8_000, 8), 33),
            (fmt(FLOAT, 8, 8_000, 64), 128),
        ] {
            let chunk = |id: &[u8; 4], len| (*id, (0..len).map(|byte: u8| byte | 0x80).collect());
            let file = WavFile { form, before: vec![chunk(b"bext", 21)], ..WavFile::new(fmt, vec![0xA5; len]) };
            let name = String::from_utf8_lossy(&form);
            check(&name, &file);
            check(&name, &WavFile { after: vec![chunk(b"LIST", 9), chunk(b"vndr", 13)], ..file.clone() });
            check(&name, &WavFile { data: vec![0; len], after: vec![chunk(b"LIST", 9), chunk(b"cue ", 12)], ..file });
        }
    }
}

#[test]
fn streamed_headers() {
    // Not (0, 36): cut right behind its header it is an honest file without samples.
    for (data_len, form_len) in [(0, 0), (u32::MAX, u32::MAX), (0x7FFF_F000, 0x7FFF_F024)] {
        let file = WavFile { data_len: Some(data_len), form_len: Some(form_len), ..WavFile::new(fmt(PCM, 2, 8_000, 16), vec![0xA5; 62]) };
        check("streamed RIFF", &file);
        check("streamed RIFF, silent", &WavFile { data: vec![0; 62], ..file });
    }
    for ds64_data in [Some(0), Some(u64::MAX)] {
        let file = WavFile { form: *b"RF64", ds64_data, ds64_form: ds64_data, ..WavFile::new(fmt(PCM, 2, 8_000, 16), vec![0xA5; 62]) };
        check("streamed RF64", &file);
    }
}
