//! The same document without the number words of masked spans, in whatever copy it holds them.
//!
//! It does not go by the form: every string, wherever it stands, belongs to a stretch of the call, that of the nearest object round it
//! that has times, or all of the call. Where a stretch comes near a masked span, the string is looked up among the words of the call:
//! what stands for a masked number word goes. A string that quotes no words, such as another guess of the recogniser or a summary, loses
//! every number word. Numbers that may be digits or the ids of words go too, and times within a masked span move to its edges, since how
//! long a word took tells which it was.

use super::forms;
use super::masks::Masks;
use super::number::{self, Number};
use super::quote::Run;
use super::times::{self, Times};
use super::words::Word;
use super::{DIGITS, WIDEN_S};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::HashSet;
use std::ops::Range;

/// How far the times of a phrase may be off, in seconds: segments are cut at pauses, and joined texts where their writer likes.
const PHRASE_S: f64 = 2.0;
/// Bytes of words that are searched before everything else counts as not found, so that a spiteful document takes seconds, not days.
const SEARCHED: usize = 1 << 28;
/// Digits of a number in JSON that are enough of a card to be worth something.
const CARD_PART: f64 = 1e3;

/// Fields of the known forms that hold no speech, and those that say what times say too.
const NO_SPEECH: [&str; 21] = [
    "type",
    "id",
    "channel",
    "channels",
    "channel_label",
    "channel_index",
    "speaker",
    "speaker_label",
    "speakers",
    "language",
    "language_code",
    "languages",
    "confidence",
    "score",
    "probability",
    "seek",
    "duration",
    "items",
    "num_words",
    "start_word",
    "end_word",
];
/// The same at the top of a document, with all that is in them.
const ABOUT: [&str; 8] = ["metadata", "model", "params", "systeminfo", "result", "jobName", "accountId", "status"];
/// Words in smaller pieces, which cannot be told to be digits one by one: text tokens, their ids, letters.
const PIECES: [&str; 5] = ["tokens", "token_ids", "chars", "char_segments", "characters"];

/// A document, of a call so long, without the number words among `words`, in order of their starts, that are masked; `counted` says which of them speak digits by their neighbours.
pub(super) fn redacted(document: &Value, (words, counted): (&[Word], &[bool]), duration_s: f64, masks: &Masks) -> Value {
    if !masks.some(None) {
        return document.clone();
    }
    let masked = |(word, counted): (&Word, &bool)| {
        let times = (word.start_s, word.end_s);
        *counted && masks.near(word.channel, times, WIDEN_S) || tells(word) && masks.near(word.channel, times, 0.0)
    };
    let masked: Vec<bool> = words.iter().zip(counted).map(masked).collect();
    let taken = words.iter().zip(&masked).filter(|(_, masked)| **masked).flat_map(|(word, _)| &word.spellings);
    let taken = taken.flat_map(|text| number::parts(text)).filter(|(_, part)| number::tells(part)).map(|(_, part)| part.to_lowercase());
    let latest = words.iter().scan(0.0f64, |latest, word| {
        *latest = latest.max(word.end_s);
        Some(*latest)
    });
    let latest = latest.collect();
    let ends = words.iter().zip(&masked).filter(|(_, masked)| **masked).scan(0.0f64, |latest, (word, _)| {
        *latest = latest.max(word.end_s);
        Some((word.start_s, *latest))
    });
    let until = ends.collect();
    let spellings = words.iter().map(|word| word.spellings.len()).max().unwrap_or(0);
    let channels: HashSet<u8> = words.iter().filter_map(|word| word.channel).collect();
    let redactor = Redactor {
        words,
        spellings,
        taken: taken.collect(),
        masked,
        latest,
        until,
        channels,
        duration_s,
        masks,
        budget: Cell::new(SEARCHED),
    };
    let all = Stretch { channel: None, times: None };
    match document {
        Value::Object(top) => {
            let field = |(name, value): (&String, &Value)| match ABOUT.contains(&name.as_str()) {
                true => (name.clone(), redactor.about(value)),
                false => redactor.field((name, value), all, None),
            };
            Value::Object(top.iter().map(field).collect())
        }
        other => redactor.value(other, all),
    }
}

/// What a place in a document speaks of.
#[derive(Clone, Copy)]
struct Stretch {
    channel: Option<u8>,
    /// `None`: all of the call.
    times: Option<Times>,
}

struct Redactor<'a> {
    words: &'a [Word],
    /// The most spellings that a word has.
    spellings: usize,
    masked: Vec<bool>,
    /// The masked number words themselves, in lower case.
    taken: HashSet<String>,
    /// For each word, the latest end until it.
    latest: Vec<f64>,
    /// The start of each masked word, in order, and the latest end of those until it.
    until: Vec<Times>,
    /// Channels that words have. Another one that a document names is not known to be one of the call.
    channels: HashSet<u8>,
    duration_s: f64,
    masks: &'a Masks,
    budget: Cell<usize>,
}

impl Redactor<'_> {
    /// What is said of the document and not of the call: names, dates and sums in one piece stay.
    fn about(&self, value: &Value) -> Value {
        let all = Stretch { channel: None, times: None };
        match value {
            Value::Object(object) => Value::Object(object.iter().map(|(name, value)| (self.name(name), self.about(value))).collect()),
            Value::Array(list) => Value::Array(list.iter().map(|one| self.about(one)).collect()),
            Value::String(text) => {
                let spoken =
                    text.contains(char::is_whitespace) || number::parts(text).any(|(_, part)| self.taken.contains(&part.to_lowercase()));
                Value::String(if spoken { self.text(text, all) } else { text.clone() })
            }
            other => other.clone(),
        }
    }

    fn value(&self, value: &Value, at: Stretch) -> Value {
        match value {
            Value::Object(object) => self.object(object, at),
            Value::Array(list) if self.near(at, PHRASE_S) && list.iter().all(|one| whole(one).is_some()) => Value::Array(Vec::new()),
            Value::Array(list) => Value::Array(list.iter().map(|one| self.value(one, at)).collect()),
            Value::String(text) => Value::String(self.text(text, at)),
            Value::Number(_) if self.near(at, PHRASE_S) && whole(value).is_some_and(|number| number >= CARD_PART) => Value::Null,
            other => other.clone(),
        }
    }

    fn object(&self, object: &Map<String, Value>, outer: Stretch) -> Value {
        let at = Stretch {
            channel: self.channel(object).or(outer.channel),
            times: times::hull(object).map_or(outer.times, |own| self.of_call(own)),
        };
        let moved = times::own(object).ok().flatten().map(|own| (own, self.masks.outward(at.channel, own)));
        Value::Object(object.iter().map(|field| self.field(field, at, moved)).collect())
    }

    /// Times that can be of the call; those that cannot tell nothing, so that what they stand beside may be of any part of it.
    fn of_call(&self, (start, end): Times) -> Option<Times> {
        (start <= end && end >= 0.0 && start <= self.duration_s).then_some((start, end))
    }

    /// A field of an object that speaks of `at`, and whose times are to be moved.
    fn field(&self, (name, value): (&String, &Value), at: Stretch, moved: Option<(Times, Times)>) -> (String, Value) {
        let moved = moved.and_then(|(from, to)| times::moved(name, value, from, to));
        let value = match value {
            _ if moved.is_some() => moved.unwrap_or_default(),
            Value::Array(_) if PIECES.contains(&name.as_str()) && self.takes(at) => Value::Array(Vec::new()),
            Value::Array(list) if NO_SPEECH.contains(&name.as_str()) && list.iter().all(Value::is_number) => value.clone(),
            Value::String(text) if NO_SPEECH.contains(&name.as_str()) && self.silent(text) => value.clone(),
            Value::Number(_) if NO_SPEECH.contains(&name.as_str()) => value.clone(),
            // Deepgram's channels have their number by their place.
            Value::Array(list) if name == "channels" && list.iter().all(|one| one.get("alternatives").is_some()) => {
                let one = |(index, one)| self.value(one, Stretch { channel: self.known(index as u64), ..at });
                Value::Array(list.iter().enumerate().map(one).collect())
            }
            value => self.value(value, at),
        };
        (self.name(name), value)
    }

    /// Whether a label (`spk_0`, `0.98`) is that and no masked word.
    fn silent(&self, text: &str) -> bool {
        let mut taken = number::parts(text).filter(|(_, part)| self.taken.contains(&part.to_lowercase()));
        text.parse::<f64>().is_ok_and(f64::is_finite) && text.contains('.')
            || taken.next().is_none_or(|(_, part)| part.chars().count() == 1) && taken.next().is_none()
    }

    /// The name of a field, which is nobody's text, unless it looks like digits.
    fn name(&self, name: &str) -> String {
        let numerals = name.chars().filter(|c| c.is_numeric()).count() >= 4;
        let taken = || number::number(name).is_some_and(Number::certain) && self.taken.contains(&name.to_lowercase());
        if numerals || taken() { DIGITS.into() } else { name.into() }
    }

    /// A text without its masked number words.
    fn text(&self, text: &str, at: Stretch) -> String {
        let parts: Vec<_> = number::parts(text).collect();
        let margin_s = if parts.len() > 1 { PHRASE_S } else { WIDEN_S };
        if !parts.iter().any(|(_, part)| number::tells(part)) || !self.near(at, margin_s) {
            return text.into();
        }
        let goes = self.quoted(text, at, margin_s).unwrap_or_else(|| self.unquoted(&parts));
        let goes = parts.iter().zip(goes).filter(|((_, part), goes)| *goes && number::tells(part));
        replaced(text, goes.map(|((start, part), _)| *start..*start + part.len()))
    }

    /// Which parts of a text stand for masked words; none where it quotes no words of its stretch.
    fn quoted(&self, text: &str, at: Stretch, margin_s: f64) -> Option<Vec<bool>> {
        let (start, end) = at.times.map_or((0.0, f64::INFINITY), |times| (times.0 - margin_s, times.1 + margin_s));
        let first = self.latest.partition_point(|&latest| latest < start);
        let words = self.words.get(first..self.words.partition_point(|word| word.start_s <= end)).unwrap_or(&[]);
        let within = |word: &Word| word.end_s >= start && (at.channel.is_none() || word.channel.is_none() || at.channel == word.channel);
        let mut goes: Option<Vec<bool>> = None;
        for spelling in 0..self.spellings {
            let budget = self.budget.get().checked_sub(words.len())?;
            let words = (first..).zip(words).filter(|(_, word)| within(word));
            let run = Run::of(words.map(|(at, word)| (at, word.spellings.get(spelling).map_or(word.text(), String::as_str))));
            self.budget.set(budget.saturating_sub(run.len()));
            let Some(places) = run.quoted(text) else { continue };
            let masked = places.iter().map(|words| words.iter().any(|&word| self.masked.get(word) != Some(&false)));
            goes = Some(match goes {
                Some(before) => before.iter().zip(masked).map(|(before, masked)| *before || masked).collect(),
                None => masked.collect(),
            });
        }
        goes
    }

    /// Which parts of a text go that quotes no words: all numbers, and whatever sounds like one and was masked.
    fn unquoted(&self, parts: &[(usize, &str)]) -> Vec<bool> {
        let numbers: Vec<_> = parts.iter().map(|(_, part)| number::number(part)).collect();
        let goes = number::counted(&numbers).into_iter().zip(parts);
        let digits = |part: &str| part.chars().any(char::is_numeric) || self.taken.contains(&part.to_lowercase());
        goes.map(|(counted, (_, part))| counted || parts.len() == 1 || digits(part)).collect()
    }

    fn near(&self, at: Stretch, margin_s: f64) -> bool {
        at.times.map_or_else(|| self.masks.some(at.channel), |times| self.masks.near(at.channel, times, margin_s))
    }

    /// Whether a masked number word is in a stretch.
    fn takes(&self, at: Stretch) -> bool {
        let (start, end) = at.times.map_or((0.0, f64::INFINITY), |times| (times.0 - WIDEN_S, times.1 + WIDEN_S));
        let before = self.until.partition_point(|word| word.0 <= end);
        let until = before.checked_sub(1).and_then(|last| self.until.get(last));
        self.near(at, PHRASE_S) && until.is_some_and(|word| word.1 >= start)
    }

    fn channel(&self, object: &Map<String, Value>) -> Option<u8> {
        self.known(forms::label(|name| object.get(name)).ok()??)
    }

    fn known(&self, channel: u64) -> Option<u8> {
        u8::try_from(channel).ok().filter(|channel| self.channels.contains(channel))
    }
}

/// Whether any spelling of a word may tell a digit.
fn tells(word: &Word) -> bool {
    word.spellings.iter().flat_map(|text| number::parts(text)).any(|(_, part)| number::tells(part))
}

/// The size of a number without a fraction.
fn whole(number: &Value) -> Option<f64> {
    number.as_f64().map(f64::abs).filter(|number| number.fract() == 0.0)
}

/// A text with [`DIGITS`] in place of ranges of it, in order; ranges with no space between them are one.
fn replaced(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> String {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if !text.get(last.end..range.start).is_some_and(|between| between.contains(char::is_whitespace)) => {
                last.end = range.end
            }
            _ => joined.push(range),
        }
    }
    let (mut out, mut kept) = (String::with_capacity(text.len()), 0);
    for range in joined {
        out.push_str(text.get(kept..range.start).unwrap_or_default());
        out.push_str(DIGITS);
        kept = range.end;
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    out
}
