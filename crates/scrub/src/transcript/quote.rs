//! Finds a text of the document among the words of the call, so that what is to be taken out of it is known word by word.
//!
//! Compared are letters and numerals alone, in lower case, so that punctuation, spaces and hyphens do not matter. A text may be quoted
//! from several places; it must begin and end where parts of words do, or `one` would be found in `phone`.

use super::number;
use std::ops::Range;

/// Places at which a text is looked up before it counts as not found: short texts are found everywhere, and time must be bounded.
const MOST: usize = 64;

/// Words run together, with the way back to each.
#[derive(Default)]
pub(super) struct Run {
    text: String,
    /// For each byte of `text`, which part it is of.
    part_of: Vec<u32>,
    /// For each part, which word it is of.
    word_of: Vec<usize>,
}

impl Run {
    /// Words, each with its number.
    pub(super) fn of<'a>(words: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut run = Self::default();
        for (word, text) in words {
            for (_, part) in number::parts(text) {
                run.text.extend(letters(part));
                run.part_of.resize(run.text.len(), run.word_of.len() as u32);
                run.word_of.push(word);
            }
        }
        run
    }

    /// Its length in bytes: what it costs to look something up.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// For each part of a text, the words that it may stand for, over all places at which the text is quoted; none if at no place, or
    /// at too many.
    pub(super) fn quoted(&self, text: &str) -> Option<Vec<Vec<usize>>> {
        let mut wanted = String::new();
        let ranges: Vec<Range<usize>> = number::parts(text)
            .map(|(_, part)| {
                let start = wanted.len();
                wanted.extend(letters(part));
                start..wanted.len()
            })
            .collect();
        let mut words = vec![Vec::new(); ranges.len()];
        let (mut from, mut looked, mut found) = (0, 0, false);
        while let Some(at) = self.text.get(from..).filter(|_| !wanted.is_empty()).and_then(|rest| rest.find(&wanted)) {
            let at = from + at;
            if self.edge(at) && self.edge(at + wanted.len()) {
                found = true;
                for (range, words) in ranges.iter().zip(&mut words) {
                    let parts = self.part_of.get(at + range.start..at + range.end).unwrap_or(&[]);
                    words.extend(parts.iter().filter_map(|&part| self.word_of.get(part as usize)));
                    words.dedup();
                }
            }
            from = at + self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            looked += 1;
            if looked > MOST {
                return None;
            }
        }
        found.then_some(words)
    }

    /// Whether a part starts or ends there.
    fn edge(&self, at: usize) -> bool {
        at == 0 || self.part_of.get(at - 1) != self.part_of.get(at)
    }
}

fn letters(part: &str) -> impl Iterator<Item = char> + '_ {
    part.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Option<Vec<Vec<usize>>> {
        Run::of(["The", "phone:", "forty-two", "4111", "one", "phone", "1", "one"].into_iter().enumerate()).quoted(text)
    }

    #[test]
    fn a_quotation_leads_to_its_words() {
        assert_eq!(quoted("forty two, 4111 One"), Some(vec![vec![2], vec![2], vec![3], vec![4]]));
        assert_eq!(quoted("one"), Some(vec![vec![4, 7]]));
        assert_eq!(quoted("41 11"), Some(vec![vec![3], vec![3]]));
        assert_eq!(quoted("phoneforty"), Some(vec![vec![1, 2]]));
        for text in ["hone", "ph", "411", "two one", "", "…"] {
            assert_eq!(quoted(text), None, "{text}");
        }
        assert_eq!(Run::of((0..100).map(|at| (at, "one"))).quoted("one"), None);
        assert_eq!(Run::of([(0, "éé"), (1, "é")].into_iter()).quoted("É"), Some(vec![vec![1]]));
    }
}
