//! Number words side by side: which words of a call speak digits, where, and how many.
//!
//! Words of a channel are taken in the order of their starts; those of unknown channel are a channel of their own.

use super::number::{self, Number};
use super::words::Word;

/// The longest pause within a number that is read out, in seconds: somebody turns the card over, or the clerk repeats the group.
const PAUSE_S: f64 = 5.0;

/// Digits that words speak: their first and last word, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) digits: u8,
}

/// What speaks digits among all words, in no particular order.
pub(super) fn digits(words: &[Word]) -> Vec<Digits> {
    let mut order: Vec<_> = (0..words.len()).collect();
    let start = |&at: &usize| words.get(at).map_or((None, 0.0), |word| (word.channel, word.start_s));
    order.sort_by(|a, b| {
        let (a, b) = (start(a), start(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut found = Vec::new();
    let mut row: Vec<(usize, Option<Number>)> = Vec::new();
    let mut heard: Option<(Option<u8>, f64)> = None; // the last word's channel, and how long any was heard
    for at in order {
        let Some(word) = words.get(at) else { continue };
        if heard.is_some_and(|(channel, until_s)| channel != word.channel || word.start_s - until_s > PAUSE_S) {
            found.extend(of_row(&std::mem::take(&mut row)));
            heard = None;
        }
        heard = Some((word.channel, heard.map_or(word.end_s, |(_, until_s)| until_s.max(word.end_s))));
        row.extend(number::parts(word.text()).map(|(_, part)| (at, number::number(part))));
    }
    found.extend(of_row(&row));
    found
}

/// Digits of parts in a row, each with the word that it is of.
fn of_row(row: &[(usize, Option<Number>)]) -> Vec<Digits> {
    let numbers: Vec<_> = row.iter().map(|&(_, number)| number).collect();
    let mut spoken: Vec<Digits> = Vec::new();
    let mut before: Option<(usize, Number)> = None; // a `double` or a `forty` that waits for its digit
    let counted = number::counted(&numbers).into_iter().zip(row);
    for (number, word) in counted.map(|(counted, &(word, number))| (number.filter(|_| counted), word)) {
        let Some(number) = number else {
            before = None;
            continue;
        };
        let waited = before.take();
        let joined = match (waited, number) {
            (Some((first, Number::Times(times))), _) => Digits { first, last: word, digits: times.saturating_mul(number.digits()) },
            (Some((first, Number::Tens)), Number::Digit | Number::Perhaps) => {
                spoken.pop();
                Digits { first, last: word, digits: 2 }
            }
            _ => Digits { first: word, last: word, digits: number.digits() },
        };
        let waits = match number {
            Number::Times(_) => true,
            Number::Tens => !matches!(waited, Some((_, Number::Times(_)))),
            _ => false,
        };
        before = waits.then_some((word, number));
        if joined.digits > 0 {
            spoken.push(joined);
        }
    }
    // Parts of one word are one.
    spoken.dedup_by(|next, kept| {
        let one = (next.first, next.last) == (kept.first, kept.last);
        if one {
            kept.digits = kept.digits.saturating_add(next.digits);
        }
        one
    });
    spoken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word a second.
    fn words(text: &str) -> Vec<Word> {
        let word =
            |(at, text): (usize, &str)| Word { channel: None, start_s: at as f64, end_s: at as f64 + 0.5, spellings: vec![text.into()] };
        text.split(' ').enumerate().map(word).collect()
    }

    fn of(text: &str) -> Vec<(usize, usize, u8)> {
        digits(&words(text)).into_iter().map(|one| (one.first, one.last, one.digits)).collect()
    }

    #[test]
    fn words_that_speak_together_are_one() {
        assert_eq!(of("four one"), [(0, 0, 1), (1, 1, 1)]);
        assert_eq!(of("my double four is"), [(1, 2, 2)]);
        assert_eq!(of("triple to one"), [(0, 1, 3), (2, 2, 1)]);
        assert_eq!(of("forty two"), [(0, 1, 2)]);
        assert_eq!(of("forty-two"), [(0, 0, 2)]);
        assert_eq!(of("forty twenty too"), [(0, 0, 2), (1, 2, 2)]);
        assert_eq!(of("fourteen hundred"), [(0, 0, 2), (1, 1, 2)]);
        assert_eq!(of("4,111 41 for"), [(0, 0, 4), (1, 1, 2), (2, 2, 1)]);
        assert_eq!(of("double forty two"), [(0, 1, 4), (2, 2, 1)]);
        assert_eq!(of("double double four double"), [(1, 2, 2)]);
        assert_eq!(of("wait for it"), []);
        assert_eq!(of(&"1".repeat(300)), [(0, 0, 255)]);
    }

    #[test]
    fn a_long_pause_or_another_channel_ends_a_run() {
        let mut apart = words("one for");
        assert_eq!(digits(&apart).len(), 2);
        apart[1].channel = Some(1);
        assert_eq!(digits(&apart).len(), 1);
        apart[1].channel = None;
        apart[1].start_s = 6.0;
        assert_eq!(digits(&apart).len(), 1);
    }
}
