//! One call recording: opened, parsed, and known again if somebody changed it meanwhile.

use crate::error::{Error, doing};
use crate::report::seconds;
use cardhush_core::Span;
use cardhush_wav::{Format, Wav};
use serde::Serialize;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of a block of audio: in the cache of a core, long enough that the calls round it cost nothing.
const BLOCK_BYTES: u64 = 256 * 1024;

/// A WAV file that was read to its end once, so that where its samples are is known.
#[derive(Debug)]
pub struct Call {
    path: PathBuf,
    file: File,
    wav: Wav,
    metadata: Metadata,
}

/// What a call is: what `inspect` and the report tell of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Form {
    /// `RIFF`, `RF64` or `BW64`; `raw` for a stream.
    pub container: &'static str,
    /// How samples are written, such as `PCM 16-bit` or `mu-law`.
    pub coding: &'static str,
    /// Samples a second, in Hz.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u8,
    /// Samples a channel.
    pub frames: u64,
    /// Length in seconds.
    pub duration_s: f64,
    /// What was accepted although the header says otherwise.
    pub notes: Vec<String>,
}

impl Call {
    /// Opens a file and finds its samples. Links are followed to read.
    ///
    /// # Errors
    /// Not a regular file; not a WAV file that can be read to its end.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = open(path)?;
        let metadata = file.metadata().map_err(doing("read", path))?;
        let wav = Wav::parse(&mut BufReader::new(&file)).map_err(|source| Error::Wav { path: path.into(), source })?;
        Ok(Self { path: path.into(), file, wav, metadata })
    }

    /// As it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file system says of it.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// How its samples are written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.wav.format()
    }

    /// The file's structure.
    #[must_use]
    pub fn wav(&self) -> &Wav {
        &self.wav
    }

    /// Samples a second, in Hz.
    #[must_use]
    pub fn rate_hz(&self) -> u32 {
        self.format().rate_hz
    }

    /// Channels, 1 to 8.
    #[must_use]
    pub fn channels(&self) -> u8 {
        self.format().channels as u8 // the parser takes 8 at most
    }

    /// Samples a channel.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.wav.frames()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.metadata.len()
    }

    /// What it is, for reports.
    #[must_use]
    pub fn form(&self) -> Form {
        Form {
            container: self.wav.container().name(),
            coding: self.format().coding.name(),
            rate_hz: self.rate_hz(),
            channels: self.channels(),
            frames: self.frames(),
            duration_s: seconds(self.frames(), self.rate_hz()),
            notes: self.wav.notes().iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether it is still what it was when it was opened, by name and by content.
    ///
    /// # Errors
    /// [`Error::Changed`] where it is not.
    pub fn unchanged(&self) -> Result<(), Error> {
        let held = self.file.metadata().map_err(doing("read", &self.path))?;
        let named = fs::metadata(&self.path).map_err(doing("read", &self.path))?;
        let first = stamp(&self.metadata);
        if stamp(&held) == first && stamp(&named) == first { Ok(()) } else { Err(Error::Changed { path: self.path.clone() }) }
    }

    /// Cuts a span of frames into blocks.
    pub(crate) fn blocks(&self, within: Span) -> impl Iterator<Item = Span> + use<> {
        let step = BLOCK_BYTES / u64::from(self.format().frame_bytes()).max(1);
        (within.start..within.end).step_by(step as usize).map(move |start| Span::new(start, within.end.min(start + step)))
    }

    /// Where frames stand in the file.
    pub(crate) fn bytes_of(&self, frames: Span) -> Range<u64> {
        let (first, each) = (self.wav.data().start, u64::from(self.format().frame_bytes()));
        first + frames.start * each..first + frames.end * each
    }

    /// Cuts what stands before and behind the frames into blocks.
    pub(crate) fn rest(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let audio = self.bytes_of(Span::new(0, self.frames()));
        let cut = |part: Range<u64>| {
            let end = part.end;
            part.step_by(BLOCK_BYTES as usize).map(move |start| start..end.min(start + BLOCK_BYTES))
        };
        cut(0..audio.start).chain(cut(audio.end..self.bytes()))
    }

    /// Reads a part of the file.
    pub(crate) fn read<'a>(&self, part: Range<u64>, into: &'a mut Vec<u8>) -> Result<&'a mut [u8], Error> {
        read_at(&self.file, part, into).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => Error::Changed { path: self.path.clone() },
            _ => Error::Io { doing: "read", path: self.path.clone(), source },
        })
    }
}

/// Opens a regular file.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    // Before it is opened: opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(doing("open", path))?.is_file() {
        return Err(Error::NotAFile { path: path.into() });
    }
    File::open(path).map_err(doing("open", path))
}

/// Reads a part of a file that is in it whole.
pub(crate) fn read_at<'a>(mut file: &File, part: Range<u64>, into: &'a mut Vec<u8>) -> io::Result<&'a mut [u8]> {
    into.resize((part.end - part.start) as usize, 0);
    file.seek(SeekFrom::Start(part.start))?;
    file.read_exact(into)?;
    Ok(into)
}

/// Whether two paths are one file, through links too, or would be once both exist.
#[must_use]
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        #[cfg(unix)]
        (Ok(one), Ok(other)) => stamp(&one).2 == stamp(&other).2,
        _ => place(one).is_some_and(|one| Some(one) == place(other)),
    }
}

/// The path with its directory's links resolved, and its own where it exists.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
}

/// What tells one state of a file from another: length, time of the last change, identity.
fn stamp(of: &Metadata) -> (u64, Option<SystemTime>, Option<(u64, u64)>) {
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt;
        Some((of.dev(), of.ino()))
    };
    #[cfg(not(unix))]
    let identity = None;
    (of.len(), of.modified().ok(), identity)
}
