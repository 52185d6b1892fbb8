//! Recordings whose samples stand in the file one by one, each in its own bytes: WAV, AU, and raw samples, which are known by the endings that Asterisk and others give them.

use crate::error::{Error, doing};
use cardhush_wav::{Format, Note, SampleCoding, Wav, WavError};
use std::fs::File;
use std::io::{BufReader, Read, Seek as _};
use std::ops::Range;
use std::path::Path;

/// First bytes of an AU file.
const AU: [u8; 4] = *b".snd";
/// Bytes of its header, without a text.
const AU_HEADER: u64 = 24;
/// Its length, where it was not known when the header was written.
const AU_UNKNOWN: u32 = u32::MAX;
/// What an AU file calls its codings, and the bits of a sample. Signed samples of 8 bits (2) and the codecs (23 to 26) are not read.
const AU_CODINGS: [(u32, SampleCoding, u16); 7] = [
    (1, SampleCoding::Ulaw, 8),
    (3, SampleCoding::Linear16, 16),
    (4, SampleCoding::Linear24, 24),
    (5, SampleCoding::Linear32, 32),
    (6, SampleCoding::Float32, 32),
    (7, SampleCoding::Float64, 64),
    (27, SampleCoding::Alaw, 8),
];

/// What other recordings begin with that may be named as bare samples by mistake.
const MARKED: [&[u8]; 6] = [b"RIFF", b"RF64", &AU, b"fLaC", b"OggS", b"ID3"];

/// Where the samples of a file are.
#[derive(Debug)]
pub struct Linear {
    /// For reports: `RIFF`, `RF64`, `BW64`, `AU`, `raw`.
    pub container: &'static str,
    pub format: Format,
    /// Whether the first byte of each is its most significant one.
    pub big_endian: bool,
    /// Their bytes.
    pub data: Range<u64>,
    /// What was accepted although the header says otherwise.
    pub notes: Vec<String>,
    /// A WAV's structure.
    pub wav: Option<Wav>,
    /// Whether the header has not the length of what is there.
    pub open_ended: bool,
    /// Why audio is missing, if it is.
    pub cut_short: Option<String>,
}

impl Linear {
    /// A recording of a kind that has samples one by one. That it is no such thing is the WAV parser's to say.
    pub fn open(path: &Path, file: &File) -> Result<Self, Error> {
        let mut start = [0; AU_HEADER as usize];
        let mut reader = BufReader::new(file);
        let bytes = file.metadata().map_err(doing("read", path))?.len();
        let there = start.get_mut(..bytes.min(AU_HEADER) as usize).unwrap_or_default();
        reader.read_exact(there).and_then(|()| reader.rewind()).map_err(doing("read", path))?;
        if start.starts_with(&AU) {
            return Self::au(&start, bytes).map_err(|what| Error::Recording { path: path.into(), what });
        }
        match raw(path) {
            Some(format) if !start.starts_with(b"RIFF") && !start.starts_with(b"RF64") => Ok(Self::raw(format, bytes)),
            _ => Self::wav(Wav::parse(&mut reader)).map_err(|source| Error::Wav { path: path.into(), source }),
        }
    }

    fn wav(parsed: Result<Wav, WavError>) -> Result<Self, WavError> {
        let wav = parsed?;
        Ok(Self {
            container: wav.container().name(),
            format: wav.format(),
            big_endian: false,
            data: wav.data(),
            notes: wav.notes().iter().map(ToString::to_string).collect(),
            open_ended: wav.notes().iter().any(Note::is_open_ended),
            cut_short: wav.notes().iter().find(|note| note.is_cut_short()).map(ToString::to_string),
            wav: Some(wav),
        })
    }

    /// Bare samples.
    pub fn raw(format: Format, bytes: u64) -> Self {
        let frame = u64::from(format.frame_bytes());
        let rest = bytes % frame;
        let notes = if rest == 0 { Vec::new() } else { vec![format!("the last {rest} bytes are no whole sample")] };
        // Nothing in it says how long it will be.
        Self { container: "raw", format, big_endian: false, data: 0..bytes - rest, notes, wav: None, open_ended: true, cut_short: None }
    }

    fn au(header: &[u8; AU_HEADER as usize], bytes: u64) -> Result<Self, String> {
        if bytes < AU_HEADER {
            return Err(format!("AU: {bytes} bytes long: its header alone has {AU_HEADER}"));
        }
        let (words, _) = header.as_chunks::<4>();
        let word = |at: usize| words.get(at).map_or(0, |word| u32::from_be_bytes(*word));
        let (begins, declared, encoding, rate_hz, channels) = (u64::from(word(1)), word(2), word(3), word(4), word(5));
        let Some((_, coding, valid_bits)) = AU_CODINGS.into_iter().find(|(number, ..)| *number == encoding) else {
            return Err(format!(
                "AU: encoding {encoding} is not read: mu-law (1), PCM of 16 to 32 bits (3 to 5), float (6, 7) and A-law (27) are"
            ));
        };
        if begins < AU_HEADER || begins > bytes {
            return Err(format!("AU: its audio should begin at byte {begins}, of {bytes}"));
        }
        if rate_hz == 0 || !(1..=8).contains(&channels) {
            return Err(format!("AU: {channels} channels at {rate_hz} Hz: 1 to 8, and more than 0 Hz, are read"));
        }
        let present = bytes - begins;
        let declared = if declared == AU_UNKNOWN { None } else { Some(u64::from(declared)) };
        let format = Format { coding, channels: channels as u16, rate_hz, valid_bits };
        let rest = present % u64::from(format.frame_bytes());
        let mut notes = if rest == 0 { Vec::new() } else { vec![format!("the last {rest} bytes are no whole sample")] };
        match declared {
            None => notes.push("its length was never filled in, so the file was read to its true end".into()),
            Some(declared) if declared < present => {
                notes.push(format!("the audio goes on past its declared end: {declared} bytes declared, {present} present"))
            }
            _ => {}
        }
        let cut_short = declared.filter(|declared| *declared > present);
        let cut_short = cut_short.map(|declared| format!("the audio is cut short: {declared} bytes declared, {present} present"));
        notes.extend(cut_short.clone());
        let open_ended = declared.is_none_or(|declared| declared < present);
        Ok(Self { container: "AU", format, big_endian: true, data: begins..bytes - rest, notes, wav: None, open_ended, cut_short })
    }
}

/// Whether a file is named as bare samples and does not begin as anything else that is read. Such a file is not looked at for codecs that are known by
/// their bits alone: A-law of silence, 0xD5, has the signature of GSM in every byte.
pub fn is_bare(path: &Path, file: &mut impl Read) -> Result<bool, Error> {
    if raw(path).is_none() {
        return Ok(false);
    }
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start).map_err(doing("read", path))?;
    Ok(!MARKED.iter().any(|mark| start.starts_with(mark)))
}

/// What the ending of a name says of a file of bare samples, all of one channel.
fn raw(path: &Path) -> Option<Format> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let (coding, rate_hz, valid_bits) = match ending.as_str() {
        "ulaw" | "ul" | "mulaw" | "pcmu" | "mu" => (SampleCoding::Ulaw, 8_000, 8),
        "alaw" | "al" | "pcma" => (SampleCoding::Alaw, 8_000, 8),
        "sln" | "slin" => (SampleCoding::Linear16, 8_000, 16),
        other => {
            // As Asterisk names them: sln16 has 16 kHz.
            let khz: u32 = other.strip_prefix("sln")?.parse().ok().filter(|khz| [12, 16, 24, 32, 44, 48, 96, 192].contains(khz))?;
            (SampleCoding::Linear16, if khz == 44 { 44_100 } else { khz * 1_000 }, 16)
        }
    };
    Some(Format { coding, channels: 1, rate_hz, valid_bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const ULAW: u32 = 1;
    const ALAW: u32 = 27;

    fn open(name: &str, bytes: &[u8]) -> Result<Linear, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        Linear::open(&path, &file)
    }

    fn au(begins: u32, declared: u32, encoding: u32, channels: u32, audio: usize) -> Vec<u8> {
        let words = [u32::from_be_bytes(AU), begins, declared, encoding, 8_000, channels];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
        bytes.resize(begins.max(24) as usize + audio, 0xFF);
        bytes
    }

    #[test]
    fn endings_tell_raw_samples_and_nothing_else_does() {
        let ulaw = open("a.ulaw", &[0xFF; 160]).unwrap();
        assert_eq!((ulaw.format.coding, ulaw.format.rate_hz, ulaw.data), (SampleCoding::Ulaw, 8_000, 0..160));
        let wide = open("a.SLN16", &[0; 33]).unwrap();
        assert_eq!((wide.format.coding, wide.format.rate_hz, wide.data, wide.notes.len()), (SampleCoding::Linear16, 16_000, 0..32, 1));
        assert!(matches!(open("a.bin", &[0; 160]), Err(Error::Wav { .. })));
        assert!(matches!(open("a.sln17", &[0; 160]), Err(Error::Wav { .. })));
    }

    #[test]
    fn au_is_read_to_its_true_end_or_refused() {
        let stereo = open("a.au", &au(32, 160, ALAW, 2, 160)).unwrap();
        assert_eq!((stereo.format.coding, stereo.format.channels, stereo.data), (SampleCoding::Alaw, 2, 32..192));
        assert!(stereo.notes.is_empty() && stereo.cut_short.is_none() && !stereo.open_ended);
        assert!(open("a.au", &au(24, AU_UNKNOWN, ULAW, 1, 80)).unwrap().open_ended);
        assert!(open("a.au", &au(24, 81, ULAW, 1, 80)).unwrap().cut_short.is_some());
        let cut = open("a.au", &au(24, 80, ULAW, 1, 80)[..20]).unwrap_err().to_string();
        assert!(cut.ends_with("AU: 20 bytes long: its header alone has 24"), "{cut}");
        let linear = open("a.au", &au(24, 81, 4, 3, 81)).unwrap();
        assert_eq!((linear.format.coding, linear.format.valid_bits, linear.format.frame_bytes()), (SampleCoding::Linear24, 24, 9));
        for wrong in [au(24, 80, 2, 1, 80), au(24, 80, 23, 1, 80), au(8, 80, ULAW, 1, 80), au(24, 80, ULAW, 9, 80), au(24, 80, ULAW, 0, 80)]
        {
            assert!(matches!(open("a.au", &wrong), Err(Error::Recording { .. })));
        }
    }
}
