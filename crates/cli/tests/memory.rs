//! Claim: memory does not grow with the file.
//!
//! A sparse mu-law RF64 file with digits at both ends is scrubbed; its report is longer than a pipe takes, so that the run waits at its end,
//! with all the memory that it ever took told by the kernel as `VmHWM`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::sweep::Table;
use cardhush_testkit::wav::{ULAW, WavFile};
use kit::{Call, Folder};
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::process::Stdio;

/// Most memory that a run may take, whatever the length of the file.
const MOST_MIB: f64 = 64.0;
/// Room for what is not of the file's making: the allocator's pools, pages of the program that one run touches and another does not.
const APART_MIB: f64 = 4.0;

/// Peak resident memory in MiB of a scrub of a file of so many samples.
fn peak_mib(samples: u64) -> f64 {
    let folder = Folder::new();
    let call = Call::new(1, 8_000);
    let digits = call.raw(ULAW, 8);
    let between = samples - 2 * digits.len() as u64;
    let header = WavFile { form: *b"RF64", ds64_form: Some(u64::MAX), ds64_data: Some(samples), data: Vec::new(), ..call.wav(ULAW, 8) };
    let mut file = fs::File::create(folder.path("in.wav")).unwrap();
    file.write_all(&header.to_bytes()).unwrap();
    file.write_all(&digits).unwrap();
    file.seek(SeekFrom::Current(between as i64)).unwrap();
    file.write_all(&digits).unwrap();
    drop(file);

    let masks: String = (0..2_000).map(|at| format!("0:@{}-@{}\n", 40_000 + at * 8, 40_000 + at * 8 + 4)).collect();
    folder.write("masks", masks);
    let mut command = folder.command("scrub in.wav -o out.wav --json --quiet --mask-file masks");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok()).unwrap();
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(fs::metadata(folder.path("out.wav")).unwrap().len(), fs::metadata(folder.path("in.wav")).unwrap().len());
    peak / 1024.0
}

fn check(lengths: [u64; 2]) {
    let mut table = Table::new("Peak memory of a scrub, mu-law RF64", &["samples", "MiB"]);
    let peaks = lengths.map(peak_mib);
    lengths.iter().zip(&peaks).for_each(|(samples, mib)| table.row(&[samples, &format!("{mib:.1}")]));
    println!("{table}");
    let [short, long] = peaks;
    assert!(long <= MOST_MIB, "{long} MiB: must be at most {MOST_MIB}");
    assert!(long <= short + APART_MIB, "{short} MiB for {} samples, {long} MiB for {}", lengths[0], lengths[1]);
}

#[test]
fn of_48_mib() {
    check([1 << 20, 48 << 20]);
}

#[test]
#[ignore = "long: reads 2 GiB four times and writes it once"]
fn of_2_gib() {
    check([1 << 20, 1 << 31]);
}
