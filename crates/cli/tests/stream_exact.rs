//! Claim: a stream gives back as many bytes as it got, each at its place, whatever the cut; what it could not mask is told.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::PCM;
use kit::{CODINGS, Call, Folder, Ran, redactions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

fn start(folder: &Folder, arguments: &str) -> Child {
    folder.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends bytes in pieces of one length and takes what comes back.
fn pass(folder: &Folder, arguments: &str, bytes: &[u8], cut: usize) -> Ran {
    let mut child = start(folder, arguments);
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || bytes.chunks(cut).for_each(|piece| stdin.write_all(piece).unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran(output)
}

#[test]
fn as_many_bytes_at_their_place_whatever_the_cut() {
    for (at, (tag, bits, coding)) in CODINGS.into_iter().enumerate() {
        let folder = Folder::new();
        let (channels, rate) = (1 + at % 2, [8_000, 16_000][at / 2 % 2]);
        let call = Call::new(channels, rate);
        let bytes = call.raw(tag, bits);
        let sample = usize::from(bits / 8);
        let arguments = format!("stream --coding {coding} --rate {rate} --channels {channels} --report report.jsonl");
        let whole = pass(&folder, &arguments, &bytes, bytes.len()).exits(0).0.stdout;
        let lines = folder.lines("report.jsonl");
        let found = redactions(&lines);
        for keys in &call.keys {
            let covered = |channel| found.iter().any(|(on, span)| *on == channel && span.start <= keys.start && keys.end <= span.end);
            assert!((0..channels).all(covered), "{coding}: a digit at {keys:?} is not covered");
        }
        assert_eq!(whole.len(), bytes.len());
        for (index, (before, after)) in bytes.chunks_exact(sample).zip(whole.chunks_exact(sample)).enumerate() {
            let (frame, channel) = (index / channels, index % channels);
            let masked = found.iter().any(|(on, span)| *on == channel && span.contains(&frame));
            assert!(masked || before == after, "{coding}: sample {frame} of channel {channel} differs and is not reported");
        }
        assert!(lines.iter().all(|line| line["type"] != "exposed"), "nothing is exposed without a limit");
        for cut in [997, 320 * sample, 1] {
            if cut == 1 && coding != "ulaw" {
                continue; // one byte a write is slow, and the cut is known to the pipe alone
            }
            let again = pass(&folder, &arguments, &bytes, cut).exits(0).0.stdout;
            assert!(again == whole, "{coding}: another output in pieces of {cut} bytes");
            assert_eq!(redactions(&folder.lines("report.jsonl")), found);
        }
    }
}

#[test]
fn short_look_ahead_is_told() {
    let folder = Folder::new();
    let bytes = Call::new(1, 8_000).raw(PCM, 16);
    let ran = pass(&folder, "stream --coding s16le --rate 8000 --channels 1 --look-ahead 0 --report r", &bytes, 320).exits(0);
    assert_eq!(ran.0.stdout.len(), bytes.len());
    let lines = folder.lines("r");
    let exposed: f64 = lines
        .iter()
        .filter(|line| line["type"] == "exposed")
        .map(|line| line["end_s"].as_f64().unwrap() - line["start_s"].as_f64().unwrap())
        .sum();
    assert!(exposed > 0.0 && ran.words().contains("left before they could be masked"), "{}", ran.words());
    let summary = lines.last().unwrap();
    assert!((summary["exposed_s"].as_f64().unwrap() - exposed).abs() < 1e-6);
    assert_eq!((&summary["exposed"], &summary["scrubbed"]), (&1.into(), &0.into()));
    assert_eq!(lines[lines.len() - 2]["outcome"], "exposed");
}

#[test]
fn nothing_and_less_than_a_frame() {
    let folder = Folder::new();
    let arguments = "stream --coding s16le --rate 8000 --channels 2";
    assert!(pass(&folder, arguments, &[], 1).exits(0).0.stdout.is_empty());
    for bytes in 1..12 {
        let ran = pass(&folder, arguments, &vec![0x11; bytes], 5).exits(0);
        let (whole, rest) = (bytes / 4 * 4, bytes % 4);
        assert_eq!(ran.0.stdout, [vec![0x11; whole], vec![0; rest]].concat(), "{bytes} bytes");
        assert_eq!(ran.words().contains(&format!("the last {rest} bytes are no whole frame")), rest > 0, "{}", ran.words());
    }
}

/// What is settled comes out while the stream still runs: a pipe of 20 ms pieces is not held up by a buffer.
#[test]
fn flows_while_it_is_fed() {
    let folder = Folder::new();
    let mut child = start(&folder, "stream --coding s16le --rate 8000 --channels 1 --look-ahead 20");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (told, came) = mpsc::channel();
    std::thread::spawn(move || {
        let mut piece = [0; 320];
        while stdout.read_exact(&mut piece).is_ok() {
            told.send(()).unwrap();
        }
    });
    stdin.write_all(&[0; 320]).unwrap(); // fills the delay line
    for piece in 0..10 {
        stdin.write_all(&[0; 320]).unwrap();
        came.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| unreachable!("piece {piece} did not come out"));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_news() {
    let folder = Folder::new();
    let mut child = start(&folder, "stream --coding u8 --rate 8000 --channels 1");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(&vec![0x80; 1 << 20]); // the command ends before it has read all
    drop(stdin);
    let ran = Ran(child.wait_with_output().unwrap()).exits(2);
    assert_eq!(ran.words(), "");
}

#[test]
fn a_report_that_cannot_be_written_stops_it() {
    let folder = Folder::new();
    folder.write("letter", "Dear ...");
    let arguments = "stream --coding s16le --rate 8000 --channels 1 --report";
    assert!(folder.run(&format!("{arguments} letter")).exits(64).text().is_empty());
    assert!(folder.run(&format!("{arguments} no/such/report")).exits(2).text().is_empty());
    if cfg!(target_os = "linux") {
        let bytes = Call::new(1, 8_000).raw(PCM, 16);
        let mut child = start(&folder, &format!("{arguments} /dev/full"));
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let ran = Ran(child.wait_with_output().unwrap()).exits(2);
        writer.join().unwrap();
        assert!(ran.words().contains("cannot write the report"), "{}", ran.words());
    }
}

/// A report never takes the place of the samples, asked to or not.
#[cfg(unix)]
#[test]
fn a_report_that_is_its_own_input_or_output_is_refused() {
    let folder = Folder::new();
    let bytes = Call::new(1, 8_000).raw(PCM, 16);
    folder.write("in.raw", &bytes);
    let open = |name: &str| std::fs::File::open(folder.path(name)).unwrap();
    let create = |name: &str| std::fs::File::create(folder.path(name)).unwrap();
    for report in ["in.raw", "out.raw", "./out.raw"] {
        let arguments = format!("stream --coding s16le --rate 8000 --channels 1 --force --report {report}");
        let ran = folder.command(&arguments).stdin(open("in.raw")).stdout(create("out.raw")).output().unwrap();
        let ran = Ran(ran).exits(64);
        assert!(ran.words().contains("itself"), "{}", ran.words());
        assert!(folder.read("in.raw") == bytes && folder.read("out.raw").is_empty(), "{report}");
    }
}

/// What was done until a stream broke off stands in its last lines as in those of its spans.
#[test]
fn a_failed_stream_keeps_its_figures() {
    let folder = Folder::new();
    let bytes = Call::new(1, 8_000).raw(PCM, 16);
    let mut child = start(&folder, "stream --coding s16le --rate 8000 --channels 1 --look-ahead 40 --report r");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    stdin.write_all(&bytes[..bytes.len() / 2]).unwrap();
    let mut half = vec![0; bytes.len() / 4];
    stdout.read_exact(&mut half).unwrap();
    drop(stdout);
    let _ = stdin.write_all(&bytes[bytes.len() / 2..]);
    drop(stdin);
    Ran(child.wait_with_output().unwrap()).exits(2);
    let lines = folder.lines("r");
    let (file, found) = (&lines[lines.len() - 2], redactions(&lines));
    assert!(file["outcome"] == "failed" && !found.is_empty());
    assert_eq!(
        (file["redactions"].as_u64(), lines.last().unwrap()["spans"].as_u64()),
        (Some(found.len() as u64), Some(found.len() as u64))
    );
}

/// A signal ends a stream as its input's end would: nothing that came in is lost, and the report has its last lines. The writer is still there, and
/// silent.
#[cfg(unix)]
#[test]
fn a_signal_loses_nothing_that_came_in() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let call = Call::new(1, 8_000);
        let bytes = call.raw(PCM, 16);
        let mut child = start(&folder, "stream --coding s16le --rate 8000 --channels 1 --report r --look-ahead 700");
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        stdin.write_all(&bytes).unwrap();
        // Once this much is out, all is in: the delay line holds the rest.
        let mut output = vec![0; bytes.len() - 2 * 700 * 8];
        stdout.read_exact(&mut output).unwrap();
        assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        stdout.read_to_end(&mut output).unwrap();
        let ran = Ran(child.wait_with_output().unwrap()).exits(130);
        drop(stdin);
        assert_eq!(output.len(), bytes.len(), "{signal}");
        assert!(ran.words().contains("interrupted: what came in until then came out"), "{}", ran.words());
        let lines = folder.lines("r");
        assert_eq!((&lines[lines.len() - 2]["outcome"], &lines[lines.len() - 1]["type"]), (&"scrubbed".into(), &"summary".into()));
        let found = redactions(&lines);
        for keys in &call.keys {
            assert!(found.iter().any(|(_, span)| span.start <= keys.start && keys.end <= span.end), "{signal}: {keys:?} is not masked");
        }
    }
}
