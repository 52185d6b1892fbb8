//! Number words: which parts of a text may speak digits, and how many. It sees one text at a time, and tells counts, never digits.
//!
//! A *part* is a run of letters and numerals; apostrophes within it belong to it. English words as people read numbers out (`oh`, `double
//! four`, `forty two`), and numerals of any script. What merely sounds like a digit (`to`, `for`) is told apart, since only its neighbours
//! can say what it is. Ordinals speak no digit of a number that is read out, but numerals in them still tell one.

/// What a part of a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// One digit.
    Digit,
    /// A multiple of ten, two digits alone, one before a digit: `forty`, `forty two`.
    Tens,
    /// So many digits: `fourteen`, `hundred`, `4111`.
    Several(u8),
    /// The digit after it, so many times: `double`.
    Times(u8),
    /// A word that sounds like a digit, a digit only beside others.
    Perhaps,
}

impl Number {
    /// A digit whatever stands beside it.
    pub(super) fn certain(self) -> bool {
        !matches!(self, Self::Times(_) | Self::Perhaps)
    }

    /// Digits that it speaks alone.
    pub(super) fn digits(self) -> u8 {
        match self {
            Self::Digit | Self::Perhaps => 1,
            Self::Tens => 2,
            Self::Several(digits) => digits,
            Self::Times(_) => 0,
        }
    }
}

/// The parts of a text, each with the byte at which it starts.
pub(super) fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let pieces = text.split(|c: char| !c.is_alphanumeric() && !apostrophe(c)).map(|piece| piece.trim_matches(apostrophe));
    pieces.filter(|part| !part.is_empty()).map(|part| (part.as_ptr().addr() - text.as_ptr().addr(), part))
}

/// What a part may speak.
pub(super) fn number(part: &str) -> Option<Number> {
    let part = part.to_lowercase();
    let part = part.strip_suffix("'s").or_else(|| part.strip_suffix("’s")).unwrap_or(&part);
    let plural = || part.strip_suffix('s').and_then(word).or_else(|| part.strip_suffix("es").and_then(word));
    word(part).or_else(plural).or_else(|| numeral(part))
}

/// Whether a part may tell a digit to a reader, whatever stands beside it.
pub(super) fn tells(part: &str) -> bool {
    part.chars().any(char::is_numeric) || number(part).is_some()
}

/// Which of consecutive parts speak digits: all of those in a row one of which is certain. `double` needs a digit after it.
pub(super) fn counted(row: &[Option<Number>]) -> Vec<bool> {
    let mut counted = vec![false; row.len()];
    let mut at = 0;
    for run in row.chunk_by(|a, b| a.is_some() == b.is_some()) {
        let mut times = false;
        // `double oh` is as good as a digit; `double to` is not told apart from it, and is rare.
        let certain = run.iter().flatten().any(|number| {
            let doubled = std::mem::replace(&mut times, matches!(number, Number::Times(_)));
            number.certain() || (doubled && *number == Number::Perhaps)
        });
        let ends = run.iter().rev().take_while(|number| matches!(number, Some(Number::Times(_)))).count();
        counted.iter_mut().skip(at).take(run.len() - ends).for_each(|counted| *counted = certain);
        at += run.len();
    }
    counted
}

fn apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

fn word(part: &str) -> Option<Number> {
    Some(match part {
        "zero" | "nought" | "naught" | "nil" | "null" | "one" | "two" | "three" | "four" | "five" | "six" | "seven" | "eight" | "nine"
        | "niner" => Number::Digit,
        "ten" | "eleven" | "twelve" | "thirteen" | "fourteen" | "fifteen" | "sixteen" | "seventeen" | "eighteen" | "nineteen" => {
            Number::Several(2)
        }
        "twenty" | "thirty" | "forty" | "fourty" | "fifty" | "sixty" | "seventy" | "eighty" | "ninety" => Number::Tens,
        "hundred" => Number::Several(2),
        "thousand" => Number::Several(3),
        "double" => Number::Times(2),
        "triple" | "treble" => Number::Times(3),
        "quadruple" => Number::Times(4),
        // What recognisers write for 0, 1, 2, 3, 4, 5, 6 and 8.
        "oh" | "o" | "ought" | "aught" | "owe" | "won" | "to" | "too" | "tree" | "free" | "for" | "fore" | "fife" | "sex" | "sicks"
        | "ate" => Number::Perhaps,
        _ => return None,
    })
}

/// Numerals, each a digit; not of an ordinal.
fn numeral(part: &str) -> Option<Number> {
    let ordinal = ["st", "nd", "rd", "th"].iter().filter_map(|end| part.strip_suffix(end));
    if ordinal.into_iter().any(|number| number.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    match part.chars().filter(|c| c.is_numeric()).count() {
        0 => None,
        1 => Some(Number::Digit),
        digits => Some(Number::Several(digits.try_into().unwrap_or(u8::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numerals_speak_so_many_digits() {
        use Number::{Digit, Perhaps, Several, Tens, Times};
        for (part, expected) in [
            ("Four", Some(Digit)),
            ("zeroes", Some(Digit)),
            ("sixes", Some(Digit)),
            ("one's", Some(Digit)),
            ("nought", Some(Digit)),
            ("7", Some(Digit)),
            ("fourteen", Some(Several(2))),
            ("HUNDRED", Some(Several(2))),
            ("thousand", Some(Several(3))),
            ("4111", Some(Several(4))),
            ("٤١", Some(Several(2))),
            ("A4", Some(Digit)),
            ("forty", Some(Tens)),
            ("treble", Some(Times(3))),
            ("oh", Some(Perhaps)),
            ("for", Some(Perhaps)),
            ("o'clock", None),
            ("4th", None),
            ("fourth", None),
            ("phone", None),
            ("someone", None),
            ("s", None),
            ("th", None),
        ] {
            assert_eq!(number(part), expected, "{part}");
        }
        assert!(tells("4th") && tells("for") && !tells("fourth"));
    }

    #[test]
    fn parts_have_their_places() {
        let of = |text| parts(text).collect::<Vec<_>>();
        assert_eq!(of(" $4,111-'tis o’clock…"), [(2, "4"), (4, "111"), (9, "tis"), (13, "o’clock")]);
        assert_eq!(of("  -'- "), []);
    }

    #[test]
    fn homophones_count_beside_digits_alone() {
        let of = |text| counted(&parts(text).map(|(_, part)| number(part)).collect::<Vec<_>>());
        assert_eq!(of("four to oh one"), [true; 4]);
        assert_eq!(of("to one"), [true; 2]);
        assert_eq!(of("I want to pay for it"), [false; 6]);
        assert_eq!(of("double check"), [false; 2]);
        assert_eq!(of("double oh"), [true; 2]);
        assert_eq!(of("one double"), [true, false]);
        assert_eq!(of("for me one"), [false, false, true]);
        assert!(of("").is_empty());
    }
}
