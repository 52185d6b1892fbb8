//! What a person asks of a session and of a channel.

use crate::error::SessionError;
use cardhush_core::{Config, Fill, Isa, KeyedConfig, Linking, SpokenConfig};

/// Longest wait for a packet, in ms.
pub const MAX_WAIT_MS: u32 = 2_000;
/// Payload types of one channel at most.
pub const MAX_FORMATS: usize = 8;

/// Settings of a session; `Default` is the recommended one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Channels at one time at most: each has storage from the start.
    pub channels: u8,
    /// How long a packet that is missing is waited for, in ms, 0 to [`MAX_WAIT_MS`]. Where none is missing nothing waits.
    pub wait_ms: u32,
    /// How far the analysis looks ahead; `None`: as far as the stages ask for, 8 s with spoken digits, 0.7 s without.
    pub look_ahead_ms: Option<u32>,
    /// Keyed digits in the audio; `None`: not looked for. Those that telephone-events tell of go whatever is set here.
    pub keyed: Option<KeyedConfig>,
    /// Spoken digits; `None`: not listened for.
    pub spoken: Option<SpokenConfig>,
    /// Whether a key masks every channel or its own alone.
    pub linking: Linking,
    /// What masked audio is filled with.
    pub fill: Fill,
    /// What becomes of telephone-events.
    pub events: EventFate,
}

/// What becomes of a telephone-event (RFC 4733) of a key; those of other things are left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventFate {
    /// Its digit becomes `*` (event 10), which no card number has; its times and its level stay.
    #[default]
    Rewrite,
    /// Packets that hold nothing but events of keys do not come out; where a packet holds audio as well, the event is rewritten.
    Drop,
}

/// How the payload of one payload type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// G.711 mu-law, 8 kHz (RFC 3551, payload type 0 by default).
    Pcmu,
    /// G.711 A-law, 8 kHz (RFC 3551, payload type 8 by default).
    Pcma,
    /// 16-bit linear, big-endian, one channel (RFC 3551, 4.5.11).
    L16 {
        /// 8,000 to 48,000 samples a second.
        rate_hz: u32,
    },
    /// Comfort noise (RFC 3389, payload type 13): holds no audio, and comes out as it came in.
    ComfortNoise,
    /// telephone-event (RFC 4733), in the clock of the channel's audio.
    Event,
    /// Redundant data (RFC 2198): blocks of the channel's other formats.
    Redundant,
}

impl Payload {
    /// Samples a second, of audio.
    #[must_use]
    pub const fn rate_hz(self) -> Option<u32> {
        match self {
            Self::Pcmu | Self::Pcma => Some(8_000),
            Self::L16 { rate_hz } => Some(rate_hz),
            Self::ComfortNoise | Self::Event | Self::Redundant => None,
        }
    }

    /// Bytes of a sample, of audio.
    pub(crate) const fn sample_bytes(self) -> Option<usize> {
        match self {
            Self::Pcmu | Self::Pcma => Some(1),
            Self::L16 { .. } => Some(2),
            Self::ComfortNoise | Self::Event | Self::Redundant => None,
        }
    }
}

/// The payload types of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    known: [Option<(u8, Payload)>; MAX_FORMATS],
    rate_hz: u32,
}

impl Formats {
    /// Of a channel with these payload types, as they were negotiated (SDP `a=rtpmap`) or agreed.
    ///
    /// # Errors
    /// [`SessionError::NoAudio`], [`SessionError::Formats`], [`SessionError::Rate`].
    pub fn new(formats: &[(u8, Payload)]) -> Result<Self, SessionError> {
        if formats.len() > MAX_FORMATS {
            return Err(SessionError::Formats { given: formats.len(), most: MAX_FORMATS });
        }
        for (i, (payload_type, _)) in formats.iter().enumerate() {
            if formats.iter().skip(i + 1).any(|(other, _)| other == payload_type) {
                return Err(SessionError::Twice { payload_type: *payload_type });
            }
        }
        let rate_hz = formats.iter().find_map(|(_, payload)| payload.rate_hz()).ok_or(SessionError::NoAudio)?;
        for (payload_type, payload) in formats {
            let other = payload.rate_hz().filter(|rate| *rate != rate_hz || !(8_000..=48_000).contains(rate));
            if let Some(rate_hz) = other {
                return Err(SessionError::Rate { payload_type: *payload_type, rate_hz });
            }
        }
        let mut known = [None; MAX_FORMATS];
        known.iter_mut().zip(formats).for_each(|(place, format)| *place = Some(*format));
        Ok(Self { known, rate_hz })
    }

    /// What RFC 3551 gives without any agreement, and 101 for events, as nearly everybody does.
    #[must_use]
    pub fn g711() -> Self {
        let mut known = [None; MAX_FORMATS];
        let usual = [(0, Payload::Pcmu), (8, Payload::Pcma), (13, Payload::ComfortNoise), (101, Payload::Event)];
        known.iter_mut().zip(usual).for_each(|(place, format)| *place = Some(format));
        Self { known, rate_hz: 8_000 }
    }

    /// Samples a second.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// How a payload type is written, if the channel was told.
    #[must_use]
    pub fn of(&self, payload_type: u8) -> Option<Payload> {
        self.known.iter().flatten().find(|(known, _)| *known == payload_type).map(|(_, payload)| *payload)
    }

    /// Whether samples may be sent more than once.
    pub(crate) fn is_redundant(&self) -> bool {
        self.known.iter().flatten().any(|(_, payload)| *payload == Payload::Redundant)
    }

    /// Bytes of a sample at most.
    pub(crate) fn sample_bytes(&self) -> usize {
        self.known.iter().flatten().filter_map(|(_, payload)| payload.sample_bytes()).max().unwrap_or(1)
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            channels: 2,
            wait_ms: 1_000,
            look_ahead_ms: None,
            keyed: Some(KeyedConfig::default()),
            spoken: Some(SpokenConfig::default()),
            linking: Linking::default(),
            fill: Fill::default(),
            events: EventFate::default(),
        }
    }
}

impl SessionConfig {
    /// The engine's settings: all channels at 8 kHz.
    pub(crate) fn engine(&self) -> Result<Config, SessionError> {
        if self.wait_ms > MAX_WAIT_MS {
            return Err(SessionError::Wait { wait_ms: self.wait_ms, most: MAX_WAIT_MS });
        }
        let mut config = Config::new(8_000, self.channels);
        config.look_ahead_ms = self.look_ahead_ms;
        config.keyed = self.keyed;
        config.spoken = self.spoken;
        config.linking = self.linking;
        config.fill = self.fill;
        config.isa = Isa::detect();
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_one_rate_are_taken_and_others_named() {
        let wide = Formats::new(&[(96, Payload::L16 { rate_hz: 16_000 }), (97, Payload::Redundant), (98, Payload::Event)]).unwrap();
        assert_eq!((wide.rate_hz(), wide.of(98), wide.of(0), wide.sample_bytes()), (16_000, Some(Payload::Event), None, 2));
        assert_eq!(Formats::new(&[(101, Payload::Event)]), Err(SessionError::NoAudio));
        let two = [(0, Payload::Pcmu), (96, Payload::L16 { rate_hz: 16_000 })];
        assert_eq!(Formats::new(&two), Err(SessionError::Rate { payload_type: 96, rate_hz: 16_000 }));
        let high = [(96, Payload::L16 { rate_hz: 96_000 })];
        assert_eq!(Formats::new(&high), Err(SessionError::Rate { payload_type: 96, rate_hz: 96_000 }));
        assert_eq!(Formats::new(&[(0, Payload::Pcmu), (0, Payload::Pcma)]), Err(SessionError::Twice { payload_type: 0 }));
        assert!(matches!(Formats::new(&[(0, Payload::Pcmu); 9]), Err(SessionError::Formats { given: 9, most: 8 })));
        assert_eq!(Formats::g711().of(101), Some(Payload::Event));
    }

    #[test]
    fn settings_beyond_their_limits_are_named() {
        let engine = |change: fn(&mut SessionConfig)| {
            let mut config = SessionConfig::default();
            change(&mut config);
            config.engine()
        };
        assert!(engine(|_| ()).is_ok());
        assert_eq!(engine(|c| c.wait_ms = 2_001).unwrap_err(), SessionError::Wait { wait_ms: 2_001, most: 2_000 });
        assert!(matches!(engine(|c| c.channels = 0).unwrap_err(), SessionError::Config(_)));
    }
}
