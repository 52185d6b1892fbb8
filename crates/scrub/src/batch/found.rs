//! Which files: those of folders, patterns and lists, each once, in one order, cut into shards by their names.

use crate::beside::is_passing;
use crate::digest::Sha256;
use crate::error::{Error, doing};
use crate::store::{Object, Store};
use globset::{GlobBuilder, GlobMatcher};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Metadata};
use std::io::{BufRead as _, BufReader, Read};
#[cfg(unix)]
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use walkdir::WalkDir;

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What was given that it was found under: its whole path is this and the relative one.
    pub root: PathBuf,
    /// Where its output goes, under the folder of outputs; none for a path that leads out of it.
    pub under: Option<PathBuf>,
    /// What it is called in the ledger: that path, with `/`; bytes that are no UTF-8 as `\\xNN`.
    pub relative: String,
    /// Where it is no file: the object that it is.
    pub object: Option<Object>,
}

/// Which part of all files: the first of N is 1/N. A file's part depends on its relative path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

/// What is looked through, and what of it counts.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Left out: a folder of outputs, a ledger.
    pub without: Vec<PathBuf>,
    /// Left out: what lies below this place in an object store.
    pub without_store: Option<Store>,
    /// Left out: what these match, by relative path or by name.
    pub exclude: Vec<GlobMatcher>,
    /// Only what was written to since.
    pub since: Option<SystemTime>,
    /// Only this part.
    pub shard: Shard,
}

/// What the names of a list end with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// A line feed, with or without a carriage return before it.
    #[default]
    Line,
    /// A NUL alone, which no name holds: `find -print0`.
    Nul,
}

impl Default for Shard {
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Shard {
    /// Whether it is all.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.of == 1
    }

    /// Whether a file is in it.
    #[must_use]
    pub fn has(self, relative: &str) -> bool {
        let digest = Sha256::of(relative.as_bytes()).0;
        let bits = digest.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        bits % u64::from(self.of.max(1)) == u64::from(self.number) - 1
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, of) = text.split_once('/').ok_or("a shard is I/N, such as 2/8")?;
        let number = number.parse().map_err(|_| "I of a shard I/N is a number from 1")?;
        let of = of.parse().map_err(|_| "N of a shard I/N is a number from 1 to 65536")?;
        if !(1..=65_536).contains(&of) || !(1..=of).contains(&number) {
            return Err("a shard I/N has I from 1 to N, and N to 65536");
        }
        Ok(Self { number, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Search {
    /// What a folder holds, at any depth, in the order of names. Links are found and not followed; whoever treats them says so.
    ///
    /// # Errors
    /// Each folder that cannot be read is one, in its place.
    pub fn folder(&self, folder: &Path) -> impl Iterator<Item = Result<Found, Error>> + Send + use<> {
        let (search, root) = (self.clone(), folder.to_owned());
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let keep = self.clone();
        let walk = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
        let walk = walk.filter_entry(move |entry| !entry.file_type().is_dir() || !keep.leaves_out(entry.path()));
        walk.filter_map(move |entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => {
                let metadata = || entry.metadata().ok();
                let found = Found::new(entry.path(), &whole, entry.path().strip_prefix(&root).ok()?);
                search.wants(&found, metadata).then_some(Ok(found))
            }
            Err(error) => {
                let path = error.path().unwrap_or(&root).to_owned();
                Some(Err(doing("read", &path)(error.into_io_error().unwrap_or_else(|| std::io::ErrorKind::Other.into()))))
            }
        })
    }

    /// What an object store holds below a place, in the store's order.
    ///
    /// # Errors
    /// The store cannot be listed on.
    pub fn store(&self, store: &Store) -> impl Iterator<Item = Result<Found, Error>> + Send + use<> {
        let (search, root) = (self.clone(), store.to_string());
        store.list().filter_map(move |listed| match listed {
            Ok((object, relative)) => {
                let found = Found::of_object(object, &root, &relative);
                search.wants_object(&found, true).then_some(Ok(found))
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// What a pattern matches under the folder that it begins with: `archive/2024/**/*.wav`.
    ///
    /// # Errors
    /// The pattern is none; folders that cannot be read, each in its place.
    pub fn pattern(&self, pattern: &str) -> Result<impl Iterator<Item = Result<Found, Error>> + Send + use<>, globset::Error> {
        let matcher = glob(pattern)?;
        let fixed: PathBuf = Path::new(pattern).components().take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy())).collect();
        let folder = if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed };
        let bare = pattern.starts_with("./") || folder != Path::new(".");
        Ok(self.folder(&folder).filter(move |found| match found {
            Ok(found) => matcher.is_match(if bare { &found.path } else { Path::new(&found.relative) }),
            Err(_) => true,
        }))
    }

    /// What a list names, each a path or an object, in its order. Files are called by their paths, less a root; what leads out of it is refused where it is treated.
    ///
    /// # Errors
    /// The list cannot be read on.
    pub fn list<R: Read + Send>(&self, list: R, ending: Ending, name: &Path) -> impl Iterator<Item = Result<Found, Error>> + Send + use<R> {
        let (search, name) = (self.clone(), name.to_owned());
        let here = std::env::current_dir().unwrap_or_default();
        let mut buckets = Buckets::default();
        Names(BufReader::new(list), ending).filter_map(move |one| match one {
            Ok(one) if one.is_empty() => None,
            Ok(one) if str::from_utf8(&one).is_ok_and(Store::is_named) => {
                let found = match buckets.found(&String::from_utf8_lossy(&one)) {
                    Ok(found) => found,
                    Err(error) => return Some(Err(error)),
                };
                search.wants_object(&found, false).then_some(Ok(found))
            }
            Ok(one) => {
                let path = path_of(one);
                let root = if path.is_absolute() { Path::new("/") } else { &here };
                let found = Found::new(&path, root, &path);
                search.wants(&found, || fs::symlink_metadata(&path).ok()).then_some(Ok(found))
            }
            Err(error) => Some(Err(doing("read", &name)(error))),
        })
    }

    fn wants(&self, found: &Found, metadata: impl FnOnce() -> Option<Metadata>) -> bool {
        let Found { path, relative, .. } = found;
        if is_passing(path) {
            return false;
        }
        let name = Path::new(relative).file_name().unwrap_or_default();
        self.shard.has(relative)
            && !self.leaves_out(path)
            && !self.exclude.iter().any(|glob| glob.is_match(relative) || glob.is_match(name))
            && self.since.is_none_or(|since| metadata().and_then(|one| one.modified().ok()).is_none_or(|at| at >= since))
    }

    /// The same of an object; what lies among the outputs is left out of what a place is `listed` to have, and never of what somebody has named.
    fn wants_object(&self, found: &Found, listed: bool) -> bool {
        let Some(object) = &found.object else { return false };
        let modified_ns = object.version.as_ref().and_then(|version| version.modified_ns);
        let recent = |since: SystemTime| modified_ns.is_none_or(|ns| UNIX_EPOCH + Duration::from_nanos(ns) >= since);
        let output = listed && self.without_store.as_ref().is_some_and(|place| place.holds(object));
        !output && self.since.is_none_or(recent) && Self { since: None, ..self.clone() }.wants(found, || None)
    }

    fn leaves_out(&self, path: &Path) -> bool {
        !self.without.is_empty() && path.canonicalize().is_ok_and(|path| self.without.contains(&path))
    }
}

/// A pattern in which `*` stops at `/` and `**` does not.
///
/// # Errors
/// It is none.
pub fn glob(pattern: &str) -> Result<GlobMatcher, globset::Error> {
    Ok(GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher())
}

/// Whether a name has what patterns have.
#[must_use]
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// The buckets of objects that are named in full, each opened once.
#[derive(Debug, Default)]
pub struct Buckets(Vec<Store>);

impl Buckets {
    /// The object of a whole name, called by its key.
    ///
    /// # Errors
    /// See [`Store::open`].
    pub fn found(&mut self, name: &str) -> Result<Found, Error> {
        let (bucket, key) = Store::cut(name)?;
        let store = match self.0.iter().find(|store| store.bucket() == bucket) {
            Some(store) => store.clone(),
            None => {
                let store = Store::open(&bucket)?;
                self.0.push(store.clone());
                store
            }
        };
        Ok(Found::below(&store, key))
    }
}

impl Found {
    /// The object that lies so below a place.
    #[must_use]
    pub fn below(place: &Store, relative: &str) -> Self {
        Self::of_object(place.below(relative), &place.to_string(), relative)
    }

    /// An object, and its path below the place that was given.
    pub(crate) fn of_object(object: Object, root: &str, relative: &str) -> Self {
        let path = object.path();
        Self { object: Some(object), ..Self::new(&path, Path::new(root), Path::new(relative)) }
    }

    /// A file, and its path below what was given.
    #[must_use]
    pub fn new(path: &Path, root: &Path, below: &Path) -> Self {
        let parts = || below.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
        let leads_out = parts().any(|part| part == Component::ParentDir);
        let relative: Vec<_> = parts().map(|part| readable(part.as_os_str())).collect();
        Self {
            path: path.into(),
            root: root.into(),
            under: (!leads_out).then(|| parts().collect()),
            relative: relative.join("/"),
            object: None,
        }
    }
}

/// The names of a list, none of them longer than a path can be.
struct Names<R>(BufReader<R>, Ending);

/// Bytes of the longest path that is taken.
const LONGEST_PATH: u64 = 65_536;

impl<R: Read> Iterator for Names<R> {
    type Item = std::io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut name = Vec::new();
        let end = if self.1 == Ending::Nul { 0 } else { b'\n' };
        match self.0.by_ref().take(LONGEST_PATH).read_until(end, &mut name) {
            Ok(0) => None,
            Ok(_) if name.ends_with(&[end]) => {
                name.truncate(name.len() - if name.ends_with(b"\r\n") { 2 } else { 1 });
                Some(Ok(name))
            }
            Ok(count) if count as u64 >= LONGEST_PATH => {
                Some(Err(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("a name of over {LONGEST_PATH} bytes is no path"))))
            }
            Ok(_) => Some(Ok(name)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The path that [`Found::relative`] stands for; none for one that leads out.
pub(crate) fn path_below(relative: &str) -> Option<PathBuf> {
    let parts = relative.split('/').map(|part| {
        let bytes = unescape(part)?;
        let path = path_of(bytes);
        (path.components().count() == 1 && matches!(path.components().next(), Some(Component::Normal(_)))).then_some(path)
    });
    parts.collect()
}

/// The bytes of a name that [`readable`] has written.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'x' => {
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    (digit(rest.next()?)? << 4 | digit(rest.next()?)?) as u8
                }
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            },
            byte => byte,
        });
    }
    Some(bytes)
}

/// A name as text from which two names never come out the same.
fn readable(name: &OsStr) -> String {
    match name.to_str() {
        Some(text) if !text.contains('\\') => text.into(),
        _ => name.as_encoded_bytes().escape_ascii().to_string(),
    }
}

#[cfg(unix)]
fn path_of(line: Vec<u8>) -> PathBuf {
    std::ffi::OsString::from_vec(line).into()
}

#[cfg(not(unix))]
fn path_of(line: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&line).trim_end_matches('\r').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: impl Iterator<Item = Result<Found, Error>>) -> Vec<String> {
        found.map(|one| one.unwrap().relative).collect()
    }

    #[test]
    fn folders_patterns_and_lists_give_each_file_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b/2.wav", "a.wav", "b/1.WAV", "b/c/3.wav", "note.txt", "out/a.wav"] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), name).unwrap();
        }
        let without = vec![root.join("out").canonicalize().unwrap()];
        let search = Search { without, exclude: vec![glob("*.txt").unwrap()], ..Search::default() };
        assert_eq!(names(search.folder(root)), ["a.wav", "b/1.WAV", "b/2.wav", "b/c/3.wav"]);
        let pattern = |text: &str| names(search.pattern(&format!("{}/{text}", root.display())).unwrap());
        assert_eq!(pattern("**/*.wav"), ["a.wav", "b/2.wav", "b/c/3.wav"]);
        assert_eq!(pattern("b/*.wav"), ["2.wav"]);
        let list = "x/y.wav\n\n/abs/z.wav\nn.txt\n".as_bytes();
        assert_eq!(names(search.list(list, Ending::Line, Path::new("list"))), ["x/y.wav", "abs/z.wav"]);
        let (lines, nul) = ("x\r\ny\r\nz\r".as_bytes(), "x\r\0y\nz\0\0\n".as_bytes());
        assert_eq!(names(search.list(lines, Ending::Line, Path::new("list"))), ["x", "y", "z\r"]);
        assert_eq!(names(search.list(nul, Ending::Nul, Path::new("list"))), ["x\r", "y\nz", "\n"]);
        let all = names(search.folder(root));
        let parts: Vec<_> =
            ["1/3", "2/3", "3/3"].map(|shard| names(Search { shard: shard.parse().unwrap(), ..search.clone() }.folder(root))).concat();
        assert_eq!(
            {
                let mut parts = parts;
                parts.sort();
                parts
            },
            all,
            "each in one shard"
        );
        let since = Some(SystemTime::now() + std::time::Duration::from_secs(60));
        assert!(names(Search { since, ..search }.folder(root)).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn names_of_any_bytes_come_back() {
        for bytes in [&b"plain.wav"[..], b"caf\xe9.wav", b"a\\b.wav", b"tab\there", b"quote'\".wav", "\u{e9}.wav".as_bytes()] {
            let path = PathBuf::from("deep").join(path_of(bytes.to_vec()));
            let found = Found::new(&path, Path::new("/"), &path);
            assert_eq!(path_below(&found.relative), Some(path), "{}", found.relative);
        }
        for wrong in ["../x", "a/../b", "/abs", "", "a//b"] {
            assert_eq!(path_below(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lists_without_lines_are_not_read_for_ever() {
        let list = std::io::repeat(b'a');
        let mut found = Search::default().list(list, Ending::Line, Path::new("list"));
        assert!(found.next().unwrap().is_err());
    }

    #[test]
    fn shards_that_are_none_are_refused() {
        for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/70000"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert!("1/1".parse::<Shard>().unwrap().is_whole());
    }
}
