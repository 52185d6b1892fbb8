//! Claim: mode, times, owner, tags and ACL of a call are those of its output, which nobody else can read before it is done.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use kit::Folder;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Gives a file a mode and times that no run of today would.
fn age(path: &Path, mode: u32) {
    let when = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_accessed(when + Duration::from_secs(60)).set_modified(when)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Mode, owner, group and times but for the last access, which a test that reads may change.
fn kept(path: &Path) -> (u32, u32, u32, SystemTime) {
    let of = fs::metadata(path).unwrap();
    (of.mode() & 0o7777, of.uid(), of.gid(), of.modified().unwrap())
}

#[test]
fn beside_and_in_place() {
    for mode in [0o640, 0o444, 0o600] {
        let folder = Folder::new();
        let input = folder.call("in.wav");
        age(&input, mode);
        let before = kept(&input);
        folder.run("scrub in.wav -o out.wav --report report.jsonl").exits(0);
        assert_eq!(kept(&folder.path("out.wav")), before);
        let inode = fs::metadata(&input).unwrap().ino();
        folder.run("scrub in.wav --in-place").exits(0);
        assert_eq!(kept(&input), before);
        assert_ne!(fs::metadata(&input).unwrap().ino(), inode, "replaced by another file, never written to");
        assert!(folder.read("in.wav") == folder.read("out.wav"));
        assert_eq!(folder.names(), ["in.wav", "out.wav", "report.jsonl"]);
    }
}

/// Another owner's call keeps its owner, where the run may give files away.
#[test]
fn owner() {
    let folder = Folder::new();
    let input = folder.call("in.wav");
    if std::os::unix::fs::chown(&input, Some(12_345), Some(23_456)).is_err() {
        return; // not root: there is no file of somebody else to try
    }
    age(&input, 0o640);
    folder.run("scrub in.wav -o out.wav").exits(0);
    let out = fs::metadata(folder.path("out.wav")).unwrap();
    assert_eq!((out.uid(), out.gid(), out.mode() & 0o7777), (12_345, 23_456, 0o640));
}

/// Tags and ACLs (xattr(7), acl(5)), which file systems may lack.
#[cfg(target_os = "linux")]
mod attributes {
    use super::*;
    use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};
    use rustix::io::Errno;

    const ACL: &str = "system.posix_acl_access";
    const DEFAULT_ACL: &str = "system.posix_acl_default";

    /// An ACL as xattr(7) has it: version 2, then tag, rights and id of each entry. Its mode is 0640: the mask's rights stand where the group's do.
    fn acl() -> Vec<u8> {
        const NOBODY: u32 = u32::MAX;
        let (user_obj, user, group_obj, mask, other) = (0x01, 0x02, 0x04, 0x10, 0x20);
        let entries = [(user_obj, 6, NOBODY), (user, 4, 12_345), (group_obj, 0, NOBODY), (mask, 4, NOBODY), (other, 0, NOBODY)];
        let entry = |(tag, rights, id): (u16, u16, u32)| [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat();
        [2u32.to_le_bytes().to_vec(), entries.into_iter().flat_map(entry).collect()].concat()
    }

    /// Whether the file system has such an attribute; it then has it.
    fn set(path: &Path, name: &str, value: &[u8]) -> bool {
        match setxattr(path, name, value, XattrFlags::empty()) {
            Err(Errno::OPNOTSUPP) => {
                eprintln!("skipped: the file system of {} has no {name}", path.display());
                false
            }
            set => set.map(|()| true).unwrap(),
        }
    }

    /// What `name` says; `None` where it is not there.
    fn get(path: &Path, name: &str) -> Option<Vec<u8>> {
        let mut value = vec![0; 65_536];
        match getxattr(path, name, value.as_mut_slice()) {
            Err(Errno::NODATA) => None,
            count => {
                value.truncate(count.unwrap());
                Some(value)
            }
        }
    }

    fn names(path: &Path) -> String {
        let mut names = vec![0; 65_536];
        let count = listxattr(path, names.as_mut_slice()).unwrap();
        String::from_utf8(names[..count].to_vec()).unwrap()
    }

    /// A call and its outputs, beside and in place.
    fn scrubbed(folder: &Folder) -> [std::path::PathBuf; 2] {
        folder.run("scrub in.wav -o out.wav").exits(0);
        folder.run("scrub in.wav --in-place").exits(0);
        assert!(folder.read("in.wav") == folder.read("out.wav"));
        [folder.path("out.wav"), folder.path("in.wav")]
    }

    #[test]
    fn tags() {
        // Nobody may write to 0444, and it has its tags all the same.
        for mode in [0o640, 0o444] {
            let folder = Folder::new();
            let input = folder.call("in.wav");
            let long = vec![7; 1_000];
            if !set(&input, "user.retention", b"2031-12-31") {
                return;
            }
            assert!(set(&input, "user.long", &long) && set(&input, "user.empty", b""));
            age(&input, mode);
            let before = kept(&input);
            for output in scrubbed(&folder) {
                assert_eq!(get(&output, "user.retention").as_deref(), Some(&b"2031-12-31"[..]));
                assert!(get(&output, "user.long") == Some(long.clone()) && get(&output, "user.empty") == Some(vec![]));
                assert_eq!(kept(&output), before);
            }
        }
    }

    #[test]
    fn acls() {
        let folder = Folder::new();
        let input = folder.call("in.wav");
        age(&input, 0o600);
        if !set(&input, ACL, &acl()) {
            return;
        }
        let before = kept(&input);
        assert_eq!(before.0, 0o640);
        for output in scrubbed(&folder) {
            assert_eq!(get(&output, ACL), Some(acl()));
            assert_eq!(kept(&output), before);
        }
    }

    /// What a folder gives to new files is not for the successor of one that has it not.
    #[test]
    fn an_acl_of_the_folder_lets_nobody_in() {
        let folder = Folder::new();
        if !set(&folder.path(""), DEFAULT_ACL, &acl()) {
            return;
        }
        let input = folder.call("in.wav");
        assert!(get(&input, ACL).is_some(), "it comes from the folder");
        rustix::fs::removexattr(&input, ACL).unwrap();
        age(&input, 0o640);
        let before = kept(&input);
        for output in scrubbed(&folder) {
            assert_eq!(get(&output, ACL), None);
            assert_eq!(kept(&output), before);
        }
    }

    /// What speaks of the old contents, or is a right, stays behind.
    #[test]
    fn others_stay_behind() {
        let folder = Folder::new();
        let input = folder.call("in.wav");
        // Version 2 of the capabilities of a file (capabilities(7)): none.
        let capability = [&0x0200_0000u32.to_le_bytes()[..], &[0; 16]].concat();
        for (name, value) in [("trusted.mark", &b"here"[..]), ("security.capability", &capability)] {
            if setxattr(&input, name, value, XattrFlags::empty()).is_err() {
                eprintln!("skipped: {name} cannot be set here");
                return; // not root
            }
        }
        for output in scrubbed(&folder) {
            let names = names(&output);
            assert!(!names.contains("trusted.") && !names.contains("security.capability"), "{names:?}");
        }
    }
}

#[test]
fn a_report_is_as_readable_as_the_umask_has_it() {
    let folder = Folder::new();
    folder.call("in.wav");
    folder.write("usual", "");
    folder.run("scrub in.wav -o out.wav --report report.jsonl").exits(0);
    assert_eq!(kept(&folder.path("report.jsonl")).0, kept(&folder.path("usual")).0);
}

/// A kill leaves nothing: on Linux the file has no name until it is done.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_by_a_kill() {
    use cardhush_scrub::{Beside, Readers};
    let folder = Folder::new();
    let beside = Beside::new(&folder.path("out.wav"), Readers::Owner).unwrap();
    assert_eq!(beside.file().metadata().unwrap().mode() & 0o7777, 0o600);
    assert_eq!(beside.file().metadata().unwrap().nlink(), 0, "it has a name, which a kill would leave");
    assert!(folder.names().is_empty());
}
