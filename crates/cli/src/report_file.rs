//! Where report lines go: a file that appears whole (or a pipe, written straight), and standard output where asked.
//!
//! A report comes before the output that it speaks of: [`publish`](ReportFile::publish) first, then the output gets its name. A report
//! whose output then fails is taken back and written anew, as a failure.

use crate::exit::Failure;
use crate::job::Telling;
use cardhush_scrub::{Beside, Line, Readers, same_file};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

/// Report lines on their way. Dropped before it is published, a file is gone.
pub struct ReportFile {
    file: Option<Target>,
    stdout: Option<BufWriter<io::Stdout>>,
    replace: bool,
}

struct Target {
    path: PathBuf,
    lines: BufWriter<File>,
    /// The file before it has its name; `None` where it is written straight.
    beside: Option<Beside>,
    published: bool,
}

impl ReportFile {
    /// Starts the report of a run over `files`, read or written, none of which it may replace. An older report is replaced, any other file
    /// only if `force` says so.
    pub fn open(telling: &Telling, force: bool, files: &[&Path]) -> Result<Self, Failure> {
        let file = telling.report.as_deref().map(|path| {
            if let Some(file) = files.iter().find(|file| same_file(file, path)) {
                return Err(Failure::usage(format_args!("--report {}: is {} itself", path.display(), file.display())));
            }
            Target::open(path, force)
        });
        let stdout = telling.json.then(|| BufWriter::new(io::stdout()));
        Ok(Self { file: file.transpose()?, stdout, replace: force })
    }

    /// Adds a line.
    pub fn line(&mut self, line: &Line) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            line.write(&mut file.lines).map_err(|e| Failure::writing(&file.path.display().to_string(), &e))?;
        }
        if let Some(stdout) = &mut self.stdout {
            line.write(stdout).map_err(|e| Failure::writing("standard output", &e))?;
        }
        Ok(())
    }

    /// Makes the lines so far appear, on the disk, then on standard output. A file that fails gets no further lines.
    pub fn publish(&mut self) -> Result<(), Failure> {
        let published = self.file.as_mut().map_or(Ok(()), Target::publish);
        published.inspect_err(|_| self.file = None)?;
        if let Some(stdout) = &mut self.stdout {
            stdout.flush().map_err(|e| Failure::writing("standard output", &e))?;
        }
        Ok(())
    }

    /// Takes back what was published, as far as that can be done, and starts again.
    pub fn start_over(&mut self) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if file.published {
            fs::remove_file(&file.path).map_err(|e| Failure::writing(&file.path.display().to_string(), &e))?;
        }
        if file.beside.is_some() || file.published {
            let path = file.path.clone();
            self.file = Some(Target::open(&path, self.replace)?);
        }
        Ok(())
    }
}

impl Target {
    fn open(path: &Path, force: bool) -> Result<Self, Failure> {
        let told = |e: io::Error| Failure::failed(format_args!("{}: cannot write the report: {e}", path.display()));
        let (file, beside) = if straight(path, force)? {
            (File::options().write(true).open(path).map_err(told)?, None)
        } else {
            let beside = Beside::new(path, Readers::Usual).map_err(Failure::failed)?;
            (beside.file().try_clone().map_err(told)?, Some(beside))
        };
        Ok(Self { path: path.into(), lines: BufWriter::new(file), beside, published: false })
    }

    fn publish(&mut self) -> Result<(), Failure> {
        self.lines.flush().map_err(|e| Failure::writing(&self.path.display().to_string(), &e))?;
        if let Some(beside) = self.beside.take() {
            beside.publish(true).map_err(Failure::failed)?;
            self.published = true;
        }
        Ok(())
    }
}

/// Whether a report is written straight to what is there (pipe, terminal, device) rather than beside it.
fn straight(path: &Path, force: bool) -> Result<bool, Failure> {
    let refused = |why: &str| Err(Failure::usage(format_args!("--report {}: {why}", path.display())));
    match fs::metadata(path) {
        Ok(what) if what.is_dir() => refused("is a directory"),
        Ok(what) if !what.is_file() => Ok(true),
        _ if path.is_symlink() => refused("is a link; it is not followed: name the file itself"),
        Ok(_) if !force && !older_report(path) => refused("exists and is no report: name another file, or pass --force"),
        _ => Ok(false),
    }
}

/// Which of standard input and output is the file at `path`, if one is.
#[cfg(unix)]
fn standard(path: &Path) -> Option<&'static str> {
    use std::os::fd::{AsFd as _, BorrowedFd};
    use std::os::unix::fs::MetadataExt as _;
    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (input, output) = (io::stdin(), io::stdout());
    let is = |stream: BorrowedFd<'_>| {
        let metadata = stream.try_clone_to_owned().and_then(|stream| File::from(stream).metadata());
        metadata.is_ok_and(|stream| (stream.dev(), stream.ino()) == (file.dev(), file.ino()))
    };
    [("standard input", input.as_fd()), ("standard output", output.as_fd())]
        .into_iter()
        .find_map(|(name, stream)| is(stream).then_some(name))
}

#[cfg(not(unix))]
fn standard(_: &Path) -> Option<&'static str> {
    None
}

/// Whether a file is empty or starts as a report does.
fn older_report(path: &Path) -> bool {
    const START: &[u8] = br#"{"schema":"#;
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START.len() as u64).read_to_end(&mut start));
    read.is_ok() && (start.is_empty() || start == START)
}

/// The report of a stream, which is there from its first line on: a stream that is cut off has told what it did until then.
pub struct LiveReport {
    file: Option<File>,
}

impl LiveReport {
    /// Starts it, before the first sample passes. The files that standard input and output are may not be replaced.
    pub fn open(path: Option<&Path>, force: bool) -> Result<Self, Failure> {
        let open = |path| {
            if let Some(name) = standard(path) {
                return Err(Failure::usage(format_args!("--report {}: is {name} itself", path.display())));
            }
            let mut options = File::options();
            let fresh = !straight(path, force)?;
            options.write(true).create(fresh).truncate(fresh);
            options.open(path).map_err(|e| Failure::failed(format_args!("{}: cannot write the report: {e}", path.display())))
        };
        Ok(Self { file: path.map(open).transpose()? })
    }

    /// Adds a line, at once.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut text = Vec::new();
        line.write(&mut text)?;
        file.write_all(&text)
    }
}
