//! One call recording: opened, parsed, and known again if somebody changed it meanwhile.

use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::linear::{Linear, is_bare};
use crate::reading::Reading;
use crate::report::seconds;
use cardhush_codec::{CodecError, Coded};
use cardhush_core::Span;
use cardhush_wav::{Format, SampleCoding, Wav};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of a block of audio: in the cache of a core, long enough that the calls round it cost nothing.
pub(crate) const BLOCK_BYTES: u64 = 256 * 1024;

/// A recording that was read to its end once, so that where its audio is is known.
pub struct Call {
    path: PathBuf,
    file: File,
    body: Body,
    metadata: Metadata,
    /// Whether its contents are in our memory, and nobody else's to change.
    held: bool,
}

/// Where the audio of a file is.
pub(crate) enum Body {
    /// Sample by sample.
    Linear(Linear),
    /// In the blocks of a codec.
    Coded(Box<dyn Coded>),
}

/// What a call is: what `inspect` and the report tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// `RIFF`, `RF64` or `BW64`; `raw` for a stream.
    pub container: Cow<'static, str>,
    /// How samples are written, such as `PCM 16-bit` or `mu-law`.
    pub coding: Cow<'static, str>,
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
    /// Not a regular file; not a recording of a kind that is read, or not one that can be read to its end.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::read_form(path, open(path)?)
    }

    /// The same of a file that is open and lies, or will lie, at `path`.
    pub(crate) fn of_file(path: &Path, file: &File) -> Result<Self, Error> {
        Self::read_form(path, file.try_clone().map_err(doing("read", path))?)
    }

    /// Bare samples, which are all that is in a file. `name` is what errors call them.
    pub(crate) fn of_samples(name: &Path, file: File, format: Format) -> Result<Self, Error> {
        let metadata = file.metadata().map_err(doing("read", name))?;
        Ok(Self { path: name.into(), file, body: Body::Linear(Linear::raw(format, metadata.len())), metadata, held: true })
    }

    /// The same of an object that was read into memory, and is called so.
    pub(crate) fn held(path: &Path, file: File) -> Result<Self, Error> {
        Ok(Self { held: true, ..Self::read_form(path, file)? })
    }

    fn read_form(path: &Path, file: File) -> Result<Self, Error> {
        let mut rewound = &file;
        rewound.rewind().map_err(doing("read", path))?;
        let metadata = file.metadata().map_err(doing("read", path))?;
        // Bare samples have no header to miss, and a recording that was lost is none without digits.
        if metadata.len() == 0 {
            return Err(Error::Recording { path: path.into(), what: "empty: 0 bytes".into() });
        }
        let coded = if is_bare(path, &mut rewound)? {
            None
        } else {
            cardhush_codec::open(&mut BufReader::new(&file)).map_err(|source| Error::Codec { path: path.into(), source })?
        };
        rewound.rewind().map_err(doing("read", path))?;
        let body = match coded {
            Some(coded) => Body::Coded(coded),
            None => Body::Linear(Linear::open(path, &file)?),
        };
        Ok(Self { path: path.into(), file, body, metadata, held: false })
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

    /// How its samples are written; of a block codec, what they are decoded to.
    #[must_use]
    pub fn format(&self) -> Format {
        match &self.body {
            Body::Linear(linear) => linear.format,
            Body::Coded(coded) => {
                let form = coded.form();
                Format { coding: SampleCoding::Linear16, channels: form.channels.into(), rate_hz: form.rate_hz, valid_bits: 16 }
            }
        }
    }

    /// The structure of a WAV file of samples.
    #[must_use]
    pub fn wav(&self) -> Option<&Wav> {
        if let Body::Linear(linear) = &self.body { linear.wav.as_ref() } else { None }
    }

    /// Whether it is in our memory, and no file of a folder.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Its contents alone.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where its audio is.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// Its codec, if it has one.
    pub(crate) fn coded(&self) -> Option<&dyn Coded> {
        if let Body::Coded(coded) = &self.body { Some(&**coded) } else { None }
    }

    /// Why audio is missing that the file speaks of, if it is.
    pub(crate) fn cut_short(&self) -> Option<&str> {
        if let Body::Linear(linear) = &self.body { linear.cut_short.as_deref() } else { None }
    }

    /// Whether its header has not the length of what is there.
    pub(crate) fn is_open_ended(&self) -> bool {
        match &self.body {
            Body::Linear(linear) => linear.open_ended,
            // Of the others only a RIFF's and a FLAC's header says how long it is to be.
            Body::Coded(coded) => !["RIFF", "FLAC"].contains(&coded.form().container),
        }
    }

    /// For `map_err`: what a codec says of it.
    pub(crate) fn codec(&self) -> impl Fn(CodecError) -> Error + use<> {
        let path = self.path.clone();
        move |source| match source {
            CodecError::Changed => Error::Changed { path: path.clone() },
            source => Error::Codec { path: path.clone(), source },
        }
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
        match &self.body {
            Body::Linear(linear) => (linear.data.end - linear.data.start) / u64::from(linear.format.frame_bytes()).max(1),
            Body::Coded(coded) => coded.form().frames,
        }
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.metadata.len()
    }

    /// What it is, for reports.
    #[must_use]
    pub fn form(&self) -> Form {
        let (container, coding, notes) = match &self.body {
            Body::Linear(linear) => (linear.container, linear.format.coding.name(), &linear.notes),
            Body::Coded(coded) => (coded.form().container, coded.form().coding, &coded.form().notes),
        };
        Form {
            container: container.into(),
            coding: coding.into(),
            rate_hz: self.rate_hz(),
            channels: self.channels(),
            frames: self.frames(),
            duration_s: seconds(self.frames(), self.rate_hz()),
            notes: notes.clone(),
        }
    }

    /// Whether it is still what it was when it was opened, by name and by content.
    ///
    /// # Errors
    /// [`Error::Changed`] where it is not.
    pub fn unchanged(&self) -> Result<(), Error> {
        if self.held {
            return Ok(());
        }
        let held = self.file.metadata().map_err(doing("read", &self.path))?;
        let named = fs::metadata(&self.path).map_err(doing("read", &self.path))?;
        let first = stamp(&self.metadata);
        if stamp(&held) == first && stamp(&named) == first { Ok(()) } else { Err(Error::Changed { path: self.path.clone() }) }
    }

    /// The samples of a part of it, block by block.
    pub(crate) fn reading(&self, within: Span) -> Result<Reading<'_>, Error> {
        Reading::new(self, &self.file, within)
    }

    /// Cuts a span of frames into blocks.
    pub(crate) fn blocks(&self, within: Span) -> impl Iterator<Item = Span> + use<> {
        let step = (BLOCK_BYTES / u64::from(self.format().frame_bytes()).max(1)).max(1);
        (within.start..within.end).step_by(step as usize).map(move |start| Span::new(start, within.end.min(start + step)))
    }

    /// Where frames stand in the file, where they do so one by one.
    pub(crate) fn bytes_of(&self, frames: Span) -> Range<u64> {
        let (first, each) = (self.data().start, u64::from(self.format().frame_bytes()));
        first + frames.start * each..first + frames.end * each
    }

    /// Turns the samples of whole frames from the file's order of bytes to little-endian, or back.
    pub(crate) fn turn(&self, bytes: &mut [u8]) {
        if matches!(&self.body, Body::Linear(linear) if linear.big_endian) {
            bytes.chunks_exact_mut(self.format().coding.bytes().into()).for_each(<[u8]>::reverse);
        }
    }

    /// Where its samples stand in the file, where they do so one by one.
    fn data(&self) -> Range<u64> {
        if let Body::Linear(linear) = &self.body { linear.data.clone() } else { 0..0 }
    }

    /// All of the file, in blocks.
    pub(crate) fn whole(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        cut(0..self.bytes())
    }

    /// What stands before the frames, in blocks.
    pub(crate) fn head(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        cut(0..self.data().start)
    }

    /// What stands behind them, in blocks.
    pub(crate) fn tail(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        cut(self.data().end..self.bytes())
    }

    /// The digest of the whole file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn digest(&self) -> Result<Sha256, Error> {
        Sha256::of_file(&self.file).map_err(doing("read", &self.path))
    }

    /// Reads a part of the file.
    pub(crate) fn read<'a>(&self, part: Range<u64>, into: &'a mut Vec<u8>) -> Result<&'a mut [u8], Error> {
        self.read_from(&self.file, part, into)
    }

    /// The same of another file that is to be as long.
    pub(crate) fn read_from<'a>(&self, file: &File, part: Range<u64>, into: &'a mut Vec<u8>) -> Result<&'a mut [u8], Error> {
        read_at(file, part, into).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => Error::Changed { path: self.path.clone() },
            _ => Error::Io { doing: "read", path: self.path.clone(), source },
        })
    }
}

/// A part of a file in blocks.
fn cut(part: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = part.end;
    part.step_by(BLOCK_BYTES as usize).map(move |start| start..end.min(start + BLOCK_BYTES))
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("path", &self.path).finish_non_exhaustive()
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
