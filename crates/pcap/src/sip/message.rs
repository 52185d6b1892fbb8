//! [`Message`]: a SIP message in a payload.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::sip::keys::{Keys, keys};
use crate::sip::lines::{Lines, header, headers};
use crate::sip::part::{Part, parts};
use crate::sip::sdp::{Audio, audio};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Sets up a call, or changes it.
    Invite,
    /// Answers an answer.
    Ack,
    /// Ends a call.
    Bye,
    /// Gives up a call that is not answered.
    Cancel,
    /// Carries something within a call, such as a key.
    Info,
    /// Answers a provisional answer.
    Prack,
    /// Changes a call.
    Update,
    /// Tells of an event, such as a key.
    Notify,
    /// Any other.
    Other,
}

/// What a message is by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request.
    Request(Method),
    /// A response, with its status from 100 to 699.
    Response(u16),
}

/// A SIP message. `Debug` tells what it is, and nothing that it says.
#[derive(Clone)]
pub struct Message<'a> {
    payload: &'a [u8],
    start: Start,
    head: Range<usize>,
    body: Range<usize>,
}

impl<'a> Message<'a> {
    /// Reads a payload as a SIP message; `None` where its first line is that of none. Empty lines before it are passed over.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let begin = payload.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
        let mut lines = Lines::new(payload, begin..payload.len());
        let start = start(payload.get(lines.next()?)?)?;
        let (head, body) = headers(payload, lines.at..payload.len());
        Some(Self { payload, start, head, body: body..payload.len() })
    }

    /// What it is.
    #[must_use]
    pub const fn start(&self) -> Start {
        self.start
    }

    /// `Call-ID`, the same in all messages of a call.
    #[must_use]
    pub fn call_id(&self) -> Option<Cow<'a, str>> {
        self.header("Call-ID", "i")
    }

    /// `Content-Type` with its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<Cow<'a, str>> {
        self.header("Content-Type", "c")
    }

    /// `Content-Length`, which is not followed: where it is not that of [`body`](Self::body), the message was cut or something hides in it.
    #[must_use]
    pub fn content_length(&self) -> Option<usize> {
        self.header("Content-Length", "l")?.parse().ok()
    }

    /// The first header of a name, or of its compact form of one letter (empty where it has none), folded lines joined.
    #[must_use]
    pub fn header(&self, name: &str, compact: &str) -> Option<Cow<'a, str>> {
        header(self.payload, self.head.clone(), name, compact)
    }

    /// Where the body lies in the payload: from the empty line to the end.
    #[must_use]
    pub fn body(&self) -> Range<usize> {
        self.body.clone()
    }

    /// The parts of the body: one, but for a multipart. One that cannot be taken apart is a part as it stands.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        parts(self.payload, self.head.clone(), self.body())
    }

    /// The audio streams that its session descriptions offer or accept.
    #[must_use]
    pub fn audio(&self) -> Vec<Audio> {
        let is_sdp = |part: &Part| match part.content_type.as_str() {
            "application/sdp" => true,
            "" => self.payload.get(part.body.clone()).is_some_and(|body| body.trim_ascii_start().starts_with(b"v=0")),
            _ => false,
        };
        let parts = self.parts();
        parts.iter().filter(|part| !part.encoded && is_sdp(part)).flat_map(|part| audio(self.payload, part.body.clone())).collect()
    }

    /// Where the body says which keys were pressed. Any message is looked at, since what an `INFO` says is also repeated in others.
    #[must_use]
    pub fn keys(&self) -> Keys {
        let mut found = Keys::default();
        self.parts().iter().for_each(|part| keys(self.payload, part, &mut found));
        found
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("start", &self.start).field("body", &self.body).finish_non_exhaustive()
    }
}

/// Reads a first line: `METHOD URI SIP/2.0`, or `SIP/2.0 STATUS REASON`.
fn start(line: &[u8]) -> Option<Start> {
    const VERSION: &[u8] = b"SIP/2.0";
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let first = words.next()?;
    if first.eq_ignore_ascii_case(VERSION) {
        let status = str::from_utf8(words.next()?).ok()?.parse().ok()?;
        return (100..700).contains(&status).then_some(Start::Response(status));
    }
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte);
    let last = words.next().and_then(|_uri| words.next_back())?;
    if !first.iter().all(is_token) || !last.eq_ignore_ascii_case(VERSION) {
        return None;
    }
    Some(Start::Request(match first {
        b"INVITE" => Method::Invite,
        b"ACK" => Method::Ack,
        b"BYE" => Method::Bye,
        b"CANCEL" => Method::Cancel,
        b"INFO" => Method::Info,
        b"PRACK" => Method::Prack,
        b"UPDATE" => Method::Update,
        b"NOTIFY" => Method::Notify,
        _ => Method::Other,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        let start = |text: &'static str| Message::parse(text.as_bytes()).map(|message| message.start());
        assert_eq!(start("INVITE sip:a@b SIP/2.0\r\n\r\n"), Some(Start::Request(Method::Invite)));
        assert_eq!(start("\r\n\r\nINFO sip:a@b;x=y SIP/2.0\n"), Some(Start::Request(Method::Info)));
        assert_eq!(start("X-NEW tel:1 sip/2.0 "), Some(Start::Request(Method::Other)));
        assert_eq!(start("SIP/2.0 183 Session Progress\r\n"), Some(Start::Response(183)));
        assert_eq!(start("SIP/2.0 200"), Some(Start::Response(200)));
        for other in ["", "\r\n\r\n", "SIP/2.0 99 x", "SIP/2.0 700", "SIP/2.0 2x", "GET / HTTP/1.1\r\n", "SIP/2.0", "a\u{e9} b SIP/2.0"] {
            assert_eq!(start(other), None, "{other}");
        }
    }

    #[test]
    fn headers_in_every_form() {
        let text = b"BYE sip:a SIP/2.0\r\ni:\r\n call@host\r\nL : 12 \r\nC: a/b;c=d\r\n\r\nCall-ID: no";
        let message = Message::parse(text).unwrap();
        assert_eq!(message.call_id().unwrap(), "call@host");
        assert_eq!((message.content_length(), message.content_type().unwrap().as_ref()), (Some(12), "a/b;c=d"));
        assert_eq!(text.get(message.body()).unwrap(), b"Call-ID: no");
        let body = message.body();
        assert_eq!(format!("{message:?}"), format!("Message {{ start: Request(Bye), body: {body:?}, .. }}"));
    }
}
