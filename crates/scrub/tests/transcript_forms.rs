//! Claim: the transcripts that recognisers write are known by their shape, their digits are found with channel and time, and what is no
//! transcript of the call is refused in words that quote none of it.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_scrub::{Error, Transcript, TranscriptError};
use serde_json::{Value, json};

fn parse(document: &Value) -> Result<Transcript, TranscriptError> {
    Transcript::parse(document.to_string().as_bytes(), 60.0, 2)
}

/// Channel, times before they were widened, digits.
#[track_caller]
fn spoken(document: &Value) -> Vec<(Option<u8>, f64, f64, u8)> {
    let round = |s: f64| (s * 1e3).round() / 1e3;
    parse(document).unwrap().digits().map(|one| (one.channel, round(one.start_s + 0.5), round(one.end_s - 0.5), one.digits)).collect()
}

fn word(text: &str, start: f64, end: f64) -> Value {
    json!({"word": text, "start": start, "end": end, "probability": 0.98})
}

/// "card 4111 double one", as each recogniser writes it: digits at 2 s and 3 s.
fn words() -> Vec<Value> {
    vec![word(" card", 1.0, 1.5), word(" 4111", 2.0, 2.5), word(" double", 3.0, 3.5), word(" one.", 3.5, 4.0)]
}

#[test]
fn of_each_form() {
    let known = |channel| vec![(channel, 2.0, 2.5, 4), (channel, 3.0, 4.0, 2)];
    let segment = json!({"id": 0, "start": 0.9, "end": 4.2, "text": " card 4111 double one.", "tokens": [50364, 2920], "words": words()});
    let bare = json!({"id": 0, "start": 0.9, "end": 4.2, "text": " card 4111 double one."});
    let token = |text: &str, from: u32, to: u32| json!({"text": text, "offsets": {"from": from, "to": to}, "id": 1, "p": 0.9});
    let item = |content: &str, start: &str, end: &str| json!({"type": "pronunciation", "start_time": start, "end_time": end, "alternatives": [{"content": content, "confidence": "0.99"}]});
    let items = || {
        vec![
            item("card", "1.0", "1.5"),
            item("4111", "2.0", "2.5"),
            item("double", "3.0", "3.5"),
            item("one", "3.5", "4.0"),
            json!({"type": "punctuation", "alternatives": [{"content": "."}]}),
        ]
    };
    let labelled = |label: &str| {
        items()
            .into_iter()
            .map(|mut item| {
                item["channel_label"] = label.into();
                item
            })
            .collect::<Vec<_>>()
    };
    let words_of_channel: Vec<_> = words()
        .into_iter()
        .map(|mut word| {
            word["channel"] = 1.into();
            word
        })
        .collect();
    let channel = |words: Vec<Value>| json!({"alternatives": [{"transcript": "", "confidence": 0.9, "words": words}]});
    for (name, document, channel) in [
        ("Whisper", json!({"text": "", "language": "en", "segments": [segment]}), None),
        ("Whisper, a list of segments", json!([segment]), None),
        ("Whisper, words apart", json!({"text": "", "duration": 60.0, "words": words(), "segments": [bare]}), None),
        ("whisperX", json!({"segments": [bare], "word_segments": words()}), None),
        ("whisperX, both", json!({"segments": [segment], "word_segments": words()}), None),
        (
            "whisper.cpp",
            json!({"systeminfo": "", "result": {"language": "en"}, "transcription": [{"text": " card 4111 double one.", "offsets": {"from": 900, "to": 4_200},
            "tokens": [token("[_BEG_]", 900, 900), token(" card", 1_000, 1_500), token(" 41", 2_000, 2_200), token("11", 2_200, 2_500),
                token(" double", 3_000, 3_500), token(" one", 3_500, 4_000), token(".", 4_000, 4_000)]}]}),
            None,
        ),
        (
            "whisper.cpp, a word an entry",
            json!({"transcription": [token(" card", 1_000, 1_500), token(" 4111", 2_000, 2_500),
            token(" double", 3_000, 3_500), token(" one.", 3_500, 4_000)]}),
            None,
        ),
        ("Amazon", json!({"jobName": "j", "results": {"transcripts": [{"transcript": ""}], "items": items()}}), None),
        ("Amazon, labels", json!({"results": {"items": labelled("ch_1"), "channel_labels": {"channels": [{}, {}]}}}), Some(1)),
        ("Amazon, labels of one channel", json!({"results": {"items": labelled("ch_0"), "channel_labels": {"channels": [{}]}}}), None),
        (
            "Amazon, lists of channels",
            json!({"results": {"items": items(), "channel_labels": {"channels": [
            {"channel_label": "ch_0", "items": []}, {"channel_label": "ch_1", "items": items()}]}}}),
            Some(1),
        ),
        ("Deepgram", json!({"metadata": {}, "results": {"channels": [channel(words())]}}), None),
        ("Deepgram, two channels", json!({"results": {"channels": [channel(vec![]), channel(words())], "utterances": []}}), Some(1)),
        ("plain", Value::Array(words()), None),
        ("plain, channels", Value::Array(words_of_channel), Some(1)),
    ] {
        assert_eq!(spoken(&document), known(channel), "{name}");
    }
}

#[test]
fn a_word_without_times_is_anywhere_between_its_neighbours() {
    let bare = |text: &str| json!({"word": text});
    let segment = |words: Value| json!({"segments": [{"start": 1.0, "end": 9.0, "text": "", "words": words}]});
    assert_eq!(
        spoken(&segment(json!([word("is", 2.0, 3.0), bare("4111"), bare("22"), word("so", 5.0, 6.0)]))),
        [(None, 3.0, 5.0, 4), (None, 3.0, 5.0, 2)]
    );
    assert_eq!(spoken(&segment(json!([bare("4111"), word("is", 2.0, 3.0)]))), [(None, 1.0, 2.0, 4)]);
    assert_eq!(spoken(&segment(json!([word("is", 2.0, 3.0), bare("4111")]))), [(None, 3.0, 9.0, 4)]);
    // whisperX gives a segment without words where it has nothing that it could align.
    let document = json!({"segments": [{"start": 1.0, "end": 2.0, "words": [word("is", 1.0, 2.0)]}, {"start": 3.0, "end": 8.0, "text": " 4111 1111.", "words": []}]});
    assert_eq!(spoken(&document), [(None, 3.0, 8.0, 4), (None, 3.0, 8.0, 4)]);
}

#[test]
fn times_are_widened_within_the_call() {
    let transcript = parse(&json!([word("one", 0.25, 0.5), word("two", 59.75, 60.5)])).unwrap();
    let times: Vec<_> = transcript.digits().map(|one| (one.start_s, one.end_s)).collect();
    assert_eq!(times, [(0.0, 1.0), (59.25, 60.0)]);
}

/// What is refused, and how. Each document says `secretword` somewhere.
#[test]
fn what_is_no_transcript_of_the_call_is_refused_without_a_quotation() {
    let one = |start: Value, end: Value| json!([{"word": "secretword", "start": start, "end": end}]);
    let amazon =
        |end: &str| json!({"results": {"items": [{"start_time": "1", "end_time": end, "alternatives": [{"content": "secretword"}]}]}});
    for (document, expected) in [
        (one(json!(-0.1), json!(1)), "[0]: starts at -0.100 s: the call starts at 0"),
        (one(json!(2), json!(1.5)), "[0]: ends at 1.500 s, before it starts at 2.000 s"),
        (one(json!(2), json!(61.1)), "[0]: ends at 61.100 s: the call ends at 60.000 s; is it the right transcript?"),
        (one(json!("secretword"), json!(1)), "[0].start: not a time"),
        (
            one(Value::Null, json!(1)),
            "no word has times: ask the recogniser for word timestamps, and give no transcript of a call without words",
        ),
        (amazon("secretword"), "results.items[0].end_time: not a time"),
        (
            json!([{"word": "secretword", "start": 1, "end": 2, "channel": 2}]),
            "[0]: a channel that the call lacks: it has 2 (0 is the first); is it the right transcript?",
        ),
        (json!([{"word": "x", "start": 1, "end": 2, "channel": "secretword"}]), "[0].channel: not a channel, such as 0 or ch_0"),
        (
            json!({"segments": [{"text": "x", "words": [word("x", 0.0, 1.0), {"secretword": "secretword"}]}]}),
            "segments[0].words[1]: not a word with its text",
        ),
        (
            json!({"results": {"channels": [{"alternatives": [{"transcript": "secretword"}]}]}}),
            "results.channels[0].alternatives[0].words: not a list of words",
        ),
        (
            json!({"segments": [{"text": "secretword", "start": 0, "end": 1}]}),
            "no word has times: ask the recogniser for word timestamps, and give no transcript of a call without words",
        ),
        (
            json!({"words": [{"text": "secretword", "start": 0, "end": 1}]}),
            "not a transcript of Whisper, whisper.cpp, AWS Transcribe or Deepgram, nor a list of objects with word, start and end",
        ),
        (
            json!("secretword"),
            "not a transcript of Whisper, whisper.cpp, AWS Transcribe or Deepgram, nor a list of objects with word, start and end",
        ),
    ] {
        let error = parse(&document).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document}");
        assert!(!format!("{error:?}").contains("secretword"), "{error:?}");
    }
    let error = Transcript::parse(b"[{\"word\": \"four\",\n \"start\": secretword}]", 60.0, 1).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 11: not JSON that can be read");
    assert!(matches!(parse(&json!([])), Err(TranscriptError::NoWords)));
    assert!(parse(&one(json!(2), json!(61))).is_ok(), "recognisers pad the end");
}

#[test]
fn a_file_is_read_up_to_its_limit_and_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.json");
    assert!(matches!(Transcript::read(&path, 60.0, 1), Err(Error::Io { .. })));
    std::fs::write(&path, format!("\u{feff}{}", Value::Array(words()))).unwrap();
    let transcript = Transcript::read(&path, 60.0, 1).unwrap();
    assert_eq!(format!("{transcript:?}"), "Transcript { words: 4, .. }");
    std::fs::File::create(&path).unwrap().set_len((64 << 20) + 1).unwrap();
    let error = Transcript::read(&path, 60.0, 1).unwrap_err().to_string();
    assert_eq!(error, format!("{}: a transcript above 67108864 bytes is not read", path.display()));
}
