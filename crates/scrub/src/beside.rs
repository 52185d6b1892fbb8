//! A file that appears whole or not at all: written beside its target, then given its name in one step.
//!
//! Where the system can (Linux), the file has no name until then, so that nothing is left of it whatever ends the run, a kill or a
//! power cut included. Elsewhere it is a temporary file of mode 0600 that is removed on drop. Source: open(2) on `O_TMPFILE`.

use crate::attributes;
use crate::digest::Sha256;
use crate::error::{Error, doing};
use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Who may read a file before somebody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone (0600): audio.
    Owner,
    /// Whom the umask of the run lets: reports.
    Usual,
}

/// How temporary names start.
const PREFIX: &str = ".cardhush-";

/// A file on its way to its target. Dropped before [`publish`](Self::publish), it is gone.
#[derive(Debug)]
pub struct Beside {
    file: File,
    temporary: Option<TempPath>,
    target: PathBuf,
    /// The directory, opened before anything appears in it; `None` where directories are not synced.
    folder: Option<File>,
}

impl Beside {
    /// An empty file in the directory of `target`.
    ///
    /// # Errors
    /// The directory cannot be read or written to.
    pub fn new(target: &Path, readers: Readers) -> Result<Self, Error> {
        match unnamed(folder(target), readers) {
            Some(file) => Ok(Self { file, temporary: None, target: target.into(), folder: open_folder(target)? }),
            None => Self::named(target, readers),
        }
    }

    /// The same with a temporary name, where files without one are not to be had.
    fn named(target: &Path, readers: Readers) -> Result<Self, Error> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(readers.mode()));
        let (file, temporary) = builder.tempfile_in(folder(target)).map_err(doing("create a file beside", target))?.into_parts();
        Ok(Self { file, temporary: Some(temporary), target: target.into(), folder: open_folder(target)? })
    }

    /// A file in memory that only looks like one on its way: it is never published.
    pub(crate) fn in_memory(name: &Path) -> Result<Self, Error> {
        Ok(Self { file: memory(name)?, temporary: None, target: name.into(), folder: None })
    }

    /// Its contents alone.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// The file, to be written and read.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it will appear.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Gives it the mode, times, tags and, where the system lets us, the owner, ACL and label of another file, whose `metadata` are those before it was read.
    ///
    /// # Errors
    /// Mode, times or attributes cannot be set.
    pub fn resemble(&self, other: &File, metadata: &Metadata) -> Result<(), Error> {
        let attributes = doing("set the attributes of", &self.target);
        attributes::tags(&self.file, other).map_err(&attributes)?;
        #[cfg_attr(not(unix), expect(unused_mut, reason = "nothing is taken from them"))]
        let mut permissions = metadata.permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, fchown};
            let owned = |uid, gid| fchown(&self.file, uid, gid).is_ok();
            let (uid, gid) = owner(metadata);
            // Only root may give a file away; its group can be kept more often. A set-id bit is kept with its owner alone.
            let whole = owned(Some(uid), Some(gid));
            let group = whole || owned(None, Some(gid));
            if !whole {
                permissions.set_mode(permissions.mode() & if group { 0o1777 } else { 0o1707 });
            }
            // An ACL brings its own rights for the group, so it comes with the group alone. What the mode says of the group is, with an ACL, the most that anybody whom it names
            // may: without it that would be the group's.
            if !attributes::acl(&self.file, group.then_some(other)).map_err(&attributes)? {
                permissions.set_mode(permissions.mode() & 0o7707);
            }
        }
        self.file.set_permissions(permissions).map_err(doing("set the mode of", &self.target))?;
        attributes::label(&self.file, other).map_err(&attributes)?;
        let mut times = FileTimes::new();
        times = metadata.accessed().map_or(times, |at| times.set_accessed(at));
        times = metadata.modified().map_or(times, |at| times.set_modified(at));
        self.file.set_times(times).map_err(doing("set the times of", &self.target))
    }

    /// Brings it to the disk and gives it its name; `replace` says whether a file of that name may go.
    ///
    /// # Errors
    /// [`Error::Exists`] where a file of that name must stay; [`Error::Unsettled`] where it has its name but may lose it in a power cut; the
    /// disk or the directory fails.
    pub fn publish(mut self, replace: bool) -> Result<(), Error> {
        self.file.sync_all().map_err(doing("write", &self.target))?;
        let (folder, target) = (self.folder.take(), self.target.clone());
        self.name(replace)?;
        let synced = folder.map_or(Ok(()), |folder| folder.sync_all());
        synced.map_err(|source| Error::Unsettled { path: target, source })
    }

    /// Gives it its name, and leaves it to the caller to bring contents and name to the disk.
    ///
    /// # Errors
    /// [`Error::Exists`] where a file of that name must stay; the directory fails.
    pub fn name(self, replace: bool) -> Result<(), Error> {
        let done = match self.temporary {
            Some(temporary) if replace => temporary.persist(&self.target).map_err(|e| e.error),
            Some(temporary) => temporary.persist_noclobber(&self.target).map_err(|e| e.error),
            None if replace => replace_with(&self.file, &self.target),
            None => name(&self.file, &self.target),
        };
        done.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: self.target.clone() },
            _ => Error::Io { doing: "create", path: self.target.clone(), source },
        })
    }
}

impl Readers {
    /// The mode with which a file is created; the umask is applied to it.
    #[cfg(unix)]
    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Usual => 0o666,
        }
    }
}

/// The directory that `path` lies in, through which its new name is brought to the disk.
fn open_folder(path: &Path) -> Result<Option<File>, Error> {
    let folder = folder(path);
    cfg!(unix).then(|| File::open(folder).map_err(doing("open", folder))).transpose()
}

/// The directory that `path` lies in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn owner(of: &Metadata) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    (of.uid(), of.gid())
}

/// A file without a name in `folder`; `None` where system or file system have no such thing.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, readers: Readers) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::from_raw_mode(readers.mode())).ok()?);
    fs::symlink_metadata(descriptor(&file)).is_ok().then_some(file)
}

/// Names an unnamed file; fails where the name is taken.
#[cfg(target_os = "linux")]
fn name(file: &File, target: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    Ok(linkat(CWD, descriptor(file), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
}

/// The path by which linkat(2) reaches an open file without a name.
#[cfg(target_os = "linux")]
fn descriptor(file: &File) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Names an unnamed file in place of the one that has the name: only a rename replaces in one step, so it gets another name first. Always the same one, so that what a kill
/// between the two leaves is found and goes ([`sweep`]).
fn replace_with(file: &File, target: &Path) -> io::Result<()> {
    let passing = passing(target);
    let named = name(file, &passing).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => fs::remove_file(&passing).and_then(|()| name(file, &passing)),
        _ => Err(error),
    });
    named?;
    fs::rename(&passing, target).inspect_err(|_| drop(fs::remove_file(&passing)))
}

/// The name that a file has for a moment on its way to that of `target`.
fn passing(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().as_encoded_bytes();
    let digits: String = Sha256::of(name).to_string().chars().take(16).collect();
    folder(target).join(format!("{PREFIX}{digits}"))
}

/// Whether a name is one that files have on their way.
pub(crate) fn is_passing(path: &Path) -> bool {
    let digits = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Takes away what a run that was killed has left on its way to `target`.
pub(crate) fn sweep(target: &Path) {
    // Mostly there is nothing.
    let _ = fs::remove_file(passing(target));
}

/// A file that is on no disk. Elsewhere there is none: audio that was in memory alone goes to no disk instead.
#[cfg(target_os = "linux")]
pub(crate) fn memory(name: &Path) -> Result<File, Error> {
    use rustix::fs::{MemfdFlags, memfd_create};
    memfd_create(c"cardhush", MemfdFlags::CLOEXEC).map(File::from).map_err(|e| doing("hold in memory", name)(e.into()))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn memory(name: &Path) -> Result<File, Error> {
    Err(doing("hold in memory", name)(io::ErrorKind::Unsupported.into()))
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: Readers) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Both kinds of temporary file, so that the one that this system does not use is tested too.
    fn make(named: bool, target: &Path) -> Beside {
        if named { Beside::named(target, Readers::Owner).unwrap() } else { Beside::new(target, Readers::Owner).unwrap() }
    }

    #[test]
    fn appears_only_when_published_and_never_over_another_unasked() {
        for named in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("out");
            for (text, replace) in [("one", false), ("two", true)] {
                let mut beside = make(named, &target);
                beside.file.write_all(text.as_bytes()).unwrap();
                beside.publish(replace).unwrap();
                assert_eq!(fs::read_to_string(&target).unwrap(), text);
            }
            let refused = make(named, &target).publish(false);
            assert!(matches!(refused, Err(Error::Exists { .. })), "{refused:?}");
            drop(make(named, &target));
            assert_eq!(names(folder.path()), ["out"]);
            assert_eq!(fs::read_to_string(&target).unwrap(), "two");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_it_before_it_is_done() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for named in [false, true] {
            let beside = make(named, &folder.path().join("out"));
            assert_eq!(beside.file.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        }
    }
}
