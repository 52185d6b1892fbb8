//! Parts of a body: one, or those of a `multipart` of any kind, within each other if need be.

use std::ops::Range;

use crate::sip::lines::{Lines, header, headers};

/// How deep multiparts are followed; RFC 5621 has no use for more than two.
const MAX_DEPTH: u32 = 8;

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its type in lower case without parameters, as `application/sdp`; empty where none is told.
    pub content_type: String,
    /// Where it lies in the payload.
    pub body: Range<usize>,
    /// Whether it is compressed or coded in another way than as it stands, so that it cannot be read.
    pub encoded: bool,
}

/// Takes the body that the headers in `head` describe apart; nothing of no type is no part.
pub(crate) fn parts(bytes: &[u8], head: Range<usize>, body: Range<usize>) -> Vec<Part> {
    let mut found = Vec::new();
    collect(bytes, head, body, MAX_DEPTH, &mut found);
    found
}

fn collect(bytes: &[u8], head: Range<usize>, body: Range<usize>, depth: u32, found: &mut Vec<Part>) {
    let field = header(bytes, head.clone(), "Content-Type", "c").unwrap_or_default();
    let coded = |name, compact| {
        let coding = header(bytes, head.clone(), name, compact).unwrap_or_default();
        !["", "identity", "7bit", "8bit", "binary"].iter().any(|plain| coding.eq_ignore_ascii_case(plain))
    };
    let encoded = coded("Content-Encoding", "e") || coded("Content-Transfer-Encoding", "");
    let content_type = field.split([';', ',', ' ']).next().unwrap_or_default().to_ascii_lowercase();
    let boundary = boundary(&field).filter(|_| content_type.starts_with("multipart/") && depth > 0 && !encoded);
    let inner = boundary.map(|boundary| between(bytes, body.clone(), &boundary)).unwrap_or_default();
    if inner.is_empty() && !(body.is_empty() && content_type.is_empty()) {
        found.push(Part { content_type, body, encoded });
    }
    for range in inner {
        let (head, start) = headers(bytes, range.clone());
        collect(bytes, head, start..range.end, depth - 1, found);
    }
}

/// The `boundary` parameter of a `Content-Type`.
fn boundary(field: &str) -> Option<String> {
    field.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// Where the parts lie between the lines `--boundary`, up to `--boundary--` or to the end where that is missing.
fn between(bytes: &[u8], body: Range<usize>, boundary: &str) -> Vec<Range<usize>> {
    let (mut found, mut start) = (Vec::new(), None);
    let end = body.end;
    let mut lines = Lines::new(bytes, body);
    while let Some(line) = lines.next() {
        let text = bytes.get(line.clone()).unwrap_or_default().trim_ascii_end();
        let Some(rest) = text.strip_prefix(b"--").and_then(|text| text.strip_prefix(boundary.as_bytes())) else {
            continue;
        };
        if !matches!(rest, b"" | b"--") {
            continue;
        }
        found.extend(start.replace(lines.at).map(|start| start..line.start));
        if rest == b"--" {
            return found;
        }
    }
    found.extend(start.map(|start| start..end));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiparts_within_each_other() {
        let head = "Content-Type: multipart/mixed;\r\n boundary=\"a b\"\r\n\r\n";
        let text = [
            head,
            "preamble\r\n--a b\r\nContent-Type: Application/SDP; x=y\r\n\r\nv=0\r\n--a b \r\nc: multipart/related; boundary=in\r\n\r\n",
            "--in\r\nContent-Type: application/dtmf\r\n\r\n5\r\n--inner\r\n--in--\r\n--a b\r\n\r\nplain\r\n--a b--\r\nepilogue",
        ]
        .concat();
        let found: Vec<_> = parts(text.as_bytes(), 0..head.len(), head.len()..text.len())
            .into_iter()
            .map(|part| (part.content_type, text.get(part.body).unwrap().to_owned()))
            .collect();
        let expected = [("application/sdp", "v=0\r\n"), ("application/dtmf", "5\r\n--inner\r\n"), ("", "plain\r\n")];
        assert_eq!(found, expected.map(|(kind, body)| (kind.to_owned(), body.to_owned())));
    }

    #[test]
    fn a_part_without_an_end_goes_on_to_the_end() {
        let text = b"c: multipart/mixed;boundary=x\n\n--x\nContent-Encoding: gzip\n\nabc";
        let found = parts(text, 0..30, 31..text.len());
        assert_eq!(found, [Part { content_type: String::new(), body: text.len() - 3..text.len(), encoded: true }]);
    }
}
