//! Keys that were pressed, as the body of a message tells them: where the bytes lie that say which.
//!
//! Of each type what the products that write it put there, and what those that read it would take:
//!
//! - `application/dtmf-relay` (Cisco) and `application/vnd.nortelnetworks.digits`: lines `Signal=5` or `d=5`, with white space anywhere; other lines, such as
//!   `Duration=160`, stay. `application/dtmf`: the key alone, or the same lines. All types with `dtmf` or `digits` in their name are read alike, as
//!   some write one and name it another.
//! - `application/kpml-response+xml` (RFC 4730) and `application/mediaservercontrol+xml` (RFC 5022): the attribute `digits` of the response.
//! - `audio/telephone-event` (Cisco, in `NOTIFY`): the payload of RFC 4733, four bytes, of which the first is the key; or the same in hexadecimal.

use std::ops::Range;

use crate::sip::lines::{Lines, split, trim};
use crate::sip::part::Part;

const KPML: &str = "application/kpml-response+xml";
const MSCML: &str = "application/mediaservercontrol+xml";
const EVENT: &str = "audio/telephone-event";

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyForm {
    /// In letters, one or more: overwrite each with the same letter.
    Text,
    /// As an event code of RFC 4733, one byte from 0 to 15.
    Event,
}

/// Where a key, or several in a row, are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The bytes of the payload to overwrite: all of those that tell the key, and no other.
    pub range: Range<usize>,
    /// How it is written there.
    pub form: KeyForm,
}

/// The keys of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Where they are written, in the order of the payload.
    pub keys: Vec<Key>,
    /// Parts that say that they tell a key, but where none was found: coded in a way that is not read, or cut before it; and multiparts
    /// that could not be taken apart.
    pub unread: usize,
}

/// Looks for keys in a part.
pub(crate) fn keys(payload: &[u8], part: &Part, found: &mut Keys) {
    let kind = part.content_type.as_str();
    let before = found.keys.len();
    let must_have_one = match kind {
        _ if kind.starts_with("multipart/") => true,
        _ if part.encoded => tells_keys(kind),
        KPML | MSCML => {
            attributes(payload, part.body.clone(), &mut found.keys);
            false
        }
        EVENT => {
            events(payload, part.body.clone(), &mut found.keys);
            true
        }
        _ if tells_keys(kind) => {
            found.keys.extend(Lines::new(payload, part.body.clone()).filter_map(|line| signal(payload, line)).map(text));
            true
        }
        _ => return,
    };
    found.unread += usize::from(must_have_one && found.keys.len() == before);
}

/// Names of lines that tell something else: how long and how loud a key is.
const OTHER: [&[u8]; 4] = [b"duration", b"volume", b"y", b"p"];

/// Whether parts of this type tell a key.
fn tells_keys(content_type: &str) -> bool {
    [KPML, MSCML, EVENT].contains(&content_type) || content_type.contains("dtmf") || content_type.contains("digits")
}

const fn text(range: Range<usize>) -> Key {
    Key { range, form: KeyForm::Text }
}

/// The key that a line tells: behind `Signal=` or `d=`, or the whole of a line that names nothing; and whatever is as short as a key behind a
/// name that is not known, for what it tells is not known either.
fn signal(payload: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let key = match split(payload, line.clone(), b"=:") {
        None => trim(payload, line),
        Some((name, value)) => {
            let name = payload.get(name)?;
            let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
            let other = OTHER.iter().any(|known| is(known));
            (is(b"signal") || is(b"d") || (value.len() <= 2 && !other)).then_some(value)?
        }
    };
    (!key.is_empty()).then_some(key)
}

/// The values of attributes `digits` that are not empty, one behind the other; one without its end quote goes on to the end.
fn attributes(payload: &[u8], body: Range<usize>, keys: &mut Vec<Key>) {
    const NAME: &[u8] = b"digits";
    let mut rest = payload.get(body.clone()).unwrap_or_default();
    while let Some(at) = rest.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME)) {
        rest = rest.get(at + NAME.len()..).unwrap_or_default();
        let value = rest.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start).and_then(<[u8]>::split_first);
        if let Some((quote @ (b'"' | b'\''), value)) = value {
            let len = value.iter().position(|byte| byte == quote).unwrap_or(value.len());
            let start = body.end - value.len();
            keys.extend((len > 0).then_some(text(start..start + len)));
            rest = value.get(len..).unwrap_or_default();
        }
    }
}

/// The event codes of telephone-events, one after the other in four bytes each, or in hexadecimal.
fn events(payload: &[u8], body: Range<usize>, keys: &mut Vec<Key>) {
    let inner = trim(payload, body.clone());
    let digits = payload.get(inner.clone()).unwrap_or_default();
    let prefix = if digits.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"0x")) { 2 } else { 0 };
    let digits = digits.get(prefix..).unwrap_or_default();
    if digits.len() >= 2 && digits.iter().all(u8::is_ascii_hexdigit) && (prefix > 0 || digits.len() >= 8) {
        let start = inner.start + prefix;
        keys.push(text(start..start + 2));
    } else {
        keys.extend(body.step_by(4).map(|at| Key { range: at..at + 1, form: KeyForm::Event }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Message;

    /// What is left of a body when its keys are overwritten, and how many parts were not read.
    fn masked(content_type: &str, body: &str) -> (String, usize) {
        let mut payload = format!("INFO sip:a@b SIP/2.0\r\nContent-Type: {content_type}\r\n\r\n{body}").into_bytes();
        let message = Message::parse(&payload).unwrap();
        let (start, Keys { keys, unread }) = (message.body().start, message.keys());
        for Key { range, form } in keys {
            payload[range].fill(if form == KeyForm::Text { b'?' } else { b'!' });
        }
        (String::from_utf8(payload.split_off(start)).unwrap(), unread)
    }

    #[test]
    fn a_key_behind_an_unknown_name_is_one() {
        assert_eq!(
            masked("application/dtmf-relay", "Signal=5\r\nDigit=7\r\nDuration=80\r\nVolume=9\r\n").0,
            "Signal=?\r\nDigit=?\r\nDuration=80\r\nVolume=9\r\n"
        );
    }

    #[test]
    fn lines_of_signals() {
        for kind in ["application/dtmf-relay", "Application/DTMF-Relay;x=y", "application/dtmf", "application/vnd.nortelnetworks.digits"] {
            for (body, expected) in [
                ("Signal=5\r\nDuration=160\r\n", "Signal=?\r\nDuration=160\r\n"),
                ("Signal = 5 \nDuration = 160", "Signal = ? \nDuration = 160"),
                ("Signal= 10\rDuration= 160", "Signal= ??\rDuration= 160"),
                ("  signal:#", "  signal:?"),
                ("p=Digit-Collection\r\ny=Digits\r\nd=5\r\n", "p=Digit-Collection\r\ny=Digits\r\nd=?\r\n"),
                ("\r\n5\r\n", "\r\n?\r\n"),
                ("Signal=1\nSignal=2", "Signal=?\nSignal=?"),
            ] {
                assert_eq!(masked(kind, body), (expected.into(), 0), "{kind}");
            }
            for body in ["Duration=160\r\n", "Signal=\r\n", " \r\n"] {
                assert_eq!(masked(kind, body), (body.into(), 1), "{kind}");
            }
            let (body, unread) = masked(&format!("{kind}\r\nContent-Encoding: gzip"), "5");
            assert_eq!((body.as_str(), unread), ("5", 1), "{kind}");
        }
        assert_eq!(masked("application/media_control+xml", "Signal=5"), ("Signal=5".into(), 0));
    }

    #[test]
    fn attributes_of_responses() {
        let kind = KPML;
        let (body, expected) =
            ("<kpml-response code=\"200\" digits=\"12#\" tag='5'/>", "<kpml-response code=\"200\" digits=\"???\" tag='5'/>");
        assert_eq!(masked(kind, body), (expected.into(), 0));
        let (body, expected) =
            ("<response request=\"playcollect\" digits=\"4111\"/>", "<response request=\"playcollect\" digits=\"????\"/>");
        assert_eq!(masked(MSCML, body), (expected.into(), 0));
        assert_eq!(masked(kind, "<kpml-response digits = '4"), ("<kpml-response digits = '?".into(), 0));
        assert_eq!(masked(kind, "digits='digits=\"1"), ("digits='?????????".into(), 0));
        assert_eq!(
            masked(kind, "<kpml-response digits=\"\" text=\"digits\"/>"),
            ("<kpml-response digits=\"\" text=\"digits\"/>".into(), 0)
        );
    }

    #[test]
    fn events_of_notify() {
        let kind = EVENT;
        assert_eq!(masked(kind, "\x05\x0A\x01\x20"), ("!\x0A\x01\x20".into(), 0));
        assert_eq!(masked(kind, "\x0A\x0A\x01\x20\x0D\x0A\x01\x20"), ("!\x0A\x01\x20!\x0A\x01\x20".into(), 0));
        assert_eq!(masked(kind, "0x050A0120\r\n"), ("0x??0A0120\r\n".into(), 0));
        assert_eq!(masked(kind, "050A0120"), ("??0A0120".into(), 0));
    }

    #[test]
    fn in_a_multipart() {
        for (kind, body) in [
            ("multipart/mixed", "--x\r\nContent-Type: application/dtmf\r\n\r\n5\r\n--x--\r\n"),
            ("multipart/mixed;boundary=y", "--x\r\nContent-Type: application/dtmf\r\n\r\n5\r\n--x--\r\n"),
            ("multipart/mixed;boundary=x", "--x\r\nContent-Type: application/dtmf\r\nContent-Transfer-Encoding: base64\r\n\r\nNQ=="),
            ("multipart/mixed;boundary=x", "--x\r\nContent-Type: application/dtmf\r\n"),
        ] {
            assert_eq!(masked(kind, body), (body.into(), 1));
        }
        let (body, unread) = masked("multipart/mixed;boundary=x", "--x\r\nContent-Type: application/dtmf\r\n\r\n5\r\n--x--\r\n");
        assert_eq!((body.as_str(), unread), ("--x\r\nContent-Type: application/dtmf\r\n\r\n?\r\n--x--\r\n", 0));
    }
}
