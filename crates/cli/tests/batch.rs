//! Claims of many calls: a run that is killed at any instant, on a full disk or without a right to write loses no file and leaves none in part; the next one goes on from there, and at the end all is as after an undisturbed run; what was not
//! read is never among the outputs; exit status and sums say how it went.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{self, Tone};
use cardhush_testkit::wav::{WavFile, fmt};
use cardhush_testkit::{line, signal};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const CARDHUSH: &str = env!("CARGO_BIN_EXE_cardhush");

/// Calls, keyed and not, files that are none, and one that was cut off.
fn archive(root: &Path, calls: u64) {
    for i in 0..calls {
        let mut rng = Rng::new(i);
        let keys = Tone { level_dbm0: -13.0, on_ms: 70.0, off_ms: 90.0, ..Tone::default() };
        let mut samples = tone::dial(if i % 5 == 0 { "41#" } else { "" }, &keys, 8_000, 300.0, &mut rng).samples;
        samples.resize(8_000 + 4_000 * (i as usize % 5), 0.0);
        line::add_white_noise(&mut samples, -50.0, &mut rng);
        let data = signal::to_i16(&samples).into_iter().flat_map(i16::to_le_bytes).collect();
        let folder = root.join(format!("{}", i % 7));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{i}.wav")), WavFile::new(fmt(1, 1, 8_000, 16), data).to_bytes()).unwrap();
    }
    fs::write(root.join("letter.txt"), "Dear").unwrap();
    fs::write(root.join("empty.wav"), "").unwrap();
    fs::write(root.join("cut.wav"), &fs::read(root.join("0/0.wav")).unwrap()[..9_000]).unwrap();
}

fn scrub(input: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(CARDHUSH);
    command.arg("scrub").arg(input).args(["--spoken", "off", "--jobs", "2"]).args(more);
    command
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

/// All files below a folder but ledgers, with their contents.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut tree = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().contains("ledger") {
                tree.insert(path.strip_prefix(root).unwrap().into(), fs::read(path).unwrap());
            }
        }
    }
    tree
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The outputs of an undisturbed run, by their paths.
fn undisturbed(input: &Path, work: &Path, refused: usize) -> BTreeMap<PathBuf, Vec<u8>> {
    let out = work.join("undisturbed");
    let ran = run(scrub(input, &["-o", out.to_str().unwrap()]));
    assert_eq!(ran.status.code(), Some(2), "{}", words(&ran));
    assert!(words(&ran).contains(&format!("{refused} refused, 0 failed")), "{}", words(&ran));
    tree(&out)
}

fn verify(ledger: &Path, more: &[&str]) -> Output {
    run({
        let mut command = Command::new(CARDHUSH);
        command.arg("verify").arg(ledger).args(["--spoken", "off"]).args(more);
        command
    })
}

/// Runs and kills it so many times, each time somewhere in the run, then lets it end.
fn killed(command: &dyn Fn() -> Command, times: u64, rng: &mut Rng) -> Output {
    // How long a run takes, so that kills fall all over it.
    let mut whole = Duration::from_millis(400);
    for _ in 0..times {
        let begun = Instant::now();
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(rng.unit()));
        if child.try_wait().unwrap().is_some() {
            whole = begun.elapsed();
        }
        let _ = child.kill(); // SIGKILL
        child.wait().unwrap();
    }
    run(command())
}

/// More than are committed together, so that kills fall between commits too.
const CALLS: u64 = 200;

fn kills(times: u64) {
    let work = tempfile::tempdir().unwrap();
    let (work, mut rng) = (work.path(), Rng::new(3));
    let input = work.join("in");
    archive(&input, CALLS);
    let expected = undisturbed(&input, work, 3);
    assert_eq!(expected.len(), CALLS as usize);
    // Beside: some outputs are taken away now and then, so that there is always work to be killed at.
    let out = work.join("out");
    let mut done = 0;
    while done < times {
        let some = (times - done).min(10);
        killed(&|| scrub(&input, &["-o", out.to_str().unwrap()]), some, &mut rng);
        done += some;
        let ledger =
            verify(&out.join("cardhush-ledger.jsonl"), &["--outputs", out.to_str().unwrap(), "--originals", input.to_str().unwrap()]);
        assert_eq!(ledger.status.code(), Some(0), "{}", words(&ledger));
        let got = tree(&out);
        assert!(got == expected, "other files: {:?}", got.keys().filter(|name| expected.get(*name) != got.get(*name)).collect::<Vec<_>>());
        if done < times {
            fs::remove_dir_all(&out).unwrap();
        }
    }
    // In place.
    let mut done = 0;
    while done < times {
        let (copy, ledger) = (work.join("copy"), work.join("copy-ledger.jsonl"));
        let _ = fs::remove_dir_all(&copy);
        let _ = fs::remove_file(&ledger);
        archive(&copy, CALLS);
        let some = (times - done).min(10);
        killed(&|| scrub(&copy, &["--in-place", "--ledger", ledger.to_str().unwrap()]), some, &mut rng);
        done += some;
        let mut got = tree(&copy);
        ["letter.txt", "empty.wav", "cut.wav"].iter().for_each(|name| drop(got.remove(Path::new(name)).unwrap()));
        assert!(
            got == expected,
            "in place: other files: {:?}",
            got.keys().filter(|name| expected.get(*name) != got.get(*name)).collect::<Vec<_>>()
        );
        let verified = verify(&ledger, &["--outputs", copy.to_str().unwrap()]);
        assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
    }
    println!("killed {times} times beside and {times} in place: all as after an undisturbed run");
}

#[cfg(unix)]
#[test]
fn killed_at_any_instant_it_goes_on_from_there() {
    kills(20);
}

#[cfg(unix)]
#[test]
#[ignore = "takes minutes"]
fn killed_two_hundred_times() {
    kills(200);
}

/// A disk that is full in the middle, by way of a limit to the length of files (EFBIG stands for ENOSPC), and folders that cannot be written to.
#[cfg(unix)]
#[test]
fn no_room_and_no_right() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let input = work.join("in");
    archive(&input, 14);
    let expected = undisturbed(&input, work, 3);
    let out = work.join("out");
    // 40 blocks of 512 bytes: some fit.
    let limited = format!("ulimit -f 40; exec {CARDHUSH} scrub {} -o {} --spoken off --jobs 2", input.display(), out.display());
    let ran = run({
        let mut command = Command::new("sh");
        command.args(["-c", &limited]);
        command
    });
    assert_ne!(ran.status.code(), Some(0), "{}", words(&ran));
    let part = tree(&out);
    assert!(part.len() < expected.len() && part.iter().all(|(name, bytes)| expected.get(name) == Some(bytes)), "only whole outputs");
    let ran = run(scrub(&input, &["-o", out.to_str().unwrap()]));
    assert!(words(&ran).contains("3 refused, 0 failed"), "{}", words(&ran));
    assert!(tree(&out) == expected);

    // A folder of outputs that is a file.
    let blocked = work.join("blocked");
    fs::create_dir_all(&blocked).unwrap();
    fs::write(blocked.join("3"), "in the way").unwrap();
    let ran = run(scrub(&input, &["-o", blocked.to_str().unwrap()]));
    assert_eq!(ran.status.code(), Some(2));
    assert!(words(&ran).contains("2 failed"), "both calls of that folder: {}", words(&ran));
    fs::remove_file(blocked.join("3")).unwrap();
    run(scrub(&input, &["-o", blocked.to_str().unwrap()]));
    assert!(tree(&blocked) == expected, "once it is out of the way");
}

#[test]
fn what_is_asked_for_is_done() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let (input, out) = (work.join("in"), work.join("out"));
    archive(&input, 21);
    let expected = undisturbed(&input, work, 3);
    let ledger = out.join("cardhush-ledger.jsonl");
    // Nothing is written by a dry run.
    let ran = run(scrub(&input, &["-o", out.to_str().unwrap(), "--dry-run"]));
    assert!(
        words(&ran).contains("24 files found: 5 scrubbed, 16 with nothing found, 3 refused, 0 failed (nothing was written)"),
        "{}",
        words(&ran)
    );
    assert!(!out.exists());
    // By three machines.
    for shard in ["1/3", "2/3", "3/3"] {
        run(scrub(&input, &["-o", out.to_str().unwrap(), "--shard", shard]));
    }
    assert!(tree(&out) == expected && !ledger.exists());
    for shard in ["1-of-3", "2-of-3", "3-of-3"] {
        assert_eq!(verify(&out.join(format!("cardhush-ledger-{shard}.jsonl")), &[]).status.code(), Some(0));
    }
    // A list, an exclusion, a line of JSON a file; the outputs lie as their inputs do.
    let list = work.join("list");
    fs::write(&list, format!("{}\n{}\n", input.join("0/0.wav").display(), input.join("1/1.wav").display())).unwrap();
    let listed = work.join("listed");
    let mut command = Command::new(CARDHUSH);
    command.args(["scrub", "--spoken", "off", "--list"]).arg(&list).arg("-o").arg(&listed);
    let ran = run(command);
    assert_eq!((ran.status.code(), String::from_utf8_lossy(&ran.stdout).lines().count()), (Some(0), 2), "{}", words(&ran));
    assert_eq!(tree(&listed).len(), 2);
    let excluded = work.join("excluded");
    let ran = run(scrub(&input, &["-o", excluded.to_str().unwrap(), "--exclude", "*.txt", "--exclude", "[ce]*.wav"]));
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran));
    assert!(tree(&excluded) == expected);
    // What was refused is listed beside the ledger, with its reason, and never among the outputs.
    let quarantine = fs::read_to_string(work.join("undisturbed/cardhush-ledger.jsonl.quarantine.jsonl")).unwrap();
    for (name, why) in [("cut.wav", "cut short"), ("empty.wav", "0 bytes"), ("letter.txt", "malformed WAV")] {
        assert!(quarantine.lines().any(|line| line.contains(name) && line.contains(why)), "{name}: {quarantine}");
    }
    // Two runs at one ledger do not meet.
    let open = fs::File::options().append(true).open(work.join("undisturbed/cardhush-ledger.jsonl")).unwrap();
    open.lock().unwrap();
    let ran = run(scrub(&input, &["-o", work.join("undisturbed").to_str().unwrap()]));
    assert!(words(&ran).contains("another run is writing it"), "{}", words(&ran));
}

/// A name may hold anything but NUL, so only a list whose names end with that can tell any; on the command line they are whole anyway.
#[cfg(unix)]
#[test]
fn names_with_ends_of_lines_in_them_are_told_with_nul() {
    const NAMES: [&str; 3] = ["two\nlines.wav", "carriage.wav\r", "plain.wav"];
    let work = tempfile::tempdir().unwrap();
    let (input, list) = (work.path().join("in"), work.path().join("list"));
    archive(&input, 1);
    let call = fs::read(input.join("0/0.wav")).unwrap();
    NAMES.iter().for_each(|name| fs::write(input.join(name), &call).unwrap());
    fs::write(&list, NAMES.join("\0") + "\0").unwrap();
    let stated = ["--list", list.to_str().unwrap(), "--null"];
    for (folder, names) in [("listed", &stated[..]), ("named", &NAMES[..])] {
        let out = work.path().join(folder);
        let mut command = Command::new(CARDHUSH);
        command.current_dir(&input).args(["scrub", "--spoken", "off"]).args(names).arg("-o").arg(&out);
        let ran = run(command);
        assert!(ran.status.code() == Some(0) && words(&ran).contains("3 files found: 3 scrubbed"), "{}", words(&ran));
        let outputs = tree(&out);
        assert!(NAMES.iter().all(|name| outputs.get(Path::new(name)).is_some_and(|bytes| *bytes != call)), "{:?}", outputs.keys());
        assert_eq!(outputs.len(), NAMES.len());
        let (originals, outputs) = (input.to_str().unwrap(), out.to_str().unwrap());
        let ledger = verify(&out.join("cardhush-ledger.jsonl"), &["--originals", originals, "--outputs", outputs]);
        assert_eq!(ledger.status.code(), Some(0), "{}", words(&ledger));
    }
}

/// A URL that is not read fails by its name, and the files round it are treated.
#[test]
fn a_foreign_url_in_a_list_stops_no_other_file() {
    let work = tempfile::tempdir().unwrap();
    let (input, list, out) = (work.path().join("in"), work.path().join("list"), work.path().join("out"));
    archive(&input, 2);
    fs::write(&list, "0/0.wav\nfile:///0/0.wav\n1/1.wav\n").unwrap();
    let mut command = Command::new(CARDHUSH);
    command.current_dir(&input).args(["scrub", "--spoken", "off", "--list", list.to_str().unwrap(), "-o"]).arg(&out);
    let ran = run(command);
    assert!(ran.status.code() == Some(2) && words(&ran).contains("3 files found"), "{}", words(&ran));
    assert!(words(&ran).contains("1 failed"), "{}", words(&ran));
    let quarantine = fs::read_to_string(out.join("cardhush-ledger.jsonl.quarantine.jsonl")).unwrap();
    assert!(quarantine.contains("file: is no store that is read"), "{quarantine}");
    assert_eq!(tree(&out).len(), 2);
}

#[test]
fn what_cannot_be_is_refused_at_once() {
    let work = tempfile::tempdir().unwrap();
    let input = work.path().join("in");
    archive(&input, 1);
    let refused = |more: &[&str], why: &str| {
        let ran = run(scrub(&input, more));
        assert!(ran.status.code() == Some(64) && words(&ran).contains(why), "{more:?}: {}", words(&ran));
    };
    refused(&[], "no output");
    refused(&["--in-place"], "name a --ledger");
    refused(&["-o", input.to_str().unwrap()], "is the input itself");
    refused(&["-o", input.join("letter.txt").to_str().unwrap()], "many calls go to a folder");
    refused(&["-o", "x", "--report", "r"], "is for one call");
    refused(&["-o", "x", "--since", "yesterday"], "neither a time");
    refused(&["-o", "x", "--null"], "--list <FILE>");
    refused(&["-o", "hdfs://nn/clean"], "hdfs: is no store that is read");
    refused(&["-o", "x", "--ledger", "s3://b/ledger"], "a ledger is a file");
    assert!(!Path::new("hdfs:").exists());
    refused(&["-o", "x", "--shard", "4/3"], "I from 1 to N");
    let one = input.join("0/0.wav");
    let ran = run(scrub(&one, &["-o", "x"]));
    assert!(words(&ran).contains("--jobs: is for many calls"), "{}", words(&ran));
}

/// A run under which nothing that was done before counts: other settings, another folder of outputs, another archive with the same names, an output that was put back.
#[test]
fn what_was_done_otherwise_is_done_again() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let (one, other) = (work.join("one"), work.join("other"));
    archive(&one, 10);
    let expected = undisturbed(&one, work, 3);
    fs::create_dir_all(&other).unwrap();
    assert!(Command::new("cp").args(["-a", one.to_str().unwrap(), other.to_str().unwrap()]).status().unwrap().success());
    let other = other.join("one");
    let scrubbed = |ran: &Output, text: &str| assert!(words(ran).contains(text), "{}", words(ran));
    // Nothing was looked for that is there.
    let out = work.join("out");
    let mut command = Command::new(CARDHUSH);
    command.arg("scrub").arg(&one).arg("-o").arg(&out).args(["--keyed", "off", "--quiet"]);
    run(command);
    let ran = run(scrub(&one, &["-o", out.to_str().unwrap()]));
    scrubbed(&ran, "13 files found: 2 scrubbed");
    assert!(tree(&out) == expected);
    // In place, then a copy of the archive with the same ledger; then the originals put back.
    let ledger = work.join("ledger.jsonl");
    let in_place = |input: &Path| run(scrub(input, &["--in-place", "--ledger", ledger.to_str().unwrap()]));
    let keep = work.join("keep");
    assert!(Command::new("cp").args(["-a", one.to_str().unwrap(), keep.to_str().unwrap()]).status().unwrap().success());
    scrubbed(&in_place(&one), "13 files found: 2 scrubbed");
    scrubbed(&in_place(&other), "13 files found: 2 scrubbed");
    scrubbed(&in_place(&one), "2 scrubbed");
    fs::remove_dir_all(&one).unwrap();
    assert!(Command::new("cp").args(["-a", keep.to_str().unwrap(), one.to_str().unwrap()]).status().unwrap().success());
    scrubbed(&in_place(&one), ": 2 scrubbed, 8 with nothing found");
    let mut got = tree(&one);
    ["letter.txt", "empty.wav", "cut.wav"].iter().for_each(|name| drop(got.remove(Path::new(name))));
    assert!(got == expected);
    // Two archives with the same names into one folder: the second is told, and the first stays.
    let both = work.join("both");
    let ran = run(scrub(&one, &[keep.to_str().unwrap(), "-o", both.to_str().unwrap()]));
    scrubbed(&ran, "failed");
    assert!(words(&ran).contains("13 failed"), "{}", words(&ran));
    // The original in its output's place.
    fs::copy(keep.join("0/0.wav"), out.join("0/0.wav")).unwrap();
    let ran = run(scrub(&keep, &["-o", out.to_str().unwrap()]));
    assert!(words(&ran).contains("failed"), "another archive: {}", words(&ran));
}

/// A ledger that was cut off, and a file that is none.
#[test]
fn ledgers_that_are_none_stay() {
    let work = tempfile::tempdir().unwrap();
    let (input, note) = (work.path().join("in"), work.path().join("note.txt"));
    archive(&input, 1);
    fs::write(&note, "Dear, without a line feed").unwrap();
    let ran = run(scrub(&input, &["--in-place", "--ledger", note.to_str().unwrap()]));
    assert!(ran.status.code() == Some(2) && words(&ran).contains("cut off"), "{}", words(&ran));
    assert_eq!(fs::read_to_string(&note).unwrap(), "Dear, without a line feed");
    let empty = work.path().join("empty.jsonl");
    fs::write(&empty, "").unwrap();
    assert_eq!(verify(&empty, &[]).status.code(), Some(1), "no lines prove nothing");
    let nothing = work.path().join("nothing");
    fs::create_dir_all(&nothing).unwrap();
    let ran = run(scrub(&nothing, &["-o", work.path().join("x").to_str().unwrap()]));
    assert!(ran.status.code() == Some(2) && words(&ran).contains("no files were found"), "{}", words(&ran));
}

/// What is named goes, and nothing else, with the same evidence.
#[test]
fn a_channel_or_a_span_is_erased() {
    let work = tempfile::tempdir().unwrap();
    let work = work.path();
    let samples: Vec<u8> = (0..16_000_i16).flat_map(|i| [i.wrapping_mul(7), i.wrapping_mul(11)]).flat_map(i16::to_le_bytes).collect();
    let call = work.join("call.wav");
    let bytes = WavFile::new(fmt(1, 2, 8_000, 16), samples).to_bytes();
    fs::write(&call, &bytes).unwrap();
    let out = work.join("out");
    let erase = |more: &[&str]| {
        let mut command = Command::new(CARDHUSH);
        command.arg("erase").arg(&call).args(more);
        run(command)
    };
    let ran = erase(&["--channel", "1", "--mask", "0:@100-@200", "-o", out.to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(0), "{}", words(&ran));
    let header = bytes.len() - 4 * 16_000;
    let path = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let erased = tree(&path).into_values().next().unwrap();
    assert_eq!(&erased[..header], &bytes[..header]);
    for (i, (before, after)) in bytes[header..].chunks(4).zip(erased[header..].chunks(4)).enumerate() {
        let left = if (100..200).contains(&i) { &[0, 0][..] } else { &before[..2] };
        assert_eq!((&after[..2], &after[2..]), (left, &[0, 0][..]), "sample {i}");
    }
    let verified = verify(&out.join("cardhush-ledger.jsonl"), &["--outputs", out.to_str().unwrap(), "--originals", "/", "--no-scan"]);
    assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
    let ledger = fs::read_to_string(out.join("cardhush-ledger.jsonl")).unwrap();
    assert!(ledger.contains(r#""masks":["0:@100-@200","1:0-end"]"#) && ledger.contains("manual"), "{ledger}");
    assert_eq!(erase(&["-o", "x"]).status.code(), Some(64), "nothing is named");
    assert_eq!(erase(&["--channel", "0", "--in-place"]).status.code(), Some(64), "no ledger");
    let ran = erase(&["--channel", "5", "-o", work.join("none").to_str().unwrap()]);
    assert!(ran.status.code() == Some(2) && words(&ran).contains("1 refused"), "{}", words(&ran));
}
