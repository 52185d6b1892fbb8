//! Claim: messages are understood as they are sent, by the rules and against them.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_pcap::sip::{Audio, KeyForm, Message, Method, Payload, RtpMap, Start, Transport};

/// RFC 4475, 3.1.1.1: "A Short Tortuous INVITE".
const TORTUOUS: &str = r#"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"#;

#[test]
fn a_tortuous_invite() {
    let text = TORTUOUS.replace('\n', "\r\n");
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.start(), Start::Request(Method::Invite));
    assert_eq!(message.call_id().unwrap(), "wsinv.ndaksdj@192.0.2.1");
    assert_eq!((message.content_length(), message.body().len()), (Some(150), 150));
    assert_eq!(message.header("To", "t").unwrap(), "sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n");
    assert_eq!(message.header("CSeq", "").unwrap(), "0009 INVITE");
    assert_eq!(message.header("Subject", "s").unwrap(), "");
    let payloads = [0, 12].map(|number| Payload { number, map: None }).to_vec();
    let audio =
        Audio { address: Some([192, 0, 2, 4].into()), port: 49_217, transport: Transport::Avp, payloads, encrypted: false, ptime_ms: None };
    assert_eq!(message.audio(), [audio]);
    assert_eq!(message.keys(), Default::default());
}

/// An answer of a gateway to a trunk: the description is one of two parts.
#[test]
fn an_answer_in_two_parts() {
    let text = "SIP/2.0 200 OK\r\ni: a@b\r\nc: multipart/mixed;boundary=\"unique-1\"\r\nl: 0\r\n\r\n--unique-1\r\n\
                Content-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x06\x00\r\n\
                --unique-1\r\nContent-Type: application/SDP\r\n\r\nv=0\r\nc=IN IP6 2001:db8::7\r\nm=audio 4000 RTP/SAVP 8 101\r\n\
                a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n--unique-1--\r\n";
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!((message.start(), message.call_id().unwrap().as_ref()), (Start::Response(200), "a@b"));
    let kinds: Vec<_> = message.parts().into_iter().map(|part| part.content_type).collect();
    assert_eq!(kinds, ["application/isup", "application/sdp"]);
    let event = RtpMap { encoding: "telephone-event".into(), rate_hz: 8_000, channels: 1 };
    let audio = Audio {
        address: Some("2001:db8::7".parse().unwrap()),
        port: 4_000,
        transport: Transport::Savp,
        payloads: vec![Payload { number: 8, map: None }, Payload { number: 101, map: Some(event) }],
        encrypted: true,
        ptime_ms: Some(20),
    };
    assert_eq!(message.audio(), [audio]);
    assert!(!format!("{message:?} {:?}", message.audio()).contains("c2VjcmV0"));
}

/// A description without a type is one by its first line; a body longer than it says is read all the same.
#[test]
fn against_the_rules() {
    let message = Message::parse(b"ACK sip:a SIP/2.0\n\nv=0\nm=audio 4000 RTP/AVP 0\n").unwrap();
    assert_eq!(message.audio().len(), 1);
    let text = b"INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\nContent-Length: 0\r\n\r\nSignal=5\r\n";
    let keys = Message::parse(text).unwrap().keys().keys;
    assert_eq!(keys.len(), 1);
    assert_eq!((&text[keys[0].range.clone()], keys[0].form), (&b"5"[..], KeyForm::Text));
    // The empty line before the body is missing: no body, and a key that should be in it was not found.
    let message = Message::parse(b"INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\nSignal=5\r\n").unwrap();
    assert!(message.body().is_empty() && message.keys().keys.is_empty());
    assert_eq!(message.keys().unread, 1);
}

#[test]
fn debug_shows_no_key() {
    let message = Message::parse(b"INFO sip:5551234 SIP/2.0\r\nContent-Type: application/dtmf\r\n\r\n#").unwrap();
    let text = format!("{message:?} {:?}", message.keys());
    assert!(!text.contains('#') && !text.contains("5551234"), "{text}");
}
