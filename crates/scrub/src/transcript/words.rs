//! Words with their channel and times, checked against the call.
//!
//! Recognisers leave times out, and of numerals most of all, since those have no phonemes to align. A word without times is somewhere
//! between its neighbours, or within its segment, and is held to be everywhere there.

use super::error::TranscriptError;
use super::times::Times;

/// How far a word may end after the call, in seconds: recognisers pad the last block of audio.
const OVERSHOOT_S: f64 = 1.0;

/// Words in the order in which they were spoken.
pub(super) struct List {
    /// The times of the segment that they are in.
    pub(super) within: Option<Times>,
    pub(super) words: Vec<Found>,
}

/// A word as it stands in the document.
pub(super) struct Found {
    pub(super) place: String,
    pub(super) channel: Option<u64>,
    pub(super) times: Option<Times>,
    /// Its text, and how else the document spells it.
    pub(super) spellings: Vec<String>,
}

/// A word of the call.
pub(super) struct Word {
    /// Channel from 0; `None` where it may be any.
    pub(super) channel: Option<u8>,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    pub(super) spellings: Vec<String>,
}

/// What the call is, for which a transcript is read.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) duration_s: f64,
    pub(super) channels: u8,
}

impl Word {
    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.spellings.first().map_or("", String::as_str)
    }
}

/// The words of all lists; their channels are left out where they are not those of the call.
pub(super) fn words(lists: Vec<List>, channels_known: bool, extent: Extent) -> Result<Vec<Word>, TranscriptError> {
    if !lists.iter().flat_map(|list| &list.words).any(|word| word.times.is_some()) {
        return Err(TranscriptError::NoWords);
    }
    let mut words = Vec::new();
    for list in lists {
        let last = list.within.map_or(extent.duration_s, |within| within.1).clamp(0.0, extent.duration_s);
        let mut before = list.within.map_or(0.0, |within| within.0).clamp(0.0, last);
        // For each word, the start of the next that has one.
        let mut after: Vec<f64> = Vec::with_capacity(list.words.len());
        list.words.iter().rev().fold(last, |next, word| {
            after.push(next);
            word.times.map_or(next, |times| times.0)
        });
        for (word, after) in list.words.into_iter().zip(after.into_iter().rev()) {
            let (start_s, end_s) = match word.times {
                Some(times) => checked(&word.place, times, extent)?,
                None => (before.min(after), after.max(before)),
            };
            if word.times.is_some() {
                before = end_s;
            }
            let channel = if channels_known { in_call(&word, extent)? } else { None };
            words.push(Word { channel, start_s, end_s, spellings: word.spellings });
        }
    }
    Ok(words)
}

fn checked(place: &str, (start_s, end_s): Times, extent: Extent) -> Result<Times, TranscriptError> {
    let place = || place.into();
    if start_s < 0.0 {
        return Err(TranscriptError::Negative { place: place(), start_s });
    }
    if end_s < start_s {
        return Err(TranscriptError::Backwards { place: place(), start_s, end_s });
    }
    if end_s > extent.duration_s + OVERSHOOT_S {
        return Err(TranscriptError::Beyond { place: place(), end_s, duration_s: extent.duration_s });
    }
    Ok((start_s, end_s))
}

fn in_call(word: &Found, extent: Extent) -> Result<Option<u8>, TranscriptError> {
    let Some(channel) = word.channel else { return Ok(None) };
    let known = u8::try_from(channel).ok().filter(|&channel| channel < extent.channels);
    let beyond = || TranscriptError::Channel { place: word.place.clone(), channels: extent.channels };
    known.map(Some).ok_or_else(beyond)
}
