//! Claim: mode, times and owner of a call are those of its output, which nobody else can read before it is done.
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
