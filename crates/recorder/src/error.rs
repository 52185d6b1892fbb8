//! What can go wrong when a session is set up, and why a packet is not taken.

use cardhush_core::ConfigError;

/// A session or a channel that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A setting of the engine.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A setting of the session.
    #[error("wait_ms is {wait_ms}: at most {most}")]
    Wait {
        /// What was given.
        wait_ms: u32,
        /// The limit.
        most: u32,
    },
    /// Every channel is taken, or was removed so short a while ago that its audio has not left.
    #[error("all {channels} channels of the session are in use")]
    Full {
        /// What the session has.
        channels: u8,
    },
    /// The system has no memory for it.
    #[error("no memory: {bytes} bytes more are needed")]
    Memory {
        /// What was asked for.
        bytes: usize,
    },
    /// Two formats under one number.
    #[error("payload type {payload_type} stands for two formats")]
    Twice {
        /// The number.
        payload_type: u8,
    },
    /// No format, or none of audio.
    #[error("a channel needs the payload type of one audio coding at least")]
    NoAudio,
    /// More formats than a channel can have.
    #[error("{given} payload types: a channel takes {most}")]
    Formats {
        /// What was given.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// Audio codings of several rates, or of one that the engine does not take.
    #[error("payload type {payload_type} has {rate_hz} Hz: the rates of a channel are one, of 8000 to 48000 Hz")]
    Rate {
        /// Its number.
        payload_type: u8,
        /// What was given.
        rate_hz: u32,
    },
}

/// Why a packet was not taken: it is not stored, and nothing of it will come out. Holds nothing that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// Not RTP.
    #[error("{len} bytes are no RTP packet: {why}")]
    Rtp {
        /// What is wrong.
        why: &'static str,
        /// Bytes of the packet.
        len: usize,
    },
    /// A payload whose parts cannot be told.
    #[error("payload type {payload_type}, {len} bytes: {why}")]
    Payload {
        /// Its number.
        payload_type: u8,
        /// What is wrong.
        why: &'static str,
        /// Bytes of the payload.
        len: usize,
    },
    /// RTCP on the same port (RFC 5761): holds no audio, and is not the session's to keep.
    #[error("RTCP, which is not taken: it holds no audio")]
    Rtcp,
    /// A payload type that the channel was not told of: it cannot be read, so it cannot be scrubbed.
    #[error("payload type {payload_type} is none of this channel's: it cannot be read")]
    Unknown {
        /// Its number.
        payload_type: u8,
    },
    /// The payload looks encrypted (SRTP): its bytes are as even as noise. The channel takes nothing any more.
    #[error("the payload is as even as noise: SRTP must be decrypted first")]
    Encrypted,
    /// A larger packet than a session takes.
    #[error("a packet of {len} bytes: at most {most} are taken")]
    TooLong {
        /// Its bytes.
        len: usize,
        /// The limit.
        most: usize,
    },
    /// More packets came than the look-ahead can hold.
    #[error("{held} bytes wait for their look-ahead already, and no more can")]
    Flooded {
        /// Bytes that wait.
        held: usize,
    },
    /// There is no such channel any more.
    #[error("no such channel, or it was removed")]
    NoChannel,
}
