//! Claim: no number word of a masked span stays anywhere in a redacted transcript, nor how long it took to say; the rest stays.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_core::{Cause, Redaction, Span};
use cardhush_scrub::{Plan, Transcript};
use proptest::prelude::*;
use serde_json::{Value, json};

const RATE_HZ: u32 = 8_000;

/// Masked seconds of channels.
fn plan(masks: &[(u8, f64, f64)]) -> Plan {
    let sample = |s: f64| (s * f64::from(RATE_HZ)).round() as u64;
    let mut plan = Plan::new(2);
    plan.add(masks.iter().map(|&(channel, start, end)| Redaction {
        channel,
        span: Span::new(sample(start), sample(end)),
        cause: Cause::Keyed,
    }));
    plan
}

#[track_caller]
fn redacted(document: &Value, masks: &[(u8, f64, f64)]) -> Value {
    Transcript::parse(document.to_string().as_bytes(), 60.0, 2).unwrap().redacted(&plan(masks), RATE_HZ)
}

fn word(text: &str, start: f64) -> Value {
    json!({"word": text, "start": start, "end": start + 0.5})
}

#[test]
fn whisper() {
    let document = json!({
        "text": " I have two. It's 4111, oh one. At nine.",
        "segments": [
            {"id": 0, "seek": 3000, "start": 1.0, "end": 2.5, "text": " I have two.", "tokens": [314, 362, 732], "temperature": 0.0,
             "words": [word(" I", 1.0), word(" have", 1.5), word(" two.", 2.0)]},
            {"id": 1, "seek": 3000, "start": 10.0, "end": 12.5, "text": " It's 4111, oh one.", "tokens": [467, 1017, 16], "avg_logprob": -0.25,
             "words": [word(" It's", 9.5), word(" 4111,", 10.5), word(" oh", 11.0), word(" one.", 11.75)]},
            {"id": 2, "seek": 3000, "start": 20.0, "end": 21.5, "text": " At nine.", "tokens": [1711, 4949],
             "words": [word(" At", 20.0), word(" nine.", 20.5)]},
        ],
        "language": "en",
    });
    let out = redacted(&document, &[(0, 10.0, 12.0)]);
    assert_eq!(out["text"], " I have two. It's [digits], [digits] [digits]. At nine.");
    for untouched in [0, 2] {
        assert_eq!(out["segments"][untouched], document["segments"][untouched]);
    }
    let segment = json!({"id": 1, "seek": 3000, "start": 10.0, "end": 12.5, "text": " It's [digits], [digits] [digits].", "tokens": [], "avg_logprob": -0.25,
        "words": [{"word": " It's", "start": 9.5, "end": 10.0}, {"word": " [digits],", "start": 10.0, "end": 12.0},
            {"word": " [digits]", "start": 10.0, "end": 12.0}, {"word": " [digits].", "start": 10.0, "end": 12.25}]});
    // " It's" ends and the last word ends where no mask is; what lies within the mask does not tell where.
    assert_eq!(out["segments"][1].to_string(), segment.to_string());
    assert_eq!(redacted(&document, &[]).to_string(), document.to_string());
}

#[test]
fn whisper_x_letters_and_copies() {
    let letters = |text: &str| text.chars().map(|c| json!({"char": c.to_string(), "start": 10.0, "end": 10.1})).collect::<Vec<_>>();
    let words = json!([word("is", 9.0), word("four", 10.0), {"word": "4111"}]);
    let document = json!({"segments": [{"start": 9.0, "end": 12.0, "text": "is four 4111", "words": words, "chars": letters("is four 4111")}], "word_segments": words});
    let out = redacted(&document, &[(1, 10.0, 11.0)]);
    assert_eq!(out["segments"][0]["text"], "is [digits] [digits]");
    assert_eq!(out["segments"][0]["chars"], json!([]));
    assert_eq!(out["segments"][0]["words"][2], json!({"word": "[digits]"}));
    assert_eq!(out["word_segments"], out["segments"][0]["words"]);
}

#[test]
fn whisper_cpp() {
    let token = |text: &str, from: u32| json!({"text": text, "timestamps": {"from": "00:00:10,000", "to": "00:00:10,400"}, "offsets": {"from": from, "to": from + 400}, "id": 1017});
    let entry = |text: &str, from: u32, tokens: Value| json!({"timestamps": {"from": "00:00:10,100", "to": "00:00:11,000"}, "offsets": {"from": from, "to": from + 900}, "text": text, "tokens": tokens});
    let document = json!({"model": {"type": "base", "audio": {"ctx": 1500}}, "transcription": [
        entry(" thir 41", 10_100, json!([token(" thir", 10_100), token("teen", 10_200), token(" 41", 10_500)])),
        entry(" one", 30_000, json!([token(" one", 30_000)]))]});
    let out = redacted(&document, &[(0, 10.0, 10.75)]);
    assert_eq!(out["model"], document["model"]);
    assert_eq!(out["transcription"][1], document["transcription"][1]);
    let times = json!({"timestamps": {"from": "00:00:10,000", "to": "00:00:11,000"}, "offsets": {"from": 10_000, "to": 11_000}});
    let entry = &out["transcription"][0];
    assert_eq!((&entry["timestamps"], &entry["offsets"], &entry["tokens"]), (&times["timestamps"], &times["offsets"], &json!([])));
    assert_eq!(entry["text"], " thir [digits]", "this text does not quote its tokens: every number in it goes");
}

#[test]
fn amazon() {
    let item = |content: &str, start: &str, end: &str, label: &str| {
        json!({"id": 7, "type": "pronunciation", "channel_label": label, "start_time": start, "end_time": end,
        "alternatives": [{"confidence": "0.98", "content": content}, {"confidence": "0.12", "content": "for"}]})
    };
    let (clerk, caller) = (item("one", "3.0", "3.4", "ch_0"), item("4111", "3.1", "3.5", "ch_1"));
    let document = json!({"jobName": "call-4", "accountId": "123456789012", "status": "COMPLETED", "results": {
        "transcripts": [{"transcript": "one 4111."}],
        "channel_labels": {"channels": [{"channel_label": "ch_0", "items": [clerk]}, {"channel_label": "ch_1", "items": [caller]}], "number_of_channels": 2},
        "items": [clerk, caller, {"id": 2000, "type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]}],
        "audio_segments": [{"id": 0, "transcript": "one 4111.", "start_time": "3.0", "end_time": "3.5", "items": [0, 1, 2]}]}});
    let out = redacted(&document, &[(1, 3.0, 3.4)]);
    let mut expected = document.clone();
    for place in ["/results/items/1", "/results/channel_labels/channels/1/items/0"] {
        *expected.pointer_mut(place).unwrap() = json!({"id": 7, "type": "pronunciation", "channel_label": "ch_1", "start_time": "3.000", "end_time": "3.5",
            "alternatives": [{"confidence": "0.98", "content": "[digits]"}, {"confidence": "0.12", "content": "[digits]"}]});
    }
    for place in ["/results/transcripts/0/transcript", "/results/audio_segments/0/transcript"] {
        *expected.pointer_mut(place).unwrap() = "one [digits].".into();
    }
    assert_eq!(out.to_string(), expected.to_string());
}

#[test]
fn deepgram() {
    let word = |word: &str, spelt: &str, start: f64| json!({"word": word, "start": start, "end": start + 0.4, "confidence": 0.9, "speaker": 0, "punctuated_word": spelt});
    let words = json!([word("card", "Card", 1.0), word("four", "4", 2.0), word("one", "1.", 2.5), word("two", "2", 9.0)]);
    let document = json!({"metadata": {"request_id": "4f11-4111", "created": "2024-05-20T10:00:00Z", "note": "it is four one"}, "results": {
        "channels": [{"alternatives": [{"transcript": "Card 4 1. 2", "confidence": 0.9, "words": words,
            "paragraphs": {"transcript": "\nCard 4 1. 2", "paragraphs": [{"sentences": [{"text": "Card 4 1.", "start": 1.0, "end": 2.9}], "num_words": 4}]},
            "entities": [{"label": "NUM", "value": "41", "raw_value": "four one", "start_word": 1}],
            "summaries": [{"summary": "Gives a number, forty one, and two."}]}]},
            {"alternatives": [{"transcript": "four one", "words": [word("four", "four", 30.0), word("one", "one", 30.5)]}]}],
        "utterances": [{"start": 1.0, "end": 2.9, "channel": 0, "transcript": "Card 4 1.", "words": [words[1]], "id": "0d4d-41"}]}});
    let out = redacted(&document, &[(0, 2.0, 3.0)]);
    let best = &out["results"]["channels"][0]["alternatives"][0];
    assert_eq!(best["transcript"], "Card [digits] [digits]. 2");
    assert_eq!(best["paragraphs"]["transcript"], "\nCard [digits] [digits]. 2");
    assert_eq!(best["paragraphs"]["paragraphs"][0]["sentences"][0]["text"], "Card [digits] [digits].");
    assert_eq!(best["entities"][0], json!({"label": "NUM", "value": "[digits]", "raw_value": "[digits] [digits]", "start_word": 1}));
    assert_eq!(best["summaries"][0]["summary"], "Gives a number, [digits] [digits], and [digits].");
    assert_eq!(
        best["words"][1],
        json!({"word": "[digits]", "start": 2.0, "end": 3.0, "confidence": 0.9, "speaker": 0, "punctuated_word": "[digits]"})
    );
    assert_eq!(best["words"][3], document["results"]["channels"][0]["alternatives"][0]["words"][3]);
    assert_eq!(out["results"]["channels"][1], document["results"]["channels"][1]);
    assert_eq!(out["results"]["utterances"][0]["transcript"], "Card [digits] [digits].");
    assert_eq!(out["results"]["utterances"][0]["id"], "0d4d-41");
    assert_eq!(out["metadata"], json!({"request_id": "4f11-4111", "created": "2024-05-20T10:00:00Z", "note": "it is [digits] [digits]"}));
}

#[test]
fn numbers_and_names_that_may_be_digits_go() {
    let document = json!({"words": [word("4111", 2.0), word("so", 9.0)], "card": 4111, "floating": 4111.0, "ids": [4, 1, 1], "4111": 1, "to": 2, "count": 16});
    let out = redacted(&document, &[(0, 2.0, 2.5)]);
    assert_eq!(
        (&out["card"], &out["floating"], &out["ids"], &out["to"], &out["count"]),
        (&Value::Null, &Value::Null, &json!([]), &2.into(), &16.into())
    );
    assert_eq!(out["4111"], Value::Null);
    assert!(!out.to_string().contains("4111"));
}

#[test]
fn beside_times_that_cannot_be_of_the_call_nothing_masked_stays() {
    for (start, end) in [(8e10, 0.0), (900.0, 901.0), (-9.0, -8.0), (5.0, 4.0)] {
        let stray = json!({"start": start, "end": end, "text": "four 4111"});
        let out = redacted(&json!({"words": [word("four", 1.0), word("so", 40.0)], "stray": [stray]}), &[(0, 0.5, 2.0)]);
        assert_eq!(out["stray"][0]["text"], "[digits] [digits]", "{start} to {end}");
    }
    let elsewhere = json!({"start": 40.0, "end": 41.0, "text": "so 4111"});
    let out = redacted(&json!({"words": [word("four", 1.0), word("so", 40.0)], "stray": [elsewhere]}), &[(0, 0.5, 2.0)]);
    assert_eq!(out["stray"][0]["text"], "so 4111");
}

#[test]
fn a_file_appears_when_it_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.json");
    let transcript = Transcript::parse(json!([word("four", 2.0), word("so", 9.0)]).to_string().as_bytes(), 60.0, 1).unwrap();
    let staged = transcript.stage_redacted(&plan(&[(0, 2.0, 2.5)]), RATE_HZ, &target).unwrap();
    assert!(!target.exists());
    staged.publish(false).unwrap();
    let expected = "[{\"word\":\"[digits]\",\"start\":2.0,\"end\":2.5},{\"word\":\"so\",\"start\":9.0,\"end\":9.5}]\n";
    assert_eq!(std::fs::read_to_string(&target).unwrap(), expected);
}

/// Number words that are said in masked spans alone, so that none of them may stay.
const MASKED: [&str; 12] = ["Four", "8", "oh", "to", "forty", "4,111", "treble", "seventeen", "nought", "eight-oh", "£45", "٤"];
/// What is said elsewhere: words and other numbers.
const ELSEWHERE: [&str; 8] = ["one", "the", "phone", "22", "hundred", "someone", "Nine.", "it's"];

fn said(words: &[(String, f64, bool)]) -> Vec<Value> {
    words.iter().map(|(text, start, _)| word(text, *start)).collect()
}

fn joined(words: &[(String, f64, bool)], masked_only: bool) -> String {
    words.iter().filter(|word| word.2 || !masked_only).map(|word| word.0.as_str()).collect::<Vec<_>>().join(" ")
}

/// A call of stretches of six seconds, of which every other is masked; its words.
fn call() -> impl Strategy<Value = Vec<(String, f64, bool)>> {
    let stretch = prop::collection::vec((0usize..1_000, 0.0..0.4f64), 1..6);
    prop::collection::vec(stretch, 2..9).prop_map(|stretches| {
        let of = |(index, words): (usize, Vec<(usize, f64)>)| {
            let masked = index % 2 == 1;
            words.into_iter().enumerate().map(move |(at, (pick, late))| {
                let text = if masked { MASKED[pick % MASKED.len()] } else { ELSEWHERE[pick % ELSEWHERE.len()] };
                (text.to_owned(), index as f64 * 6.0 + 1.5 + at as f64 * 0.5 + late / 10.0, masked)
            })
        };
        stretches.into_iter().enumerate().flat_map(of).collect()
    })
}

/// The document of a call, in one of the forms, with copies of its texts where no recogniser would put them.
fn document(form: usize, words: &[(String, f64, bool)], order: bool) -> Value {
    let text = joined(words, false);
    let stray = joined(words, true);
    let items: Vec<_> = words
        .iter()
        .map(|(text, start, _)| json!({"start_time": format!("{start:.2}"), "end_time": format!("{:.2}", start + 0.5), "alternatives": [{"content": text}, {"content": text}]}))
        .collect();
    let mut said = said(words);
    if order {
        said.iter_mut().step_by(3).for_each(|word| word["copy"] = json!({"punctuated_word": word["word"], "of": [[word["word"].clone()]]}));
    }
    match form {
        0 => {
            json!({"text": text, "segments": [{"start": 0, "end": 60, "text": text, "words": said, "tokens": [4, 1]}], "stray": {"deep": [{"x": stray}]}})
        }
        1 => json!({"results": {"transcripts": [{"transcript": text}], "items": items}, "summary": stray}),
        2 => {
            json!({"results": {"channels": [{"alternatives": [{"words": said, "transcript": text}, {"transcript": stray}]}], "utterances": [{"start": 0, "end": 60, "transcript": text, "words": said}]}})
        }
        3 => json!({"word_segments": said, "segments": [{"start": 1, "end": 50, "text": format!("mangled {text}")}]}),
        _ => Value::Array(said),
    }
}

/// Every text of a document.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.to_lowercase()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, into)),
        Value::Object(object) => object.values().for_each(|one| texts(one, into)),
        _ => {}
    }
}

/// JSON of any shape, with the names that mean something.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "text",
        "word",
        "words",
        "segments",
        "start",
        "end",
        "results",
        "items",
        "channels",
        "alternatives",
        "content",
        "start_time",
        "end_time",
        "transcription",
        "tokens",
        "offsets",
        "from",
        "to",
        "timestamps",
        "channel",
        "channel_label",
        "word_segments",
        "channel_labels",
        "x",
        "4111",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0u32..70).prop_map(Value::from),
        (-1e3..1e12f64).prop_map(Value::from),
        prop::sample::select(vec!["four", " one", "4111", "1.5", "ch_1", "ch_9", "", "é to ４", "don't double-oh"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_masked_number_word_stays(words in call(), form in 0usize..5, order: bool) {
        let document = document(form, &words, order);
        let masks: Vec<_> = (0..9).filter(|index| index % 2 == 1).map(|index| (0, f64::from(index) * 6.0 + 1.0, f64::from(index) * 6.0 + 5.0)).collect();
        let out = redacted(&document, &masks);
        let mut left = Vec::new();
        texts(&out, &mut left);
        for word in MASKED {
            for part in word.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
                for text in &left {
                    // A time is no text; nor is "treble" or "to" a digit where it is not part of a number, but it was said beside one.
                    if text.parse::<f64>().is_ok_and(|_| text.contains('.')) {
                        continue;
                    }
                    prop_assert!(text.split(|c: char| !c.is_alphanumeric()).all(|one| one != part), "{part} is left in {text}\n{document}\n{out}");
                }
            }
        }
        // What was said elsewhere stays where it stands as a word.
        let kept = left.iter().filter(|text| *text == "22").count();
        prop_assert!(kept >= words.iter().filter(|word| word.0 == "22").count(), "{out}");
    }

    #[test]
    fn a_redacted_transcript_speaks_no_digits_where_it_is_masked(words in call(), form in 0usize..5) {
        let masks: Vec<_> = (0..9).map(|index| (0, f64::from(index) * 6.0 + 1.0, f64::from(index) * 6.0 + 5.0)).collect();
        let out = redacted(&document(form, &words, false), &masks);
        let again = Transcript::parse(out.to_string().as_bytes(), 60.0, 2).unwrap();
        prop_assert_eq!(again.digits().count(), 0);
        prop_assert_eq!(again.redacted(&plan(&masks), RATE_HZ), out);
    }

    #[test]
    fn any_json_is_read_or_refused(document in any_json(), text in ".{0,40}") {
        let among = json!({"x": document, "words": [word("four", 1.0), word("4111", 40.0)], "y": {"start": 3, "end": 4, "x": document}});
        for bytes in [document.to_string().into_bytes(), among.to_string().into_bytes(), text.into_bytes()] {
            if let Ok(transcript) = Transcript::parse(&bytes, 60.0, 2) {
                prop_assert!(transcript.digits().all(|one| 0.0 <= one.start_s && one.start_s <= one.end_s && one.end_s <= 60.0));
                let out = transcript.redacted(&plan(&[(0, 0.5, 30.0), (1, 2.0, 60.0)]), RATE_HZ);
                prop_assert!(out.is_array() || out.is_object());
                // As a word: among the digits of a fraction they stand by chance, and as a time they are one.
                let times = ["_time", "start", "end"].map(|name| format!("{name}\":\"4111\""));
                let text = times.iter().fold(out.to_string(), |text, time| text.replace(time, ""));
                prop_assert!(!text.contains("\"4111\""), "{}", out);
            }
        }
    }
}
