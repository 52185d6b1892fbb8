//! What a call says: one number, never renumbered, and its words.

use cardhush_core::ConfigError;
use cardhush_recorder::{PacketError, SessionError};
use std::ffi::{CStr, c_char};

/// What every fallible function returns: `CARDHUSH_OK`, `CARDHUSH_NONE`, or a negative `CARDHUSH_ERR_`. Numbers keep their meaning for ever; later versions may add some.
pub type cardhush_status = i32;

/// Done.
pub const CARDHUSH_OK: cardhush_status = 0;
/// Nothing is there to be taken, and nothing is wrong.
pub const CARDHUSH_NONE: cardhush_status = 1;
/// A pointer that must not be NULL is.
pub const CARDHUSH_ERR_NULL: cardhush_status = -1;
/// No handle, or one of another kind, or one that was freed.
pub const CARDHUSH_ERR_HANDLE: cardhush_status = -2;
/// Another call is using the handle: a handle serves one thread at a time.
pub const CARDHUSH_ERR_BUSY: cardhush_status = -3;
/// A defect of cardhush broke off a call with this handle: it can only be freed. What it was to scrub is silence.
pub const CARDHUSH_ERR_POISONED: cardhush_status = -4;
/// `struct_size` is not that of the structure in any version, is beyond 4,096, or is beyond what this library knows with something set there.
pub const CARDHUSH_ERR_STRUCT_SIZE: cardhush_status = -5;
/// The header is of another ABI than the library.
pub const CARDHUSH_ERR_ABI: cardhush_status = -6;
/// `rate_hz` is outside of 8,000 to 192,000 Hz; in a session, 8,000 to 48,000 Hz and one rate a channel.
pub const CARDHUSH_ERR_RATE: cardhush_status = -7;
/// `channels` is outside of 1 to 8.
pub const CARDHUSH_ERR_CHANNELS: cardhush_status = -8;
/// `look_ahead_ms` is beyond 60,000 ms.
pub const CARDHUSH_ERR_LOOK_AHEAD: cardhush_status = -9;
/// A value of a setting, or of an argument, that is none of those listed.
pub const CARDHUSH_ERR_VALUE: cardhush_status = -10;
/// The memory that was given is smaller than `_size` says.
pub const CARDHUSH_ERR_MEMORY: cardhush_status = -11;
/// The heap has no more memory.
pub const CARDHUSH_ERR_NO_MEMORY: cardhush_status = -12;
/// A pointer is not aligned for what it points to.
pub const CARDHUSH_ERR_ALIGNMENT: cardhush_status = -13;
/// More samples or bytes than one call takes.
pub const CARDHUSH_ERR_LENGTH: cardhush_status = -14;
/// The call was finished: only what is left of it can be taken.
pub const CARDHUSH_ERR_FINISHED: cardhush_status = -15;
/// The model of spoken digits is not one, or not of a version that this library reads.
pub const CARDHUSH_ERR_MODEL: cardhush_status = -16;
/// 131,072 handles are open.
pub const CARDHUSH_ERR_HANDLES: cardhush_status = -17;
/// `wait_ms` is beyond 2,000 ms.
pub const CARDHUSH_ERR_WAIT: cardhush_status = -18;
/// Every channel of the session is taken, or was removed so short a while ago that its audio has not left.
pub const CARDHUSH_ERR_FULL: cardhush_status = -19;
/// The payload types of a channel: none of audio, more than 8, or one number twice.
pub const CARDHUSH_ERR_FORMATS: cardhush_status = -20;
/// There is no such channel, or it was removed.
pub const CARDHUSH_ERR_CHANNEL: cardhush_status = -21;
/// Not an RTP packet, or a payload whose parts cannot be told.
pub const CARDHUSH_ERR_PACKET: cardhush_status = -22;
/// RTCP, which holds no audio and is not taken.
pub const CARDHUSH_ERR_RTCP: cardhush_status = -23;
/// A payload type that the channel was not told of: it cannot be read, so it cannot be scrubbed.
pub const CARDHUSH_ERR_PAYLOAD_TYPE: cardhush_status = -24;
/// The payload looks encrypted (SRTP): the channel takes nothing any more.
pub const CARDHUSH_ERR_ENCRYPTED: cardhush_status = -25;
/// More packets came than the look-ahead can hold.
pub const CARDHUSH_ERR_FLOODED: cardhush_status = -26;
/// Packets of the call before wait to be taken with `cardhush_session_next`; this call did nothing.
pub const CARDHUSH_ERR_PENDING: cardhush_status = -27;

/// What each says to a person.
const WORDS: &[(cardhush_status, &CStr)] = &[
    (CARDHUSH_OK, c"done"),
    (CARDHUSH_NONE, c"nothing is there to be taken"),
    (CARDHUSH_ERR_NULL, c"a pointer that is needed is NULL"),
    (CARDHUSH_ERR_HANDLE, c"no open handle of this kind: never opened, or freed"),
    (CARDHUSH_ERR_BUSY, c"another thread is using the handle"),
    (CARDHUSH_ERR_POISONED, c"a defect of cardhush spoilt the handle: free it, and report the defect"),
    (CARDHUSH_ERR_STRUCT_SIZE, c"struct_size: not the size of this structure in any version, or it sets what this library does not know"),
    (CARDHUSH_ERR_ABI, c"the program was compiled with the header of another ABI"),
    (CARDHUSH_ERR_RATE, c"sample rate: must be 8000 to 192000 Hz, in a session 8000 to 48000 Hz and the same for all audio of a channel"),
    (CARDHUSH_ERR_CHANNELS, c"channels: must be 1 to 8"),
    (CARDHUSH_ERR_LOOK_AHEAD, c"look_ahead_ms: must be at most 60000, or CARDHUSH_LOOK_AHEAD_NONE"),
    (CARDHUSH_ERR_VALUE, c"a setting or an argument has a value that is none of its own"),
    (CARDHUSH_ERR_MEMORY, c"the memory that was given is smaller than is needed"),
    (CARDHUSH_ERR_NO_MEMORY, c"the heap has no more memory"),
    (CARDHUSH_ERR_ALIGNMENT, c"a pointer is not aligned for what it points to"),
    (CARDHUSH_ERR_LENGTH, c"more samples or bytes than one call takes"),
    (CARDHUSH_ERR_FINISHED, c"the call was finished"),
    (CARDHUSH_ERR_MODEL, c"the model of spoken digits cannot be read"),
    (CARDHUSH_ERR_HANDLES, c"131072 handles are open, and no more can be"),
    (CARDHUSH_ERR_WAIT, c"wait_ms: must be at most 2000, or CARDHUSH_WAIT_NONE"),
    (CARDHUSH_ERR_FULL, c"all channels of the session are in use"),
    (CARDHUSH_ERR_FORMATS, c"payload types: one of audio is needed, at most 8, each once"),
    (CARDHUSH_ERR_CHANNEL, c"there is no such channel, or it was removed"),
    (CARDHUSH_ERR_PACKET, c"no RTP packet, or a payload whose parts cannot be told"),
    (CARDHUSH_ERR_RTCP, c"RTCP is not taken: it holds no audio"),
    (CARDHUSH_ERR_PAYLOAD_TYPE, c"a payload type that the channel was not told of"),
    (CARDHUSH_ERR_ENCRYPTED, c"the payload is as even as noise: SRTP must be decrypted first"),
    (CARDHUSH_ERR_FLOODED, c"more packets came than the look-ahead can hold"),
    (CARDHUSH_ERR_PENDING, c"packets wait: take them with cardhush_session_next until it says CARDHUSH_NONE"),
];

/// The words of a status: static text, in English, never NULL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_status_string(status: cardhush_status) -> *const c_char {
    WORDS.iter().find(|(known, _)| *known == status).map_or(c"unknown status", |(_, words)| words).as_ptr()
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub cardhush_status);

impl Failure {
    /// What the caller gets.
    pub fn status(result: Result<(), Self>) -> cardhush_status {
        result.map_or_else(|failure| failure.0, |()| CARDHUSH_OK)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(match error {
            ConfigError::Rate { .. } => CARDHUSH_ERR_RATE,
            ConfigError::Channels { .. } => CARDHUSH_ERR_CHANNELS,
            ConfigError::LookAhead { .. } => CARDHUSH_ERR_LOOK_AHEAD,
            ConfigError::Storage { .. } => CARDHUSH_ERR_MEMORY,
            _ => CARDHUSH_ERR_VALUE,
        })
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Config(error) => error.into(),
            SessionError::Wait { .. } => Self(CARDHUSH_ERR_WAIT),
            SessionError::Full { .. } => Self(CARDHUSH_ERR_FULL),
            SessionError::Memory { .. } => Self(CARDHUSH_ERR_NO_MEMORY),
            SessionError::NoAudio | SessionError::Formats { .. } | SessionError::Twice { .. } => Self(CARDHUSH_ERR_FORMATS),
            SessionError::Rate { .. } => Self(CARDHUSH_ERR_RATE),
            _ => Self(CARDHUSH_ERR_VALUE),
        }
    }
}

impl From<PacketError> for Failure {
    fn from(error: PacketError) -> Self {
        Self(match error {
            PacketError::Rtcp => CARDHUSH_ERR_RTCP,
            PacketError::Unknown { .. } => CARDHUSH_ERR_PAYLOAD_TYPE,
            PacketError::Encrypted => CARDHUSH_ERR_ENCRYPTED,
            PacketError::TooLong { .. } => CARDHUSH_ERR_LENGTH,
            PacketError::Flooded { .. } => CARDHUSH_ERR_FLOODED,
            PacketError::NoChannel => CARDHUSH_ERR_CHANNEL,
            _ => CARDHUSH_ERR_PACKET,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_number_and_words_of_its_own() {
        for (i, (status, words)) in WORDS.iter().enumerate() {
            assert_eq!(cardhush_status_string(*status), words.as_ptr());
            assert!(WORDS[..i].iter().all(|(other, told)| other != status && told != words), "{words:?}");
        }
        assert_eq!(cardhush_status_string(i32::MIN), cardhush_status_string(12_345));
    }
}
