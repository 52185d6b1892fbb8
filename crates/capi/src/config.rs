//! What a caller asks, as fixed integers, and how it becomes the engine's settings.
//!
//! In every field 0 stands for what is recommended, so that a structure of which a program sets a few fields, and one that grows, mean what they should; rate and channels have no such thing, and 0 is refused.

use crate::boundary;
use crate::pointer;
use crate::status::{CARDHUSH_ERR_FORMATS, CARDHUSH_ERR_MODEL, CARDHUSH_ERR_VALUE, Failure, cardhush_status};
use crate::versioned::{Versioned, initialise};
use cardhush_core::{Config, Fill, Isa, KeyedConfig, Linking, Model, Preset, SampleCoding, SpokenConfig};
use cardhush_recorder::{EventFate, Formats, Payload, SessionConfig};
use std::ffi::c_void;

/// 16-bit linear, in the machine's byte order (`int16_t`).
pub const CARDHUSH_CODING_LINEAR16: i32 = 0;
/// G.711 mu-law (`uint8_t`).
pub const CARDHUSH_CODING_ULAW: i32 = 1;
/// G.711 A-law (`uint8_t`).
pub const CARDHUSH_CODING_ALAW: i32 = 2;
/// 8-bit linear, unsigned, zero at 0x80 (`uint8_t`).
pub const CARDHUSH_CODING_LINEAR8: i32 = 3;
/// 24-bit linear in the low bits of an `int32_t`.
pub const CARDHUSH_CODING_LINEAR24: i32 = 4;
/// 32-bit linear (`int32_t`).
pub const CARDHUSH_CODING_LINEAR32: i32 = 5;
/// 32-bit floating point, full scale 1.0 (`float`).
pub const CARDHUSH_CODING_FLOAT32: i32 = 6;
/// 64-bit floating point, full scale 1.0 (`double`).
pub const CARDHUSH_CODING_FLOAT64: i32 = 7;

/// Keyed digits in the audio are found.
pub const CARDHUSH_KEYED_ON: i32 = 0;
/// Keyed digits in the audio are not looked for.
pub const CARDHUSH_KEYED_OFF: i32 = 1;

/// Runs of spoken digits that can be a card, and shorter ones for 90 s behind one.
pub const CARDHUSH_SPOKEN_CARD: i32 = 0;
/// Every run of three spoken digits and more.
pub const CARDHUSH_SPOKEN_DIGITS: i32 = 1;
/// Only what is said while the call is armed.
pub const CARDHUSH_SPOKEN_ARMED: i32 = 2;
/// Spoken digits are not listened for.
pub const CARDHUSH_SPOKEN_OFF: i32 = 3;

/// A tone masks every channel at its own time: line echo and bleed carry it to the other legs.
pub const CARDHUSH_LINKING_LINKED: i32 = 0;
/// A tone masks its own channel alone; copies that are found on other channels are masked there.
pub const CARDHUSH_LINKING_OWN: i32 = 1;

/// Noise at the level of the background before the span.
pub const CARDHUSH_FILL_COMFORT_NOISE: i32 = 0;
/// Digital silence.
pub const CARDHUSH_FILL_SILENCE: i32 = 1;
/// A steady tone of 400 Hz, so that a listener hears what was cut.
pub const CARDHUSH_FILL_MARKER: i32 = 2;

/// The look-ahead that the stages ask for: 8 s with spoken digits, 0.7 s without.
pub const CARDHUSH_LOOK_AHEAD_DEFAULT: u32 = 0;
/// No more look-ahead than the analysis needs to be done at all, 4.3 ms at 8 kHz: nearly every digit is exposed at its start.
pub const CARDHUSH_LOOK_AHEAD_NONE: u32 = u32::MAX;

/// The best instruction set that the processor has. Each gives the same bits.
pub const CARDHUSH_ISA_BEST: i32 = 0;
/// Plain loops.
pub const CARDHUSH_ISA_PORTABLE: i32 = 1;

/// Sessions: missing packets are waited for 1,000 ms.
pub const CARDHUSH_WAIT_DEFAULT: u32 = 0;
/// Sessions: missing packets are not waited for; what comes out of order is replaced whole.
pub const CARDHUSH_WAIT_NONE: u32 = u32::MAX;

/// Sessions: the digit of a telephone-event (RFC 4733) becomes `*`.
pub const CARDHUSH_TELEPHONE_EVENTS_REWRITE: i32 = 0;
/// Sessions: packets that hold nothing but telephone-events of keys come out marked `dropped`; where a packet holds audio as well, the event is rewritten.
pub const CARDHUSH_TELEPHONE_EVENTS_DROP: i32 = 1;

/// G.711 mu-law, 8 kHz (RFC 3551; payload type 0 by default).
pub const CARDHUSH_PAYLOAD_PCMU: i32 = 0;
/// G.711 A-law, 8 kHz (RFC 3551; payload type 8 by default).
pub const CARDHUSH_PAYLOAD_PCMA: i32 = 1;
/// 16-bit linear, big-endian, one channel (RFC 3551), at `rate_hz`, 8,000 to 48,000 Hz.
pub const CARDHUSH_PAYLOAD_L16: i32 = 2;
/// Comfort noise (RFC 3389): comes out as it came in.
pub const CARDHUSH_PAYLOAD_COMFORT_NOISE: i32 = 3;
/// telephone-event (RFC 4733), in the clock of the channel's audio.
pub const CARDHUSH_PAYLOAD_TELEPHONE_EVENT: i32 = 4;
/// Redundant data (RFC 2198): blocks of the channel's other formats.
pub const CARDHUSH_PAYLOAD_REDUNDANT: i32 = 5;

/// Settings of a scrubber or a scan. Fill it with `cardhush_config_init`, then set what is to be other than recommended. 0 stands for the recommended setting in every field but the first three.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cardhush_config {
    /// `sizeof(cardhush_config)`.
    pub struct_size: u32,
    /// Samples a second, 8,000 to 192,000. Recommended: that of the audio; 8,000 unless it is set.
    pub rate_hz: u32,
    /// Channels of the stream, interleaved, 1 to 8. All that hear one call go through one object: a key on one leg is heard on the other. 1 unless it is set.
    pub channels: u32,
    /// How a sample is written: one of `CARDHUSH_CODING_`. Linear, 16 bits, unless it is set.
    pub coding: i32,
    /// One of `CARDHUSH_KEYED_`. On unless it is set.
    pub keyed: i32,
    /// One of `CARDHUSH_SPOKEN_`. Cards unless it is set.
    pub spoken: i32,
    /// `CARDHUSH_LINKING_LINKED` or `CARDHUSH_LINKING_OWN`. Linked unless it is set.
    pub linking: i32,
    /// One of `CARDHUSH_FILL_`. Comfort noise unless it is set.
    pub fill: i32,
    /// By how many ms the audio is delayed, 1 to 60,000, `CARDHUSH_LOOK_AHEAD_DEFAULT` or `CARDHUSH_LOOK_AHEAD_NONE`. The shorter, the more leaves before it is known to be a digit, each told as exposed.
    pub look_ahead_ms: u32,
    /// `CARDHUSH_ISA_BEST` or `CARDHUSH_ISA_PORTABLE`. The best unless it is set.
    pub isa: i32,
    /// Another model of spoken digits, or NULL for the library's own. Its bytes are not copied: they must stay as they are as long as any handle that was made with them.
    pub model: *const c_void,
    /// Bytes of the model.
    pub model_size: usize,
}

/// Settings of a session. Fill it with `cardhush_session_config_init`, then set what is to be other than recommended. 0 stands for the recommended setting in every field but the first two.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cardhush_session_config {
    /// `sizeof(cardhush_session_config)`.
    pub struct_size: u32,
    /// Channels at one time at most, 1 to 8: each has memory from the start. 2 unless it is set.
    pub channels: u32,
    /// How long a packet that is missing is waited for, in ms, 1 to 2,000, `CARDHUSH_WAIT_DEFAULT` or `CARDHUSH_WAIT_NONE`. Where none is missing nothing waits.
    pub wait_ms: u32,
    /// How far the analysis looks ahead, in ms, 1 to 60,000, `CARDHUSH_LOOK_AHEAD_DEFAULT` or `CARDHUSH_LOOK_AHEAD_NONE`.
    pub look_ahead_ms: u32,
    /// One of `CARDHUSH_KEYED_`; what telephone-events tell of goes whatever is set here. On unless it is set.
    pub keyed: i32,
    /// One of `CARDHUSH_SPOKEN_`. Cards unless it is set.
    pub spoken: i32,
    /// `CARDHUSH_LINKING_LINKED` or `CARDHUSH_LINKING_OWN`. Linked unless it is set.
    pub linking: i32,
    /// One of `CARDHUSH_FILL_`. Comfort noise unless it is set.
    pub fill: i32,
    /// `CARDHUSH_TELEPHONE_EVENTS_REWRITE` or `CARDHUSH_TELEPHONE_EVENTS_DROP`. Rewritten unless it is set.
    pub events: i32,
    /// Not used: 0.
    pub reserved: u32,
    /// Another model of spoken digits, as in `cardhush_config`.
    pub model: *const c_void,
    /// Bytes of the model.
    pub model_size: usize,
}

/// One payload type of a channel, as it was negotiated (SDP `a=rtpmap`) or agreed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cardhush_format {
    /// Its number, 0 to 127.
    pub payload_type: u32,
    /// How it is written: one of `CARDHUSH_PAYLOAD_`.
    pub payload: i32,
    /// Samples a second, of `CARDHUSH_PAYLOAD_L16`; otherwise not looked at.
    pub rate_hz: u32,
    /// Not used: 0.
    pub reserved: [u32; 5],
}

impl Versioned for cardhush_config {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        rate_hz: 8_000,
        channels: 1,
        coding: CARDHUSH_CODING_LINEAR16,
        keyed: CARDHUSH_KEYED_ON,
        spoken: CARDHUSH_SPOKEN_CARD,
        linking: CARDHUSH_LINKING_LINKED,
        fill: CARDHUSH_FILL_COMFORT_NOISE,
        look_ahead_ms: CARDHUSH_LOOK_AHEAD_DEFAULT,
        isa: CARDHUSH_ISA_BEST,
        model: std::ptr::null(),
        model_size: 0,
    };
    const FIRST: usize = size_of::<Self>();

    fn size(&mut self) -> &mut u32 {
        &mut self.struct_size
    }
}

impl Versioned for cardhush_session_config {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        channels: 2,
        wait_ms: CARDHUSH_WAIT_DEFAULT,
        look_ahead_ms: CARDHUSH_LOOK_AHEAD_DEFAULT,
        keyed: CARDHUSH_KEYED_ON,
        spoken: CARDHUSH_SPOKEN_CARD,
        linking: CARDHUSH_LINKING_LINKED,
        fill: CARDHUSH_FILL_COMFORT_NOISE,
        events: CARDHUSH_TELEPHONE_EVENTS_REWRITE,
        reserved: 0,
        model: std::ptr::null(),
        model_size: 0,
    };
    const FIRST: usize = size_of::<Self>();

    fn size(&mut self) -> &mut u32 {
        &mut self.struct_size
    }
}

/// Writes the recommended settings to `config`, of which the caller knows `struct_size` bytes: `cardhush_config_init(&config, sizeof config)`.
/// `CARDHUSH_ERR_NULL`, `CARDHUSH_ERR_ALIGNMENT`, `CARDHUSH_ERR_STRUCT_SIZE`. Any thread.
/// Must hold: `config` leads to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_config_init(config: *mut cardhush_config, struct_size: usize) -> cardhush_status {
    // SAFETY: the caller's promise.
    boundary::alone(|| unsafe { initialise(config, struct_size) })
}

/// The same for the settings of a session.
/// Must hold: `config` leads to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_config_init(config: *mut cardhush_session_config, struct_size: usize) -> cardhush_status {
    // SAFETY: the caller's promise.
    boundary::alone(|| unsafe { initialise(config, struct_size) })
}

/// The caller's number among those that have a meaning.
fn choose<T: Copy>(value: i32, known: &[(i32, T)]) -> Result<T, Failure> {
    known.iter().find(|(number, _)| *number == value).map(|(_, meaning)| *meaning).ok_or(Failure(CARDHUSH_ERR_VALUE))
}

fn keyed(value: i32) -> Result<Option<KeyedConfig>, Failure> {
    choose(value, &[(CARDHUSH_KEYED_OFF, None), (CARDHUSH_KEYED_ON, Some(KeyedConfig::default()))])
}

/// # Safety
/// `model` is NULL, or leads to `size` bytes that stay as they are as long as what is made with it.
unsafe fn spoken(value: i32, model: *const c_void, size: usize) -> Result<Option<SpokenConfig>, Failure> {
    let known = [
        (CARDHUSH_SPOKEN_OFF, None),
        (CARDHUSH_SPOKEN_CARD, Some(Preset::Card)),
        (CARDHUSH_SPOKEN_DIGITS, Some(Preset::Digits)),
        (CARDHUSH_SPOKEN_ARMED, Some(Preset::Armed)),
    ];
    let Some(preset) = choose(value, &known)? else { return Ok(None) };
    let mut spoken = SpokenConfig::default();
    spoken.preset = preset;
    if model.is_null() {
        if size != 0 {
            return Err(Failure(CARDHUSH_ERR_MODEL));
        }
    } else {
        if size > isize::MAX as usize {
            return Err(Failure(CARDHUSH_ERR_MODEL));
        }
        // SAFETY: the caller's promise, for `'static` as far as any handle goes; bytes have no alignment.
        let bytes: &'static [u8] = unsafe { std::slice::from_raw_parts(model.cast(), size) };
        spoken.model = Model::from_bytes(bytes).map_err(|_| Failure(CARDHUSH_ERR_MODEL))?;
    }
    Ok(Some(spoken))
}

fn linking(value: i32) -> Result<Linking, Failure> {
    choose(value, &[(CARDHUSH_LINKING_LINKED, Linking::Linked), (CARDHUSH_LINKING_OWN, Linking::Own)])
}

fn fill(value: i32) -> Result<Fill, Failure> {
    let known =
        [(CARDHUSH_FILL_COMFORT_NOISE, Fill::ComfortNoise), (CARDHUSH_FILL_SILENCE, Fill::Silence), (CARDHUSH_FILL_MARKER, Fill::Marker)];
    choose(value, &known)
}

fn look_ahead(ms: u32) -> Option<u32> {
    match ms {
        CARDHUSH_LOOK_AHEAD_DEFAULT => None,
        CARDHUSH_LOOK_AHEAD_NONE => Some(0),
        ms => Some(ms),
    }
}

fn wait_ms(ms: u32) -> u32 {
    match ms {
        CARDHUSH_WAIT_DEFAULT => SessionConfig::default().wait_ms,
        CARDHUSH_WAIT_NONE => 0,
        ms => ms,
    }
}

impl cardhush_config {
    /// The engine's settings; every value is checked.
    ///
    /// # Safety
    /// `model` is as it must be.
    pub(crate) unsafe fn engine(&self) -> Result<Config, Failure> {
        let mut config = Config::new(self.rate_hz, u8::try_from(self.channels).unwrap_or(u8::MAX));
        config.keyed = keyed(self.keyed)?;
        // SAFETY: the caller's promise.
        config.spoken = unsafe { spoken(self.spoken, self.model, self.model_size) }?;
        config.linking = linking(self.linking)?;
        config.fill = fill(self.fill)?;
        config.look_ahead_ms = look_ahead(self.look_ahead_ms);
        config.isa =
            if choose(self.isa, &[(CARDHUSH_ISA_BEST, true), (CARDHUSH_ISA_PORTABLE, false)])? { Isa::detect() } else { Isa::Portable };
        self.sample_coding()?;
        config.check()?;
        Ok(config)
    }

    /// How samples are written.
    pub(crate) fn sample_coding(&self) -> Result<SampleCoding, Failure> {
        let known = [
            (CARDHUSH_CODING_LINEAR16, SampleCoding::Linear16),
            (CARDHUSH_CODING_ULAW, SampleCoding::Ulaw),
            (CARDHUSH_CODING_ALAW, SampleCoding::Alaw),
            (CARDHUSH_CODING_LINEAR8, SampleCoding::Linear8),
            (CARDHUSH_CODING_LINEAR24, SampleCoding::Linear24),
            (CARDHUSH_CODING_LINEAR32, SampleCoding::Linear32),
            (CARDHUSH_CODING_FLOAT32, SampleCoding::Float32),
            (CARDHUSH_CODING_FLOAT64, SampleCoding::Float64),
        ];
        choose(self.coding, &known)
    }
}

impl cardhush_session_config {
    /// The session's settings.
    ///
    /// # Safety
    /// `model` is as it must be.
    pub(crate) unsafe fn session(&self) -> Result<SessionConfig, Failure> {
        if self.reserved != 0 {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let mut config = SessionConfig::default();
        config.channels = u8::try_from(self.channels).unwrap_or(u8::MAX);
        config.wait_ms = wait_ms(self.wait_ms);
        config.look_ahead_ms = look_ahead(self.look_ahead_ms);
        config.keyed = keyed(self.keyed)?;
        // SAFETY: the caller's promise.
        config.spoken = unsafe { spoken(self.spoken, self.model, self.model_size) }?;
        config.linking = linking(self.linking)?;
        config.fill = fill(self.fill)?;
        config.events = choose(
            self.events,
            &[(CARDHUSH_TELEPHONE_EVENTS_REWRITE, EventFate::Rewrite), (CARDHUSH_TELEPHONE_EVENTS_DROP, EventFate::Drop)],
        )?;
        Ok(config)
    }
}

/// What a channel's packets hold; NULL and 0 stand for what RFC 3551 gives without any agreement, with 101 for events.
///
/// # Safety
/// `formats` leads to `count` of them.
pub(crate) unsafe fn formats(formats: *const cardhush_format, count: usize) -> Result<Formats, Failure> {
    if formats.is_null() && count == 0 {
        return Ok(Formats::g711());
    }
    let place = pointer::checked(formats.cast_mut())?;
    let mut known = [(0_u8, Payload::Pcmu); cardhush_recorder::config::MAX_FORMATS];
    let known = known.get_mut(..count).ok_or(Failure(CARDHUSH_ERR_FORMATS))?;
    for (i, known) in known.iter_mut().enumerate() {
        // SAFETY: the caller's promise; any bits are a format's.
        let format = unsafe { place.add(i).read() };
        let payload_type = u8::try_from(format.payload_type).ok().filter(|number| *number < 128).ok_or(Failure(CARDHUSH_ERR_VALUE))?;
        if format.reserved != [0; 5] {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let payloads = [
            (CARDHUSH_PAYLOAD_PCMU, Payload::Pcmu),
            (CARDHUSH_PAYLOAD_PCMA, Payload::Pcma),
            (CARDHUSH_PAYLOAD_L16, Payload::L16 { rate_hz: format.rate_hz }),
            (CARDHUSH_PAYLOAD_COMFORT_NOISE, Payload::ComfortNoise),
            (CARDHUSH_PAYLOAD_TELEPHONE_EVENT, Payload::Event),
            (CARDHUSH_PAYLOAD_REDUNDANT, Payload::Redundant),
        ];
        *known = (payload_type, choose(format.payload, &payloads)?);
    }
    Ok(Formats::new(known)?)
}
