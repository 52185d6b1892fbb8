//! A lossless view of packet captures: where the UDP payloads are, and how to replace bytes of them in place.
//!
//! Sits between a file and those who know what the payloads mean. [`Reader`] hands out the packets of a pcap or pcapng file one by one, in the
//! memory of one; [`Datagram::of`] finds the UDP payload of a packet, or says why there is none ([`Unread`]); [`sip`] reads the messages that set up
//! calls; [`Datagram::replace`] overwrites bytes of a payload and mends the checksum by what they change. Lengths never change, so a capture is
//! scrubbed by copying the file and writing [`Datagram::span`] of each edited packet where it came from: every other byte stays, and so do
//! blocks and options that nobody knows.
//!
//! A file is read to its end or refused: one that ends within a packet is [`PcapError::Truncated`]. What a packet holds that is not read is never
//! passed over in silence, so that a caller can refuse to call a capture clean: fragments (which are not put together), SIP over TCP, packets
//! within packets. Captures hold copies, too: an ICMP error quotes the datagram that it is about, which is read as
//! one ([`Datagram::quoted`]).
//!
//! Offsets are `u64` bytes from the start of the file; ranges are bytes of a packet or of a payload; times are nanoseconds since 1970.
//!
//! Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; RFC 768, 791, 792, 4443, 8200; RFC 1624 (checksums); RFC 3261 (SIP), RFC 8866 (SDP).
//!
//! ```
//! use cardhush_pcap::{Datagram, Reader, sip};
//! use std::io::{Cursor, Seek, SeekFrom, Write};
//!
//! // A packet of raw IPv4 with a SIP message that tells a key.
//! let message = b"INFO sip:a SIP/2.0\r\nc:application/dtmf-relay\r\n\r\nSignal=5\r\n";
//! let len = 28 + message.len() as u8;
//! let headers = [
//!     &b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x65\0\0\0"[..],
//!     &[0, 0, 0, 0, 0, 0, 0, 0, len, 0, 0, 0, len, 0, 0, 0],
//!     &[0x45, 0, 0, len, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2],
//!     &[0x13, 0xC4, 0x13, 0xC4, 0, len - 20, 0x5E, 0x42],
//! ];
//! let file = [headers.concat(), message.to_vec()].concat();
//!
//! let mut copy = Cursor::new(file.clone());
//! let mut reader = Reader::new(Cursor::new(&file))?;
//! while let Some(packet) = reader.next_packet()? {
//!     let Ok(datagram) = Datagram::of(&packet) else { continue };
//!     let mut bytes = packet.bytes.to_vec();
//!     if let Some(message) = sip::Message::parse(datagram.payload(packet.bytes)) {
//!         for key in message.keys().keys {
//!             let fill = vec![b'0'; key.range.len()];
//!             datagram.replace(&mut bytes, key.range, &fill)?;
//!         }
//!     }
//!     let span = datagram.span();
//!     copy.seek(SeekFrom::Start(packet.offset + span.start as u64))?;
//!     copy.write_all(&bytes[span])?;
//! }
//! let copy = copy.into_inner();
//! assert!(copy.ends_with(b"Signal=0\r\n"));
//! // The key, and the checksum in the UDP header.
//! let changed: Vec<_> = (0..file.len()).filter(|&at| file[at] != copy[at]).collect();
//! assert_eq!(changed, [67, file.len() - 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classic;
pub mod datagram;
pub mod error;
mod interface;
pub mod link;
mod ng;
mod order;
pub mod packet;
pub mod reader;
mod replace;
pub mod sip;
mod source;
mod tunnel;
pub mod unread;

pub use datagram::Datagram;
pub use error::{Malformed, PcapError, Unsupported};
pub use link::LinkType;
pub use packet::Packet;
pub use reader::{Format, MAX_PACKET_BYTES, Reader};
pub use unread::Unread;
