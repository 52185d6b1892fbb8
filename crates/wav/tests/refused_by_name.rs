//! Claim: what is in order but not read is refused as unsupported, and by its name.
#![allow(clippy::panic, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use cardhush_testkit::wav::{ALAW, FLOAT, PCM, ULAW, WavFile, fmt, fmt_extensible};
use cardhush_wav::{Wav, WavError};

fn refusal(bytes: &[u8]) -> String {
    match Wav::parse(&mut Cursor::new(bytes)) {
        Err(WavError::Unsupported(reason)) => reason.to_string(),
        other => panic!("not refused as unsupported: {other:?}"),
    }
}

#[test]
fn codecs() {
    let table = [
        (0x0002, 4, "codec Microsoft ADPCM (format tag 0x0002) is not read"),
        (0x0011, 4, "codec IMA ADPCM (format tag 0x0011) is not read"),
        (0x0031, 0, "codec GSM 6.10 (format tag 0x0031) is not read"),
        (0x0045, 4, "codec G.726 ADPCM (format tag 0x0045) is not read"),
        (0x0055, 0, "codec MP3 (format tag 0x0055) is not read"),
        (0x0083, 0, "codec G.729 (format tag 0x0083) is not read"),
        (0x028F, 4, "codec G.722 (format tag 0x028f) is not read"),
        (0x1234, 8, "codec unknown (format tag 0x1234) is not read"),
        (PCM, 4, "PCM samples of 4 bits are not read"),
        (PCM, 64, "PCM samples of 64 bits are not read"),
        (FLOAT, 16, "float samples of 16 bits are not read"),
        (ALAW, 16, "A-law samples of 16 bits are not read"),
        (ULAW, 16, "mu-law samples of 16 bits are not read"),
    ];
    for (tag, bits, message) in table {
        for fmt in [fmt(tag, 1, 8_000, bits), fmt_extensible(tag, 1, 8_000, bits, bits)] {
            assert_eq!(refusal(&WavFile::new(fmt, vec![0xAA; 64]).to_bytes()), message);
        }
    }
}

#[test]
fn sub_formats_without_a_tag() {
    // Ambisonic B-format: as PCM, but of another family of GUIDs.
    let mut fmt = fmt_extensible(PCM, 4, 8_000, 16, 16);
    fmt[26..].copy_from_slice(&[0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0]);
    assert_eq!(
        refusal(&WavFile::new(fmt, vec![0xAA; 64]).to_bytes()),
        "extensible sub-format 010000002107d3118644c8c1ca000000 is not read"
    );
}

#[test]
fn extensible_containers_are_whole_bytes() {
    let file = WavFile::new(fmt_extensible(PCM, 1, 8_000, 20, 20), vec![0xAA; 60]);
    assert_eq!(refusal(&file.to_bytes()), "extensible PCM samples of 20 bits are not read");
}

#[test]
fn containers() {
    let table = [
        (&b"RIFX\0\0\0\x24WAVEfmt "[..], "RIFX (big-endian) files are not read"),
        (b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0", "Sony Wave64 files are not read"),
        (b"FORM\0\0\0\x2EAIFF", "AIFF files are not read"),
        (b".snd\0\0\0\x18", "AU files are not read"),
        (b"fLaC\0\0\0\x22", "FLAC files are not read"),
        (b"OggS\0\x02\0\0", "Ogg files are not read"),
        (b"#!AMR\n", "AMR files are not read"),
    ];
    for (bytes, message) in table {
        assert_eq!(refusal(bytes), message);
    }
}

#[test]
fn valid_bits() {
    let parse = |valid| Wav::parse(&mut Cursor::new(WavFile::new(fmt_extensible(PCM, 1, 8_000, 16, valid), vec![0xAA; 60]).to_bytes()));
    assert_eq!(parse(17).map(|_| ()).unwrap_err().to_string(), "malformed WAV: `fmt ` declares 17 valid bits in samples of 16 bits");
    let zero = parse(0).unwrap();
    assert_eq!(
        (zero.format().valid_bits, zero.notes()[0].to_string().as_str()),
        (16, "`fmt ` declares 0 valid bits: all are taken as valid")
    );
}
