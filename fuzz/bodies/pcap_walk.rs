//! Any bytes as a capture, and any packet and payload in it: what is found lies in the file, and an edit changes what it names and no other byte.

use std::io::Cursor;

use cardhush_pcap::sip::Message;
use cardhush_pcap::{Datagram, Packet, Reader};

/// Checks one file.
///
/// # Panics
/// Where something is found that is not there.
pub fn pcap_walk(file: &[u8]) {
    let Ok(mut reader) = Reader::new(Cursor::new(file)) else {
        return;
    };
    let (mut number, mut end) = (0, 0);
    let outcome = loop {
        match reader.next_packet() {
            Ok(Some(packet)) => {
                assert!(packet.number > number);
                number = packet.number;
                assert!(packet.offset >= end, "packets overlap");
                let start = packet.offset as usize;
                assert!(file[start..start + packet.bytes.len()] == *packet.bytes, "the bytes are not at the offset");
                end = packet.offset + packet.bytes.len() as u64;
                any_packet(&packet);
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    match outcome {
        Ok(()) => assert!(matches!(reader.next_packet(), Ok(None))),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(reader.next_packet().is_err(), "goes on behind an error");
        }
    }
}

/// Checks one packet, of any link type.
///
/// # Panics
/// Where something is found that is not there, or an edit changes another byte.
pub fn any_packet(packet: &Packet<'_>) {
    let Ok(datagram) = Datagram::of(packet) else {
        return;
    };
    let payload = datagram.payload(packet.bytes);
    assert_eq!(payload.len(), datagram.payload.len());
    assert!(datagram.payload.end <= packet.bytes.len());
    any_payload(payload);

    let mut edited = packet.bytes.to_vec();
    let middle = payload.len() / 2;
    let new: Vec<u8> = payload[middle..].iter().map(|byte| !byte).collect();
    datagram.replace(&mut edited, middle..payload.len(), &new).expect("the bytes are there");
    let span = datagram.span();
    assert!(edited[..span.start] == packet.bytes[..span.start] && edited[span.end..] == packet.bytes[span.end..]);
    assert!(edited[datagram.payload.clone()] == *[&payload[..middle], &new].concat());
    assert_eq!(Datagram::of(&Packet { bytes: &edited, ..*packet }), Ok(datagram), "an edit changes what a packet is");
}

/// Checks one payload.
///
/// # Panics
/// Where something is found that is not there.
pub fn any_payload(payload: &[u8]) {
    let Some(message) = Message::parse(payload) else {
        return;
    };
    assert!(message.body().end == payload.len() && message.body().start <= payload.len());
    let _ = (message.call_id(), message.content_type(), message.content_length());
    let mut end = message.body().start;
    for part in message.parts() {
        assert!(part.body.start >= end && part.body.end <= payload.len(), "parts overlap, or lie elsewhere");
        end = part.body.end;
    }
    let mut end = message.body().start;
    for key in message.keys().keys {
        assert!(key.range.start >= end && key.range.end <= payload.len() && !key.range.is_empty(), "keys overlap, or lie elsewhere");
        end = key.range.end;
    }
    for audio in message.audio() {
        assert!(audio.payloads.iter().all(|payload| payload.number < 128));
    }
}
