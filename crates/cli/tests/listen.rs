//! Claim: what is looked for is what was asked for, what was not is said, and a model, a transcript or an option that cannot be taken is refused by
//! name before anything is written.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use kit::{Folder, Ran, lines, there};
use serde_json::Value;
use std::fs::{self, File};

const CALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/call.wav");
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/model/digits.bin");

/// A folder with the shipped call, which has keyed digits to 12 s and spoken ones from 15.66 s to 26.6 s.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("call.wav", fs::read(CALL).unwrap());
    folder
}

/// The redaction lines among report lines.
fn spans(report: &[u8]) -> Vec<Value> {
    lines(report).into_iter().filter(|line| line["type"] == "redaction").collect()
}

/// How many keyed and how many spoken spans a scan finds.
fn found(folder: &Folder, options: &str) -> (usize, usize) {
    let ran = folder.run(&format!("scan call.wav --json {options}"));
    let causes: Vec<String> = spans(ran.text().as_bytes()).iter().map(|one| one["cause"].as_str().unwrap().into()).collect();
    let count = |cause: &str| causes.iter().filter(|one| *one == cause).count();
    (count("keyed"), count("spoken"))
}

#[test]
fn each_stage_can_be_left_out_and_says_so() {
    let folder = folder();
    assert_eq!(found(&folder, ""), (22, 1));
    assert_eq!(found(&folder, "--spoken off"), (22, 0));
    assert_eq!(found(&folder, "--policy off"), (22, 0));
    assert_eq!(found(&folder, "--keyed off"), (0, 1));
    let ran = folder.run("scan call.wav --spoken off --json");
    assert!(ran.words().contains("spoken digits were not examined"), "{}", ran.words());
    let last: Value = serde_json::from_str(ran.text().lines().last().unwrap()).unwrap();
    assert_eq!((&last["keyed"], &last["spoken"], &last["policy"]), (&"examined".into(), &"not examined".into(), &"off".into()));
    assert!(last["model"].is_null());
    folder.run("scan call.wav --keyed off --spoken off").exits(64);
    folder.run("scan call.wav --spoken off --arm 1-2").exits(64);
    let ran = folder.run("scan call.wav --arm 1.5-2 --arm @80-end --json");
    assert!(ran.text().trim_end().ends_with(r#""armed":["1.5-2","@80-end"],"transcript":false}"#), "{}", ran.text());
}

#[test]
fn how_sure_a_span_is_follows_from_what_was_heard() {
    let folder = folder();
    let sure = |options: &str, cause: &str| {
        let ran = folder.run(&format!("scan call.wav --json {options}"));
        let of: Vec<_> = spans(ran.text().as_bytes()).into_iter().filter(|one| one["cause"] == cause).collect();
        let sure = of.iter().filter(|one| one["confidence"] == "sure").count();
        assert!(of.iter().all(|one| one["confidence"] == "sure" || one["confidence"] == "likely"));
        (sure, of.len())
    };
    // One of the example's keys is a word cut as a key is: likely, and no more.
    assert_eq!(sure("--spoken off", "keyed"), (21, 22));
    assert_eq!(sure("--keyed off", "spoken"), (1, 1), "a whole card");
    // Armed for three of its digits alone.
    assert_eq!(sure("--keyed off --policy armed --arm 16-16.5", "spoken").1, 1);
}

#[test]
fn a_preset_says_which_runs_count() {
    let folder = folder();
    folder.run("scan call.wav --policy armed").exits(64);
    assert_eq!(found(&folder, "--keyed off --policy armed --arm 24-28"), (0, 1));
    assert_eq!(found(&folder, "--keyed off --policy armed --arm 0-2 --arm 28-end"), (0, 0));
    assert_eq!(found(&folder, "--keyed off --policy digits").1, 1);
}

#[test]
fn a_stream_is_armed_as_a_file_is() {
    let folder = folder();
    let samples = fs::read(CALL).unwrap();
    let data = samples.windows(4).position(|four| four == b"data").unwrap() + 8;
    folder.write("call.ul", &samples[data..data + 2 * 239_210]);
    let stream = "stream --coding ulaw --rate 8000 --channels 2 --keyed off --policy armed --report stream.jsonl --force";
    for (arm, masked) in [("--arm 0-2", false), ("--arm 17-28", true)] {
        let input = File::open(folder.path("call.ul")).unwrap();
        Ran(folder.command(&format!("{stream} {arm}")).stdin(input).output().unwrap()).exits(0);
        let live = spans(&folder.read("stream.jsonl"));
        let file = spans(folder.run(&format!("scan call.wav --json --keyed off --policy armed {arm}")).text().as_bytes());
        assert_eq!(live.len(), file.len(), "{arm}");
        let places = |lines: &[Value]| lines.iter().map(|one| (one["start"].clone(), one["end"].clone())).collect::<Vec<_>>();
        assert_eq!((!live.is_empty(), places(&live)), (masked, places(&file)), "{arm}");
    }
}

#[test]
fn another_model_is_taken_whole_or_refused_by_name() {
    let folder = folder();
    let mut model = fs::read(MODEL).unwrap();
    folder.write("same.bin", &model);
    assert_eq!(found(&folder, "--keyed off --model same.bin"), (0, 1));
    model[5_000] ^= 1;
    folder.write("damaged.bin", &model);
    folder.write("short.bin", &model[..100]);
    for (options, words) in
        [("--model damaged.bin", "damaged.bin: "), ("--model short.bin", "short.bin: "), ("--model none.bin", "none.bin: cannot read")]
    {
        let ran = folder.run(&format!("scrub call.wav -o out.wav {options}")).exits(2);
        assert!(ran.words().contains(words), "{}", ran.words());
        assert!(!there(&folder.path("out.wav")));
    }
    folder.run("scan call.wav --spoken off --model same.bin").exits(64);
}

/// A transcript that heard the number where nothing is to be heard: its word of it is taken, and the redacted transcript has no digit there.
#[test]
fn a_transcript_is_a_second_witness() {
    let folder = folder();
    let words = "four one one one one one one one hello there".split(' ').enumerate();
    let words: Vec<Value> =
        words.map(|(i, word)| serde_json::json!({ "word": word, "start": 12.2 + i as f64 * 0.3, "end": 12.4 + i as f64 * 0.3 })).collect();
    folder.write("words.json", serde_json::to_vec(&words).unwrap());
    folder.run("scrub call.wav -o out.wav --keyed off --transcript words.json --redacted-transcript clean.json --report r.jsonl").exits(0);
    let last = String::from_utf8(folder.read("r.jsonl")).unwrap();
    assert!(last.lines().last().unwrap().ends_with(r#""armed":[],"transcript":true}"#), "{last}");
    let report = spans(&folder.read("r.jsonl"));
    let told: Vec<&Value> = report.iter().filter(|one| one["cause"] == "transcript").collect();
    assert_eq!(told.len(), 2, "on either channel, since it tells of none");
    assert!(told.iter().all(|one| one["start_s"].as_f64().unwrap() < 11.8 && one["end_s"].as_f64().unwrap() > 14.8), "{told:?}");
    let clean = String::from_utf8(folder.read("clean.json")).unwrap();
    assert!(!clean.contains("four") && !clean.contains("one") && clean.contains("hello") && clean.contains("[digits]"), "{clean}");
    folder.write("bad.json", "{\"words\": 4}");
    let ran = folder.run("scrub call.wav -o other.wav --transcript bad.json").exits(2);
    assert!(ran.words().contains("bad.json: ") && !there(&folder.path("other.wav")), "{}", ran.words());
    for options in ["words.json --force", "call.wav --force", ". --force", "clean.json", "-"] {
        folder.run(&format!("scrub call.wav -o other.wav --transcript words.json --redacted-transcript {options}")).exits(64);
    }
    folder.run("scrub call.wav -o words.json --transcript words.json --force").exits(64);
    folder.run("scrub call.wav --dry-run --transcript words.json --redacted-transcript dry.json").exits(0);
    assert!(!there(&folder.path("dry.json")) && !there(&folder.path("other.wav")));
}

/// Words without times of their own begin together; each counts.
#[test]
fn words_of_one_start_count_each() {
    let folder = folder();
    let word = |word: &str| serde_json::json!({ "word": word });
    let timed = serde_json::json!({ "word": "number", "start": 12.2, "end": 12.5 });
    let segment = serde_json::json!({ "start": 12.2, "end": 14.9, "text": "number 4111 1111 1111 1111", "words": [timed, word("4111"), word("1111"), word("1111"), word("1111")] });
    folder.write("words.json", serde_json::json!({ "segments": [segment] }).to_string());
    folder.run("scrub call.wav -o out.wav --keyed off --transcript words.json --redacted-transcript clean.json --report r.jsonl").exits(0);
    assert!(spans(&folder.read("r.jsonl")).iter().any(|one| one["cause"] == "transcript"));
    let clean = String::from_utf8(folder.read("clean.json")).unwrap();
    assert!(!clean.contains("1111"), "{clean}");
}

/// A word that is said as the call is armed is armed, although a transcript's times may put it before.
#[test]
fn a_word_of_a_transcript_is_armed_with_the_call() {
    let folder = folder();
    folder.write("words.json", r#"[{"word": "4111", "start": 12.2, "end": 13.0}]"#);
    let ran = folder.run("scrub call.wav --dry-run --json --keyed off --policy armed --arm 12.3-15 --transcript words.json").exits(0);
    assert_eq!(spans(ran.text().as_bytes()).len(), 2, "on either channel");
}
