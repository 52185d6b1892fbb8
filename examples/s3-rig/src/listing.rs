//! A page of a listing: the keys of a bucket's folder below a prefix, in order, after the last one of the page before.
//!
//! `s3s-fs` looks at every file of the bucket for each page; this looks only where the page's keys can be.

use std::io;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    /// Whether there are more.
    pub(crate) truncated: bool,
}

pub(crate) fn page(bucket: &Path, prefix: &str, after: &str, max_keys: usize) -> io::Result<Page> {
    let key = |entry: &DirEntry| Some(entry.path().strip_prefix(bucket).ok()?.to_str()?.to_owned());
    let may_hold = |entry: &DirEntry| {
        if entry.depth() == 0 || !entry.file_type().is_dir() {
            return true;
        }
        let Some(folder) = key(entry).map(|folder| folder + "/") else { return false };
        let below = folder.starts_with(prefix) || prefix.starts_with(&folder);
        below && (folder.as_str() > after || after.starts_with(&folder))
    };
    let mut keys = Vec::new();
    for entry in WalkDir::new(bucket).into_iter().filter_entry(may_hold) {
        let entry = match entry {
            // Deleted since its folder was read.
            Err(e) if e.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) && e.depth() > 0 => continue,
            entry => entry?,
        };
        if entry.file_type().is_file() {
            keys.extend(key(&entry).filter(|key| key.starts_with(prefix) && key.as_str() > after));
        }
    }
    keys.sort_unstable();
    let truncated = keys.len() > max_keys;
    keys.truncate(max_keys);
    Ok(Page { keys, truncated })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the length of its pages, a listing is the sorted keys that begin with the prefix, once each.
    #[test]
    fn pages_join_to_the_sorted_keys() {
        let bucket = tempfile::tempdir().unwrap();
        let mut all = ["a", "a!b", "a/b/c", "a/b.wav", "a/b0", "ab/c", "b/a/a/a", "b/a/b", "b/ä", "c"].map(|key| key.replace("a/", "d/"));
        for key in &all {
            let path = bucket.path().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        all.sort_unstable();
        for prefix in ["", "a", "d", "d/", "d/b", "d/b/", "b/", "b/d/d/", "../", "none"] {
            let wanted: Vec<_> = all.iter().filter(|key| key.starts_with(prefix)).cloned().collect();
            for max_keys in 1..5 {
                let (mut listed, mut after) = (Vec::new(), String::new());
                loop {
                    let page = page(bucket.path(), prefix, &after, max_keys).unwrap();
                    listed.extend(page.keys);
                    if !page.truncated {
                        break;
                    }
                    after = listed.last().unwrap().clone();
                }
                assert_eq!(listed, wanted, "{prefix} by {max_keys}");
            }
        }
    }
}
