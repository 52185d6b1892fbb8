//! Claim: a report is JSON lines of schema 1 with the fields of docs/report.md, agrees with itself, and holds no digit.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::{ULAW, WavFile};
use kit::{Call, DIGITS, Folder, lines};
use serde_json::Value;

/// Names of the fields in the order of the line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let (mut depth, mut text, mut name) = (0, false, String::new());
    for (at, c) in line.char_indices() {
        match c {
            '"' => {
                text = !text;
                if text {
                    name.clear();
                } else if depth == 1 && line[at + 1..].starts_with(':') {
                    fields.push(name.clone());
                }
            }
            _ if text => name.push(c),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    fields
}

const FILE: &str = "schema type path output container coding rate_hz channels frames duration_s notes redactions masked_s exposed_s outcome error keyed spoken policy model armed transcript tool version";
const FAILED: &str =
    "schema type path output redactions masked_s exposed_s outcome error keyed spoken policy model armed transcript tool version";
const REDACTION: &str = "schema type path channel start end start_s end_s cause confidence";
const SUMMARY: &str =
    "schema type files scrubbed exposed found unchanged failed spans masked_s exposed_s keyed spoken policy model armed transcript";
const INSPECT: &str = "schema type path container coding rate_hz channels frames duration_s notes chunks";

/// Every line has its fields; and no run of four of the call's digits stands anywhere, but for sample numbers.
#[track_caller]
fn check(text: &str) {
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["schema"], 1);
        let expected = match value["type"].as_str().unwrap() {
            "redaction" => REDACTION,
            "file" if value["outcome"] == "failed" => FAILED,
            "file" => FILE,
            "summary" => SUMMARY,
            "inspect" => INSPECT,
            other => unreachable!("{other}"),
        };
        assert_eq!(fields(line).join(" "), expected);
        if value["type"] != "summary" {
            assert_eq!(value["path"], "in.wav");
        }
        let words: Vec<_> = value.as_object().unwrap().values().filter_map(Value::as_str).collect();
        assert!(words.iter().all(|word| !word.contains(&DIGITS[..4]) && *word != "clean"), "{line}");
    }
}

#[test]
fn of_a_scrub() {
    let folder = Folder::new();
    let call = Call::new(2, 16_000);
    folder.write("in.wav", WavFile { data_len: Some(0), ..call.wav(ULAW, 8) }.to_bytes());
    let ran = folder.run("scrub in.wav -o out.wav --report report.jsonl --json --mask 1:0.1-0.2").exits(0);
    let text = String::from_utf8(folder.read("report.jsonl")).unwrap();
    assert_eq!(ran.text(), text, "--json writes the same lines");
    check(&text);
    let lines = lines(text.as_bytes());
    let (redactions, [file, summary]) = lines.split_last_chunk().unwrap();
    assert_eq!((&file["type"], &summary["type"]), (&"file".into(), &"summary".into()));
    assert_eq!((&file["output"], &file["container"], &file["coding"]), (&"out.wav".into(), &"RIFF".into(), &"mu-law".into()));
    assert_eq!((&file["rate_hz"], &file["channels"], &file["outcome"]), (&16_000.into(), &2.into(), &"scrubbed".into()));
    for line in [file, summary] {
        assert_eq!((&line["keyed"], &line["spoken"], &line["policy"]), (&"examined".into(), &"examined".into(), &"card".into()));
        assert_eq!(line["model"].as_str().unwrap().len(), 64);
    }
    assert_eq!(file["frames"], call.channels[0].len());
    assert!(file["notes"][0].as_str().unwrap().contains("streamed header"));
    assert_eq!(file["redactions"], redactions.len());
    assert_eq!((&summary["files"], &summary["scrubbed"], &summary["spans"]), (&1.into(), &1.into(), &file["redactions"]));
    let mut masked = [0.0, 0.0];
    let mut last = (0, 0);
    for one in redactions {
        let number = |field: &str| one[field].as_u64().unwrap();
        assert!((number("channel"), number("start")) >= last && number("start") < number("end"), "in order and apart: {one}");
        last = (number("channel"), number("end") + 1);
        for (at, at_s) in [("start", "start_s"), ("end", "end_s")] {
            let off = one[at_s].as_f64().unwrap() - number(at) as f64 / 16_000.0;
            assert!(off.abs() <= 0.5e-6 + 1e-12, "given to the microsecond: {one}");
        }
        masked[number("channel") as usize] += (number("end") - number("start")) as f64 / 16_000.0;
        assert!(["keyed", "event", "spoken", "transcript", "linked", "echo", "manual"].contains(&one["cause"].as_str().unwrap()));
    }
    for channel in 0..2 {
        assert!((file["masked_s"][channel].as_f64().unwrap() - masked[channel]).abs() < 1e-6);
    }
    assert!(redactions.iter().any(|one| one["cause"] == "manual" && one["start"] == 1_600 && one["end"] == 3_200));
    assert!(redactions.iter().any(|one| one["cause"] == "keyed") && redactions.iter().any(|one| one["cause"] == "linked"));
}

#[test]
fn of_the_other_commands() {
    let folder = Folder::new();
    folder.call("in.wav");
    check(&folder.run("scan in.wav --json").exits(1).text());
    check(&folder.run("scrub in.wav --dry-run --report -").exits(0).text());
    check(&folder.run("inspect in.wav --json").exits(0).text());
    folder.write("in.wav", "RIFF");
    check(&folder.run("scan in.wav --json").exits(2).text());
    check(&folder.run("scrub in.wav -o out.wav --json").exits(2).text());
}

#[test]
fn an_older_report_is_replaced() {
    let folder = Folder::new();
    folder.call("in.wav");
    folder.run("scan in.wav --report report.jsonl").exits(1);
    folder.run("scrub in.wav -o out.wav --report report.jsonl").exits(0);
    assert_eq!(folder.lines("report.jsonl").iter().filter(|line| line["type"] == "file").count(), 1);
    assert_eq!(folder.lines("report.jsonl").last().unwrap()["scrubbed"], 1);
}
