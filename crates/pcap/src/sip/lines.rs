//! Lines of a text that may end in any of the three ways, and headers that may be folded.

use std::borrow::Cow;
use std::ops::Range;

/// Goes through the lines of `bytes` within a range, each without its end.
#[derive(Clone)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line starts.
    pub at: usize,
    end: usize,
}

impl<'a> Lines<'a> {
    pub fn new(bytes: &'a [u8], range: Range<usize>) -> Self {
        let end = range.end.min(bytes.len());
        Self { bytes, at: range.start.min(end), end }
    }
}

impl Iterator for Lines<'_> {
    /// Where the line lies in the bytes.
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.bytes.get(self.at..self.end).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let len = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let end_len = match rest.get(len..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        self.at = start + len + end_len;
        Some(start..start + len)
    }
}

/// What is left of a range of `bytes` without the white space around it.
pub(crate) fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let text = bytes.get(range.clone()).unwrap_or_default();
    let before = text.len() - text.trim_ascii_start().len();
    let start = range.start + before;
    start..start + text.trim_ascii().len()
}

/// Where the name and the value lie of a line of the form `name SEPARATOR value`, both without white space around them.
pub(crate) fn split(bytes: &[u8], line: Range<usize>, separators: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let text = bytes.get(line.clone())?;
    let at = line.start + text.iter().position(|byte| separators.contains(byte))?;
    Some((trim(bytes, line.start..at), trim(bytes, at + 1..line.end)))
}

/// The value of the first header with that name, or its compact form of one letter, in `range` of `bytes`; folded lines are joined by a space.
pub(crate) fn header<'a>(bytes: &'a [u8], range: Range<usize>, name: &str, compact: &str) -> Option<Cow<'a, str>> {
    let text = |range: Range<usize>| String::from_utf8_lossy(bytes.get(range).unwrap_or_default());
    let mut lines = Lines::new(bytes, range);
    let first = lines.by_ref().find_map(|line| {
        if is_folded(bytes, &line) {
            return None;
        }
        let (found, value) = split(bytes, line, b":")?;
        let found = bytes.get(found)?;
        let is = |name: &str| !name.is_empty() && found.eq_ignore_ascii_case(name.as_bytes());
        (is(name) || is(compact)).then_some(value)
    })?;
    let mut value = text(first);
    for line in lines.take_while(|line| is_folded(bytes, line)) {
        let value = value.to_mut();
        value.push_str(if value.is_empty() { "" } else { " " });
        value.push_str(&text(trim(bytes, line)));
    }
    Some(value)
}

/// Whether a line goes on with the one before.
fn is_folded(bytes: &[u8], line: &Range<usize>) -> bool {
    !line.is_empty() && bytes.get(line.start).is_some_and(|byte| matches!(byte, b' ' | b'\t'))
}

/// The headers that start at `at`: where they lie, and where what follows the empty line behind them starts.
pub(crate) fn headers(bytes: &[u8], range: Range<usize>) -> (Range<usize>, usize) {
    let start = range.start;
    let mut lines = Lines::new(bytes, range);
    loop {
        match lines.next() {
            Some(line) if line.is_empty() => return (start..line.start, lines.at),
            Some(_) => {}
            None => return (start..lines.at, lines.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_end() {
        let bytes = b"one\r\ntwo\nthree\rfour\r\n\r\nfive";
        let lines: Vec<_> = Lines::new(bytes, 0..bytes.len()).map(|line| bytes.get(line).unwrap()).collect();
        assert_eq!(lines, [&b"one"[..], b"two", b"three", b"four", b"", b"five"]);
        assert_eq!(Lines::new(bytes, 90..99).next(), None);
    }

    #[test]
    fn headers_may_be_folded_and_compact() {
        let bytes = b"Via: x\r\n i: no header\r\nI : a\r\n\tb \n  c\nd: e\r\n\r\nCall-ID: body";
        let (range, body) = headers(bytes, 0..bytes.len());
        assert_eq!(bytes.get(body..).unwrap(), b"Call-ID: body");
        assert_eq!(header(bytes, range.clone(), "call-id", "i").unwrap(), "a b c");
        assert_eq!(header(bytes, range.clone(), "D", "").unwrap(), "e");
        assert_eq!(header(bytes, range, "none", ""), None);
    }
}
