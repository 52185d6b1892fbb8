//! SIP messages in the payloads of datagrams: which call they are of, where its audio goes, and where digits stand in them.
//!
//! Read as tolerantly as real phones do: line ends of any kind, folded lines, compact names, bodies in `multipart` of any kind. What a phone might
//! take for a digit is found, rather than what the rules allow. A body goes on to the end of the datagram whatever `Content-Length` says, so that
//! nothing hides behind it. Ranges are bytes of the payload. Nothing here holds what a header or a body says of digits: neither does `Debug`.
//!
//! - [`message`]: the start line, the headers that matter, the parts of the body.
//! - [`sdp`]: audio streams of a session description: address, port, payload types, whether encrypted.
//! - [`keys`]: the bytes that say which key was pressed.
//!
//! Source: RFC 3261 (SIP), RFC 2046 (multipart), RFC 8866 (SDP), RFC 6086 (INFO), RFC 4730 (KPML).

pub mod keys;
mod lines;
pub mod message;
mod part;
pub mod sdp;

pub use keys::{Key, KeyForm, Keys};
pub use message::{Message, Method, Start};
pub use part::Part;
pub use sdp::{Audio, Payload, RtpMap, Transport};
