//! Claim: whatever fails, the input is as it was, no output appears, and no temporary file stays.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::{PCM, WavFile, fmt};
use kit::{Call, Folder, there};
use std::fs;

/// Runs a scrub of `in.wav` that must fail with `status`, say `words` and leave the folder as it is, but for a report of the failure.
#[track_caller]
fn fails(folder: &Folder, arguments: &str, status: i32, words: &str) {
    let (before, names) = (folder.read("in.wav"), folder.names());
    let ran = folder.run(arguments).exits(status);
    assert!(ran.words().contains(words), "{arguments}: {}", ran.words());
    assert!(folder.read("in.wav") == before, "{arguments}: the input changed");
    let left: Vec<_> = folder.names().into_iter().filter(|name| name != "report.jsonl").collect();
    assert_eq!(left, names, "{arguments}");
    if there(&folder.path("report.jsonl")) {
        let lines = folder.lines("report.jsonl");
        assert!(lines.iter().all(|line| line["type"] != "redaction"), "a report of what was not done");
        assert_eq!((&lines[0]["outcome"], &lines[1]["failed"]), (&"failed".into(), &1.into()));
        fs::remove_file(folder.path("report.jsonl")).unwrap();
    }
}

#[test]
fn where_the_output_cannot_be() {
    let folder = Folder::new();
    folder.call("in.wav");
    folder.write("there", "something");
    fails(&folder, "scrub in.wav -o there --report report.jsonl", 2, "exists already: name another output, or pass --force");
    assert_eq!(folder.read("there"), b"something");
    fails(&folder, "scrub in.wav -o no/such/out.wav --report report.jsonl", 2, "cannot create a file beside it");
    fails(&folder, "scrub in.wav -o in.wav", 2, "is the input itself");
    fails(&folder, "scrub in.wav -o ./in.wav --force", 2, "is the input itself");
    fails(&folder, "scrub in.wav -o /dev/null --force", 2, "not a regular file");
    fails(&folder, "scrub in.wav", 64, "no output: name it with -o OUT");
    fails(&folder, "scrub in.wav -o -", 64, "needs a file");
}

#[test]
fn where_the_report_cannot_be() {
    let folder = Folder::new();
    folder.call("in.wav");
    folder.write("letter", "Dear ...");
    if cfg!(target_os = "linux") {
        fails(&folder, "scrub in.wav -o out.wav --report /dev/full", 2, "/dev/full: cannot write");
    }
    fails(&folder, "scrub in.wav -o out.wav --report no/such/report", 2, "cannot create a file beside it");
    fails(&folder, "scrub in.wav -o out.wav --report .", 64, "is a directory");
    fails(&folder, "scrub in.wav -o out.wav --report in.wav --force", 64, "is in.wav itself");
    fails(&folder, "scrub in.wav -o out.wav --report letter", 64, "exists and is no report");
    assert_eq!(folder.read("letter"), b"Dear ...");
}

/// A disk that is full in the middle of the output, by way of a limit to the length of files (EFBIG stands for ENOSPC).
#[cfg(unix)]
#[test]
fn where_there_is_no_room() {
    let folder = Folder::new();
    folder.call("in.wav");
    let before = folder.read("in.wav");
    for target in ["-o out.wav", "--in-place"] {
        let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" scrub in.wav \"$@\" --report report.jsonl";
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(folder.path(".")).args(["-c", limited]).arg(folder.command("").get_program()).args(target.split(' '));
        let ran = kit::Ran(shell.output().unwrap()).exits(2);
        assert!(ran.words().contains("cannot write it: File too large"), "{target}: {}", ran.words());
        assert!(folder.read("in.wav") == before, "{target}: the input changed");
        assert_eq!(folder.names(), ["in.wav", "report.jsonl"], "{target}");
        assert_eq!(folder.lines("report.jsonl")[0]["outcome"], "failed");
    }
}

/// A directory that takes no files, from root neither.
#[cfg(target_os = "linux")]
#[test]
fn where_there_is_no_right() {
    let folder = Folder::new();
    folder.call("in.wav");
    fails(&folder, "scrub in.wav -o /proc/out.wav --report report.jsonl", 2, "/proc/out.wav: cannot create a file beside it");
    fails(&folder, "scrub in.wav -o out.wav --report /proc/report.jsonl", 2, "/proc/report.jsonl: cannot create a file beside it");
}

#[cfg(target_os = "linux")]
#[test]
fn where_nobody_takes_the_report() {
    let folder = Folder::new();
    folder.call("in.wav");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let status = folder.command("scrub in.wav -o out.wav --json").stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
    // Longer than a pipe takes: a child of another test that is just being started holds its reading end open for a moment.
    many_masks(&folder);
    let mut child = folder
        .command("scrub in.wav -o out.wav --json --mask-file masks")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(kit::Ran(child.wait_with_output().unwrap()).exits(2).words().contains("nobody reads it: nothing was written"));
    assert_eq!(folder.names(), ["in.wav", "masks"]);
}

/// Masks for a report that is longer than a pipe takes.
fn many_masks(folder: &Folder) {
    folder.write("masks", (0..2_000).map(|at| format!("1:@{}-@{}\n", at * 8, at * 8 + 4)).collect::<String>());
}

/// Starts a scrub to `out.wav` whose report on standard output is too long for the pipe, and lets `meddle` act while the report waits for its
/// reader: all is verified then, and nothing published.
fn while_the_report_waits(folder: &Folder, meddle: impl FnOnce(&std::process::Child)) -> kit::Ran {
    use std::io::Read as _;
    folder.call("in.wav");
    many_masks(folder);
    let mut command = folder.command("scrub in.wav -o out.wav --report report.jsonl --json --mask-file masks");
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 10]).unwrap();
    assert!(!there(&folder.path("out.wav")), "the output came before the report");
    meddle(&child);
    kit::Ran(child.wait_with_output().unwrap())
}

#[test]
fn where_somebody_takes_the_name_at_the_last_moment() {
    let folder = Folder::new();
    let ran = while_the_report_waits(&folder, |_| drop(folder.write("out.wav", "mine"))).exits(2);
    assert!(ran.words().contains("out.wav: exists already"), "{}", ran.words());
    assert_eq!(folder.read("out.wav"), b"mine");
    let report = folder.lines("report.jsonl");
    assert_eq!((report.len(), &report[0]["outcome"]), (2, &"failed".into()), "the report was taken back and written anew");
    assert_eq!(kit::lines(ran.text().split_once("\n").unwrap().1.as_bytes()).last().unwrap()["failed"], 1);
    assert_eq!(folder.names(), ["in.wav", "masks", "out.wav", "report.jsonl"]);
}

#[test]
fn where_the_recorder_is_still_writing() {
    let folder = Folder::new();
    let ran = while_the_report_waits(&folder, |_| {
        use std::io::Write as _;
        fs::File::options().append(true).open(folder.path("in.wav")).unwrap().write_all(&[0; 2]).unwrap();
    });
    assert!(ran.exits(2).words().contains("in.wav: changed while it was read"));
    assert_eq!(folder.names(), ["in.wav", "masks", "report.jsonl"]);
}

#[cfg(unix)]
#[test]
fn where_a_signal_comes() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let ran = while_the_report_waits(&folder, |child| {
            assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        });
        assert!(ran.exits(130).words().contains("in.wav: interrupted: nothing was written"));
        assert_eq!(folder.names(), ["in.wav", "masks", "report.jsonl"]);
        assert_eq!(folder.lines("report.jsonl")[0]["outcome"], "failed");
    }
}

#[test]
fn what_cannot_be_read() {
    let folder = Folder::new();
    folder.write("in.wav", WavFile::new(fmt(0x28F, 1, 16_000, 4), vec![0; 65]).to_bytes());
    fails(&folder, "scrub in.wav -o out.wav --report report.jsonl", 2, "in.wav: unsupported WAV: codec G.722");
    folder.write("in.wav", "not a WAV at all");
    fails(&folder, "scrub in.wav -o out.wav --report report.jsonl", 2, "in.wav: malformed WAV");
    folder.write("in.wav", "");
    fails(&folder, "scrub in.wav --in-place", 2, "in.wav: empty: 0 bytes");
    folder.write("in.wav", WavFile::new(fmt(PCM, 1, 6_000, 16), vec![0; 64]).to_bytes());
    fails(&folder, "scrub in.wav -o out.wav", 2, "in.wav: sample rate 6000 Hz: must be 8000 to 192000 Hz");
    fails(&folder, "scrub missing.wav -o out.wav", 2, "missing.wav: cannot open it");
    folder.call("in.wav");
    fails(&folder, "scrub in.wav -o out.wav --mask 2:1-2", 2, "in.wav: mask for channel 2: the call has 2");
    fails(&folder, "scrub in.wav -o out.wav --mask 0:1000-2000", 2, "the call ends at");
    fails(&folder, "scrub in.wav -o out.wav --mask 0:paused", 64, "must be CH:FROM-TO");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    folder.call("in.wav");
    symlink(folder.path("in.wav"), folder.path("link.wav")).unwrap();
    symlink(folder.path("nowhere"), folder.path("dangling")).unwrap();
    fails(&folder, "scrub link.wav --in-place", 2, "link.wav: a link; it is not followed");
    fails(&folder, "scrub in.wav -o link.wav --force", 2, "is the input itself");
    fails(&folder, "scrub in.wav -o dangling", 2, "exists already");
    fails(&folder, "scrub in.wav -o dangling --force", 2, "a link; it is not followed");
    fails(&folder, "scrub in.wav -o out.wav --report dangling", 64, "a link; it is not followed");
    fs::hard_link(folder.path("in.wav"), folder.path("second.wav")).unwrap();
    fails(&folder, "scrub in.wav --in-place", 2, "has 2 names");
    fails(&folder, "scrub in.wav -o second.wav --force", 2, "is the input itself");
    folder.run("scrub link.wav -o out.wav").exits(0);
    assert!(!fs::symlink_metadata(folder.path("out.wav")).unwrap().is_symlink());
}

/// Every prefix of a file: scrubbed to its end, as what it is, or refused with words that name the file; never half an output.
#[test]
fn cut_short_at_every_byte() {
    use cardhush_scrub::{Settings, Target, stage};
    let folder = Folder::new();
    let mut call = Call::new(1, 8_000);
    call.channels[0].truncate(300);
    let file = WavFile { after: vec![(*b"LIST", vec![1; 11])], before: vec![(*b"bext", vec![2; 9])], ..call.wav(PCM, 16) };
    let whole = file.to_bytes();
    let (mut done, mut refused) = (0, 0);
    for length in 0..=whole.len() {
        let input = folder.write("in.wav", &whole[..length]);
        let output = folder.path("out.wav");
        let target = Target::File { path: &output, replace: false };
        match stage(&input, target, &Settings::default(), &mut |_| std::ops::ControlFlow::Continue(())) {
            Ok(staged) => {
                let notes = staged.form().notes;
                assert!(length == whole.len() || !notes.is_empty(), "cut at byte {length} and not noted");
                assert!(!there(&output), "there before it was published");
                if length % 32 == 0 {
                    staged.publish().unwrap();
                    assert_eq!(fs::read(&output).unwrap().len(), length);
                    fs::remove_file(&output).unwrap();
                }
                done += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("in.wav: "), "{error}");
                assert!(length < file.data_at(), "refused at byte {length}: {error}");
                refused += 1;
            }
        }
        assert_eq!(folder.names(), ["in.wav"], "cut at byte {length}");
    }
    assert!(done > 600 && refused > 40, "{done} done, {refused} refused");
}
