//! Claim: the exit status says how a run ended: 0 done, 1 found, 2 failed (and the rest still ran), 64 usage.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::PCM;
use kit::{Call, Folder, redactions};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.call("digits.wav");
    folder.write("none.wav", Call::without_digits(1, 8_000).wav(PCM, 16).to_bytes());
    folder.write("bad.wav", "no WAV");
    folder
}

#[test]
fn of_scan() {
    let folder = folder();
    let ran = folder.run("scan none.wav").exits(0);
    assert!(
        ran.text().is_empty()
            && ran.words().contains("nothing found; keyed digits were looked for, spoken ones were listened for (policy card)"),
        "{}",
        ran.words()
    );
    let ran = folder.run("scan none.wav digits.wav").exits(1);
    assert!(ran.text().lines().all(|line| line.starts_with("digits.wav: channel ")) && !ran.text().is_empty(), "{}", ran.text());
    let ran = folder.run("scan bad.wav digits.wav --quiet").exits(2);
    assert!(ran.text().contains("digits.wav: channel 0"), "the rest still ran");
    assert_eq!(ran.words().lines().count(), 1, "an error is told even if quiet: {}", ran.words());
    folder.run("scan missing.wav").exits(2);
}

#[test]
fn of_inspect() {
    let folder = folder();
    let ran = folder.run("inspect bad.wav digits.wav").exits(2);
    for words in ["RIFF PCM 16-bit, 8000 Hz, 2 channels", "chunk `data` at byte 44"] {
        assert!(ran.text().contains(words), "{}", ran.text());
    }
    folder.run("inspect none.wav").exits(0);
}

#[test]
fn of_verify() {
    let folder = folder();
    folder.run("scrub digits.wav -o out.wav --report report.jsonl").exits(0);
    let ran = folder.run("verify digits.wav out.wav --report report.jsonl").exits(0);
    assert!(ran.words().contains("all other bytes as in the original"), "{}", ran.words());
    folder.run("verify digits.wav out.wav").exits(0);
    folder.run("verify digits.wav digits.wav --report report.jsonl").exits(1);
    let mut bytes = folder.read("out.wav");
    bytes[100] ^= 1;
    folder.write("touched.wav", &bytes);
    let ran = folder.run("verify digits.wav touched.wav --report report.jsonl").exits(1);
    assert!(ran.words().contains("touched.wav: byte 100 differs from the original and lies in no reported span"), "{}", ran.words());
    folder.write("short.wav", &bytes[..bytes.len() - 2]);
    folder.run("verify digits.wav short.wav --report report.jsonl").exits(1);
    let report = folder.read("report.jsonl");
    folder.write("torn.jsonl", &report[..report.len() / 2]);
    folder.run("verify digits.wav out.wav --report torn.jsonl").exits(2);
    folder.run("verify digits.wav out.wav --report missing.jsonl").exits(2);
    folder.run("verify bad.wav out.wav").exits(2);
    // A scrub that forgot what it found: the report tells of nothing, and the call is unchanged.
    folder.run("scan none.wav --report nothing.jsonl").exits(0);
    folder.run("verify digits.wav digits.wav --report nothing.jsonl").exits(1);
}

#[test]
fn of_verify_where_tones_stayed() {
    let folder = folder();
    let before = folder.read("digits.wav");
    let (channels, start) = (2, before.len() - Call::new(2, 8_000).raw(PCM, 16).len());
    folder.run("scrub digits.wav -o out.wav --report report.jsonl").exits(0);
    let mut flipped = before.clone();
    for (channel, span) in redactions(&folder.lines("report.jsonl")) {
        flipped[start + 2 * (channels * span.start.midpoint(span.end) + channel)] ^= 1;
    }
    folder.write("flipped.wav", &flipped);
    let ran = folder.run("verify digits.wav flipped.wav --report report.jsonl").exits(1);
    assert!(ran.words().contains("not replaced"), "{}", ran.words());
    // All of the call is masked, and one digit of it is put back: most samples differ, and the digit is there.
    folder.run("scrub digits.wav -o all.wav --report all.jsonl --mask *:0-end").exits(0);
    folder.run("verify digits.wav all.wav --report all.jsonl").exits(0);
    let (mut put_back, keys) = (folder.read("all.wav"), Call::new(2, 8_000).keys[7].clone());
    let bytes = start + 2 * channels * (keys.start - 200)..start + 2 * channels * (keys.end + 200);
    put_back[bytes.clone()].copy_from_slice(&before[bytes]);
    folder.write("put_back.wav", &put_back);
    let ran = folder.run("verify digits.wav put_back.wav --report all.jsonl").exits(1);
    assert!(ran.words().contains("found"), "{}", ran.words());
}

#[cfg(unix)]
#[test]
fn of_verify_of_a_pipe() {
    let folder = folder();
    assert!(std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    assert!(folder.run("verify digits.wav pipe").exits(2).words().contains("pipe: not a regular file"));
}

/// A full or absent standard error keeps nobody from the exit status.
#[cfg(target_os = "linux")]
#[test]
fn without_standard_error() {
    let folder = folder();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(folder.command("scan missing.wav").stderr(full).status().unwrap().code(), Some(2));
}

#[test]
fn of_scrub() {
    let folder = folder();
    folder.run("scrub digits.wav --dry-run").exits(0);
    assert_eq!(folder.names(), ["bad.wav", "digits.wav", "none.wav"]);
    folder.run("scrub digits.wav -o out.wav").exits(0);
    folder.run("scrub digits.wav -o out.wav").exits(2);
    folder.run("scrub digits.wav -o out.wav --force").exits(0);
    std::fs::create_dir(folder.path("scrubbed")).unwrap();
    folder.run("scrub digits.wav -o scrubbed --quiet").exits(0);
    assert!(folder.read("scrubbed/digits.wav") == folder.read("out.wav"));
    folder.run("scan out.wav").exits(0);
    folder.run("scrub bad.wav -o bad.out").exits(2);
}

#[test]
fn of_a_report_in_the_place_of_another_file() {
    let folder = folder();
    folder.write("log", "0:1-2\n");
    for (report, status) in [("digits.wav", 64), ("out.wav", 64), ("./out.wav", 64), ("log", 64), ("report.jsonl", 0)] {
        folder.run(&format!("scrub digits.wav -o out.wav --mask-file log --force --report {report}")).exits(status);
        assert_eq!(folder.names().contains(&"out.wav".into()), status == 0);
    }
    assert_eq!(folder.read("log"), b"0:1-2\n");
}

/// What standard output says last of a call must be true: no report, no output.
#[cfg(target_os = "linux")]
#[test]
fn of_a_report_that_cannot_appear() {
    let folder = folder();
    let ran = folder.run("scrub digits.wav -o out.wav --json --report /dev/full").exits(2);
    let lines = kit::lines(&ran.0.stdout);
    let last: Vec<_> = lines.iter().filter(|line| line["type"] == "file").map(|line| &line["outcome"]).collect();
    assert_eq!(last.last(), Some(&&"failed".into()), "{last:?}");
    assert!(!folder.names().contains(&"out.wav".into()));
    // The report is there, then standard output fails.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = folder.command("scrub digits.wav -o out.wav --json --report report.jsonl").stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
    assert_eq!(folder.names(), ["bad.wav", "digits.wav", "none.wav", "report.jsonl"]);
    let report = folder.lines("report.jsonl");
    assert_eq!(report[report.len() - 2]["outcome"], "failed");
}

#[test]
fn of_wrong_usage() {
    let folder = folder();
    for arguments in ["", "scrub", "erase digits.wav", "scrub digits.wav", "scrub digits.wav -o a --in-place", "scan", "stream --rate 8000"]
    {
        folder.run(arguments).exits(64);
    }
    for rate in ["7999", "192001", "fast"] {
        folder.run(&format!("stream --coding s16le --rate {rate} --channels 1")).exits(64);
    }
    folder.run("stream --coding s16le --rate 8000 --channels 9").exits(64);
    folder.run("stream --coding s16le --rate 8000 --channels 1 --look-ahead 60001").exits(64);
    folder.run("stream --coding s16le --rate 8000 --channels 1 --report -").exits(64);
    folder.run("--version").exits(0);
    for command in ["scrub", "scan", "inspect", "stream", "verify"] {
        let help = folder.run(&format!("{command} --help")).exits(0).text();
        assert!(help.contains("Examples:") && help.contains(&format!("cardhush {command}")), "{help}");
    }
}
