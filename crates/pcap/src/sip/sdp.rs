//! [`Audio`]: the audio streams of a session description.
//!
//! A description that breaks the rules is read as far as it makes sense: what cannot be read is as if it were not there.

use std::net::IpAddr;
use std::ops::Range;

use crate::sip::lines::{Lines, trim};

/// Payload types are 7 bits.
const MAX_PAYLOAD_TYPE: u8 = 127;

/// What carries a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// `RTP/AVP`.
    Avp,
    /// `RTP/AVPF`.
    Avpf,
    /// `RTP/SAVP`: encrypted.
    Savp,
    /// `RTP/SAVPF`: encrypted.
    Savpf,
    /// `UDP/TLS/RTP/SAVP`: encrypted.
    DtlsSavp,
    /// `UDP/TLS/RTP/SAVPF`: encrypted.
    DtlsSavpf,
    /// Any other.
    Other,
}

impl Transport {
    fn parse(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "RTP/AVP" => Self::Avp,
            "RTP/AVPF" => Self::Avpf,
            "RTP/SAVP" => Self::Savp,
            "RTP/SAVPF" => Self::Savpf,
            "UDP/TLS/RTP/SAVP" => Self::DtlsSavp,
            "UDP/TLS/RTP/SAVPF" => Self::DtlsSavpf,
            _ => Self::Other,
        }
    }

    /// Whether what it carries is encrypted.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Savp | Self::Savpf | Self::DtlsSavp | Self::DtlsSavpf)
    }
}

/// What a payload type stands for: `a=rtpmap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpMap {
    /// The encoding, as it was written; upper and lower case are the same.
    pub encoding: String,
    /// The clock rate in Hz.
    pub rate_hz: u32,
    /// Channels; 1 where that is not said.
    pub channels: u8,
}

/// A payload type of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its number, from 0 to 127.
    pub number: u8,
    /// What it stands for; `None` where the description leaves that to the fixed numbers of RFC 3551.
    pub map: Option<RtpMap>,
}

/// An audio stream that one side is ready to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where to; `None` where a host name or nothing stands there. All zeros were how a call was held.
    pub address: Option<IpAddr>,
    /// The port; 0 where the stream is refused.
    pub port: u16,
    /// What carries it.
    pub transport: Transport,
    /// Its payload types, in the order of preference.
    pub payloads: Vec<Payload>,
    /// Whether it is encrypted, or may be: by its transport, or as there are keys for it (`a=crypto`, `a=fingerprint`, `a=key-mgmt`).
    pub encrypted: bool,
    /// Milliseconds of audio in a packet.
    pub ptime_ms: Option<u32>,
}

impl Audio {
    /// Reads what is behind `m=`; `None` where that is no audio.
    fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        if !words.next()?.eq_ignore_ascii_case("audio") {
            return None;
        }
        // Behind a slash is a number of ports, for streams in layers.
        let port = words.next().and_then(|word| word.split('/').next()?.parse().ok()).unwrap_or(0);
        let transport = words.next().map_or(Transport::Other, Transport::parse);
        let mut audio = Self { address: None, port, transport, payloads: Vec::new(), encrypted: transport.is_encrypted(), ptime_ms: None };
        words.filter_map(|word| word.parse().ok()).for_each(|number| {
            audio.payload(number);
        });
        Some(audio)
    }

    /// The payload type of that number, which is added where it is missing.
    fn payload(&mut self, number: u8) -> Option<&mut Payload> {
        if number > MAX_PAYLOAD_TYPE {
            return None;
        }
        let index = self.payloads.iter().position(|payload| payload.number == number).unwrap_or_else(|| {
            self.payloads.push(Payload { number, map: None });
            self.payloads.len() - 1
        });
        self.payloads.get_mut(index)
    }

    /// Takes an attribute of this stream.
    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "rtpmap" => {
                if let Some((number, map)) = rtp_map(value)
                    && let Some(payload) = self.payload(number)
                {
                    payload.map = Some(map);
                }
            }
            "ptime" => self.ptime_ms = value.split('.').next().and_then(|ms| ms.trim().parse().ok()),
            _ => {}
        }
    }
}

/// Reads the description in a range of a payload.
pub(crate) fn audio(payload: &[u8], body: Range<usize>) -> Vec<Audio> {
    let (mut found, mut current): (Vec<Audio>, Option<Audio>) = (Vec::new(), None);
    // What is said before the first stream holds for all that say nothing else.
    let (mut address, mut keyed, mut in_session) = (None, false, true);
    // Whether the stream has said where to by itself.
    let mut own = false;
    for line in Lines::new(payload, body) {
        let text = String::from_utf8_lossy(payload.get(trim(payload, line)).unwrap_or_default());
        let Some((kind, value)) = text.split_once('=') else {
            continue;
        };
        let (name, rest) = value.split_once(':').unwrap_or((value, ""));
        let is_key = matches!(name.trim(), "crypto" | "fingerprint" | "key-mgmt");
        match (kind.trim(), &mut current) {
            ("m", _) => {
                found.extend(current.take());
                (current, in_session, own) = (Audio::parse(value), false, false);
                if let Some(audio) = &mut current {
                    audio.address = address;
                    audio.encrypted |= keyed;
                }
            }
            ("c", Some(audio)) if !own => (audio.address, own) = (connection(value), true),
            ("c", None) if in_session => address = connection(value),
            ("a", Some(audio)) if is_key => audio.encrypted = true,
            ("a", None) if in_session => keyed |= is_key,
            ("a", Some(audio)) => audio.attribute(name.trim(), rest.trim()),
            _ => {}
        }
    }
    found.extend(current);
    found
}

/// Reads `IN IP4 192.0.2.1/127`.
fn connection(value: &str) -> Option<IpAddr> {
    value.split_ascii_whitespace().nth(2)?.split('/').next()?.parse().ok()
}

/// Reads `101 telephone-event/8000`.
fn rtp_map(value: &str) -> Option<(u8, RtpMap)> {
    let (number, map) = value.split_once([' ', '\t'])?;
    let mut fields = map.trim().split('/');
    let (encoding, rate_hz) = (fields.next()?.trim().to_owned(), fields.next()?.trim().parse().ok()?);
    let channels = fields.next().and_then(|channels| channels.trim().parse().ok()).unwrap_or(1);
    Some((number.parse().ok()?, RtpMap { encoding, rate_hz, channels }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Audio> {
        audio(text.as_bytes(), 0..text.len())
    }

    fn payload(number: u8, encoding: &str, rate_hz: u32, channels: u8) -> Payload {
        Payload { number, map: Some(RtpMap { encoding: encoding.into(), rate_hz, channels }) }
    }

    #[test]
    fn a_plain_offer() {
        let found = read(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170/2 RTP/AVP 0 8 97 101\r\n\
             a=rtpmap:97 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        );
        let bare = |number| Payload { number, map: None };
        let payloads = vec![bare(0), bare(8), payload(97, "opus", 48_000, 2), payload(101, "telephone-event", 8_000, 1)];
        let address = Some([192, 0, 2, 1].into());
        assert_eq!(found, [Audio { address, port: 49_170, transport: Transport::Avp, payloads, encrypted: false, ptime_ms: Some(20) }]);
    }

    #[test]
    fn each_stream_has_its_own() {
        let found = read(
            "v=0\nc=IN IP4 192.0.2.1/127\nm=video 1 RTP/AVP 96\nc=IN IP4 192.0.2.7\na=crypto:1\nm=audio 2 RTP/AVP 0\nc=IN IP6 2001:db8::1\n\
             m=audio 3 RTP/AVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=audio 0 UDP/TLS/RTP/SAVPF 0\nc=IN IP4 host.example\n",
        );
        let short: Vec<_> = found.iter().map(|audio| (audio.address.map(|ip| ip.to_string()), audio.port, audio.encrypted)).collect();
        let ip = |text: &str| Some(text.to_owned());
        assert_eq!(short, [(ip("2001:db8::1"), 2, false), (ip("192.0.2.1"), 3, true), (None, 0, true)]);
    }

    #[test]
    fn the_first_address_of_a_stream_counts() {
        let found = read("v=0\nm=audio 2 RTP/AVP 0\nc=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n");
        assert_eq!(found[0].address, Some([192, 0, 2, 1].into()));
    }

    #[test]
    fn keys_of_the_session_are_for_all() {
        assert!(read("v=0\na=fingerprint:sha-256 AB\nm=audio 2 RTP/AVP 0\n").iter().all(|audio| audio.encrypted));
    }

    #[test]
    fn what_makes_no_sense_is_not_there() {
        let found = read(
            "a\n=\nm=audio\nm=audio x y 0 0 128 -1 z\na=rtpmap:\na=rtpmap:1 x\na=rtpmap:200 x/1\na=rtpmap:9 G722/8000/x\nc=IN\na=ptime:x",
        );
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].port, found[0].transport, found[0].payloads.len()), (0, Transport::Other, 0));
        assert_eq!(found[1].payloads, [Payload { number: 0, map: None }, payload(9, "G722", 8_000, 1)]);
    }
}
