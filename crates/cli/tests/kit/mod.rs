//! Calls to scrub and the command that does it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test uses its part, and a test's helpers may panic too")]

use cardhush_core::{Alaw, Coding, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Ulaw};
use cardhush_testkit::line;
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{self, Tone};
use cardhush_testkit::wav::{ALAW, FLOAT, PCM, ULAW, WavFile, fmt};
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Tag, bits and the name that `stream` has for it.
pub const CODINGS: [(u16, u16, &str); 8] = [
    (PCM, 8, "u8"),
    (PCM, 16, "s16le"),
    (PCM, 24, "s24le"),
    (PCM, 32, "s32le"),
    (FLOAT, 32, "f32le"),
    (FLOAT, 64, "f64le"),
    (ALAW, 8, "alaw"),
    (ULAW, 8, "ulaw"),
];

/// Some card's digits.
pub const DIGITS: &str = "4111222233334444";

/// A call of some seconds: digits on the first channel, and noise on each.
pub struct Call {
    pub channels: Vec<Vec<f64>>,
    pub rate_hz: u32,
    /// Where the digits sound.
    pub keys: Vec<Range<usize>>,
}

impl Call {
    pub fn new(channels: usize, rate_hz: u32) -> Self {
        let mut rng = Rng::new(channels as u64 * 1_000_003 + u64::from(rate_hz));
        let keys = Tone { level_dbm0: -6.0, twist_db: -1.0, ..Tone::default() };
        let dialled = tone::dial(DIGITS, &keys, rate_hz, 300.0, &mut rng);
        let silent = vec![0.0; dialled.samples.len()];
        let mut channels: Vec<_> =
            (0..channels).map(|channel| if channel == 0 { dialled.samples.clone() } else { silent.clone() }).collect();
        channels.iter_mut().for_each(|samples| line::add_white_noise(samples, -50.0, &mut rng));
        Self { channels, rate_hz, keys: dialled.spans }
    }

    /// A call in which nobody keyed anything.
    pub fn without_digits(channels: usize, rate_hz: u32) -> Self {
        let mut call = Self::new(channels, rate_hz);
        call.channels.iter_mut().for_each(|samples| samples.fill(0.0));
        call.channels.iter_mut().for_each(|samples| line::add_white_noise(samples, -50.0, &mut Rng::new(3)));
        call.keys.clear();
        call
    }

    /// Its samples, interleaved, as bytes.
    pub fn raw(&self, tag: u16, bits: u16) -> Vec<u8> {
        match (tag, bits) {
            (PCM, 8) => self.encoded::<Linear8>(),
            (PCM, 16) => self.encoded::<Linear16>(),
            (PCM, 24) => self.encoded::<Linear24>(),
            (PCM, 32) => self.encoded::<Linear32>(),
            (FLOAT, 32) => self.encoded::<Float32>(),
            (FLOAT, 64) => self.encoded::<Float64>(),
            (ALAW, 8) => self.encoded::<Alaw>(),
            (ULAW, 8) => self.encoded::<Ulaw>(),
            other => panic!("{other:?}"),
        }
    }

    fn encoded<C: Coding>(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.channels[0].len() * self.channels.len() * C::BYTES];
        for (at, sample) in bytes.chunks_exact_mut(C::BYTES).enumerate() {
            let (frame, channel) = (at / self.channels.len(), at % self.channels.len());
            C::to_le_bytes(C::encode(self.channels[channel][frame] as f32), sample);
        }
        bytes
    }

    /// An honest WAV file of it.
    pub fn wav(&self, tag: u16, bits: u16) -> WavFile {
        WavFile::new(fmt(tag, self.channels.len() as u16, self.rate_hz, bits), self.raw(tag, bits))
    }
}

/// A folder that goes away.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// The 16-bit WAV file of a call with digits.
    pub fn call(&self, name: &str) -> PathBuf {
        self.write(name, Call::new(2, 8_000).wav(PCM, 16).to_bytes())
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// What lies in it, temporary files too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The command, run here.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardhush"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// Runs the command here: words without blanks.
    pub fn run(&self, arguments: &str) -> Ran {
        Ran(self.command(arguments).output().unwrap())
    }

    pub fn lines(&self, name: &str) -> Vec<Value> {
        lines(&self.read(name))
    }
}

/// A run that has ended.
pub struct Ran(pub Output);

impl Ran {
    /// Its exit status must be this one.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(status), "stderr: {}", self.words());
        self
    }

    /// Standard error.
    pub fn words(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Standard output.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }
}

/// JSON lines.
pub fn lines(text: &[u8]) -> Vec<Value> {
    std::str::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Channel and samples of each redaction.
pub fn redactions(lines: &[Value]) -> Vec<(usize, Range<usize>)> {
    let number = |line: &Value, field: &str| line[field].as_u64().unwrap() as usize;
    let redactions = lines.iter().filter(|line| line["type"] == "redaction");
    redactions.map(|line| (number(line, "channel"), number(line, "start")..number(line, "end"))).collect()
}

/// The bytes with the redacted samples zeroed, so that the rest can be compared.
pub fn without(mut bytes: Vec<u8>, file: &WavFile, redactions: &[(usize, Range<usize>)]) -> Vec<u8> {
    let (channels, frame_bytes) = (usize::from(file.fmt[2]), usize::from(file.fmt[12]));
    let sample_bytes = frame_bytes / channels;
    for (channel, samples) in redactions {
        for sample in samples.clone() {
            let at = file.data_at() + sample * frame_bytes + channel * sample_bytes;
            bytes[at..at + sample_bytes].fill(0);
        }
    }
    bytes
}

/// Whether a path is there, a dangling link included.
pub fn there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}
