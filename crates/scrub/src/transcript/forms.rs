//! The forms of transcripts, told apart by their shape alone: where each keeps its words.
//!
//! A form yields lists of words in the order in which they were spoken; what their times are worth is settled in [`words`](super::words).
//! Unknown fields are passed over. Sources: the JSON that openai-whisper, faster-whisper and whisperX write; whisper.cpp
//! `--output-json-full`; the Amazon Transcribe and Deepgram references, batch transcripts.

use super::error::TranscriptError;
use super::times::{self, Times};
use super::words::{Found, List};
use serde_json::Value;

/// The words of a document, list by list, and whether their channels are those of the call.
pub(super) struct Lists {
    pub(super) lists: Vec<List>,
    pub(super) channels_known: bool,
}

/// The words of a document of any known form.
pub(super) fn lists(document: &Value) -> Result<Lists, TranscriptError> {
    let known = |lists| Lists { lists, channels_known: true };
    let results = &document["results"];
    if let Some(list) = document.as_array() {
        let segments = list.iter().any(|one| one.get("words").is_some());
        return Ok(known(if segments { whisper(list, "")? } else { vec![plain(list, "")?] }));
    }
    if let Some(entries) = document["transcription"].as_array() {
        return Ok(known(whisper_cpp(entries)?));
    }
    if let Some(items) = results["items"].as_array() {
        return amazon(items, &results["channel_labels"]["channels"]);
    }
    if let Some(channels) = results["channels"].as_array() {
        return deepgram(channels);
    }
    // Whisper's: within segments, or all in one list, which is then the only one with times.
    let segments = document["segments"].as_array();
    if let Some(segments) = segments.filter(|list| list.iter().any(|one| one["words"].as_array().is_some_and(|words| !words.is_empty()))) {
        return Ok(known(whisper(segments, "segments")?));
    }
    for name in ["word_segments", "words"] {
        if let Some(words) = document[name].as_array().filter(|words| words.iter().all(|one| one.get("word").is_some())) {
            return Ok(known(vec![plain(words, name)?]));
        }
    }
    Err(if segments.is_some() { TranscriptError::NoWords } else { TranscriptError::Unsupported })
}

/// `[{word, start, end, channel}]`.
fn plain(words: &[Value], place: &str) -> Result<List, TranscriptError> {
    if words.first().is_some_and(|one| one.get("word").is_none()) {
        return Err(TranscriptError::Unsupported);
    }
    Ok(List {
        within: None,
        words: each(words, place, |word, place| found(word, &["word", "punctuated_word"], channel(word, place)?, place))?,
    })
}

/// Segments with words. One that was not aligned has text alone, such as the numerals that whisperX has no phonemes for.
fn whisper(segments: &[Value], place: &str) -> Result<Vec<List>, TranscriptError> {
    each(segments, place, |segment, place| {
        let label = channel(segment, place)?;
        let mut list = match segment["words"].as_array().filter(|words| !words.is_empty()) {
            Some(words) => plain(words, &format!("{place}.words"))?,
            None => List { within: None, words: untimed(&segment["text"], &format!("{place}.text")) },
        };
        list.words.iter_mut().for_each(|word| word.channel = word.channel.or(label));
        Ok(List { within: times_of(segment, place)?, ..list })
    })
}

/// Entries of tokens, of which one that starts with a space starts a word; `[_BEG_]` and its like are none.
fn whisper_cpp(entries: &[Value]) -> Result<Vec<List>, TranscriptError> {
    each(entries, "transcription", |entry, place| {
        let mut words: Vec<Found> = Vec::new();
        for (at, token) in entry["tokens"].as_array().into_iter().flatten().enumerate() {
            let place = format!("{place}.tokens[{at}]");
            let token = found(token, &["text"], None, &place)?;
            let text = token.spellings.first().map_or("", String::as_str);
            match words.last_mut() {
                _ if text.starts_with("[_") => {}
                Some(word) if !text.starts_with(' ') => {
                    word.spellings.iter_mut().for_each(|spelling| spelling.push_str(text));
                    word.times = word.times.zip(token.times).map(|(word, token)| (word.0.min(token.0), word.1.max(token.1)));
                }
                _ => words.push(token),
            }
        }
        let within = times_of(entry, place)?;
        if words.is_empty() {
            words = untimed(&entry["text"], &format!("{place}.text"));
            if let [word] = words.as_mut_slice() {
                word.times = within;
            }
        }
        Ok(List { within, words })
    })
}

/// Items, whose channel is in a label of theirs, or that of the list of a channel that repeats them.
fn amazon(items: &[Value], channels: &Value) -> Result<Lists, TranscriptError> {
    let item = |item: &Value, label: Option<u64>, place: &str| {
        let own = channel(item, place)?;
        let content = item["alternatives"].get(0).unwrap_or(&Value::Null);
        let told = found(content, &["content"], own.or(label), &format!("{place}.alternatives[0]"))?;
        Ok(Found { times: times_of(item, place)?, place: place.into(), ..told })
    };
    let channels = channels.as_array().map_or(&[][..], Vec::as_slice);
    let channels_known = channels.len() != 1;
    let labelled = items.iter().any(|one| one.get("channel_label").is_some());
    if labelled || channels.is_empty() {
        let words = each(items, "results.items", |one, place| item(one, None, place))?;
        return Ok(Lists { lists: vec![List { within: None, words }], channels_known });
    }
    let lists = each(channels, "results.channel_labels.channels", |one, place| {
        let label = channel(one, place)?;
        let items = one["items"].as_array().ok_or_else(|| malformed(place, "a channel with items"))?;
        let words = each(items, &format!("{place}.items"), |one, place| item(one, label, place))?;
        Ok(List { within: None, words })
    })?;
    Ok(Lists { lists, channels_known })
}

/// Channels with alternatives, of which the first is the transcript. A single one may be a mix of all channels of the call.
fn deepgram(channels: &[Value]) -> Result<Lists, TranscriptError> {
    let mut index = 0;
    let lists = each(channels, "results.channels", |one, place| {
        let label = Some(index);
        index += 1;
        let place = format!("{place}.alternatives[0].words");
        let words = one["alternatives"].get(0).and_then(|best| best["words"].as_array());
        let words = words.ok_or_else(|| malformed(&place, "a list of words"))?;
        let words = each(words, &place, |word, place| found(word, &["word", "punctuated_word"], label, place))?;
        Ok(List { within: None, words })
    })?;
    Ok(Lists { lists, channels_known: channels.len() != 1 })
}

/// What `read` makes of each element of a list, with its place.
fn each<T>(
    list: &[Value],
    place: &str,
    mut read: impl FnMut(&Value, &str) -> Result<T, TranscriptError>,
) -> Result<Vec<T>, TranscriptError> {
    list.iter().enumerate().map(|(at, one)| read(one, &format!("{place}[{at}]"))).collect()
}

/// A word: what the first of `names` says, and how others spell it.
fn found(word: &Value, names: &[&str], channel: Option<u64>, place: &str) -> Result<Found, TranscriptError> {
    let text = |name: &&str| match word.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let spellings: Vec<_> = names.iter().filter_map(text).collect();
    if spellings.is_empty() {
        return Err(malformed(place, "a word with its text"));
    }
    Ok(Found { place: place.into(), channel, times: times_of(word, place)?, spellings })
}

/// The words of a text that has no words with times.
fn untimed(text: &Value, place: &str) -> Vec<Found> {
    let words = text.as_str().unwrap_or_default().split_whitespace();
    words.map(|word| Found { place: place.into(), channel: None, times: None, spellings: vec![word.into()] }).collect()
}

fn times_of(of: &Value, place: &str) -> Result<Option<Times>, TranscriptError> {
    let Some(object) = of.as_object() else { return Ok(None) };
    times::own(object).map_err(|name| malformed(&format!("{place}.{name}"), "a time"))
}

fn channel(of: &Value, place: &str) -> Result<Option<u64>, TranscriptError> {
    label(|name| of.get(name)).map_err(|name| malformed(&format!("{place}.{name}"), "a channel, such as 0 or ch_0"))
}

/// The channel that the fields of an object name; none where they name none.
///
/// # Errors
/// The name of a field that holds something else.
pub(super) fn label<'a>(field: impl Fn(&'static str) -> Option<&'a Value>) -> Result<Option<u64>, &'static str> {
    for name in ["channel", "channel_label"] {
        match field(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => return text.strip_prefix("ch_").unwrap_or(text).parse().map(Some).map_err(|_| name),
            Some(number) => return number.as_u64().map(Some).ok_or(name),
        }
    }
    Ok(None)
}

fn malformed(place: &str, wanted: &'static str) -> TranscriptError {
    TranscriptError::Malformed { place: place.into(), wanted }
}
