//! What a person asks of cardhush, in their units. Each stage turns it once into its own parameters in samples.

use crate::error::ConfigError;
use crate::keyed::tones::HOP;
use crate::policy::window::Preset;
use crate::spoken::Model;

/// Most channels of one call.
pub const MAX_CHANNELS: usize = 8;
/// Rate at which the detectors work, in Hz.
pub const ANALYSIS_RATE_HZ: u32 = 8_000;
/// Highest sample rate taken, in Hz.
pub const MAX_RATE_HZ: u32 = 192_000;
/// Longest look-ahead that can be asked for, in ms.
pub const MAX_LOOK_AHEAD_MS: u32 = 60_000;

/// Look-ahead in ms that the keyed stage can make use of: doubt, head and echo of one tone.
pub const KEYED_LOOK_AHEAD_MS: u32 = 700;

/// Look-ahead in ms that the spoken stage is given unless another is asked for: a card read in groups opens its region within it.
pub const SPOKEN_LOOK_AHEAD_MS: u32 = 8_000;

/// Settings of one call. `Default` is the recommended setting for 8 kHz mono.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Sample rate of the call in Hz, 8,000 to 192,000.
    pub rate_hz: u32,
    /// Channels of the call, 1 to 8; interleaved in every buffer.
    pub channels: u8,
    /// The keyed (DTMF) stage; `None` turns it off.
    pub keyed: Option<KeyedConfig>,
    /// The spoken stage; `None` turns it off.
    pub spoken: Option<SpokenConfig>,
    /// Whether a tone masks every channel of the call or its own alone.
    pub linking: Linking,
    /// What masked spans are filled with.
    pub fill: Fill,
    /// Delay in ms after which a sample's fate is settled; 0 to 60,000. `None`: as long as the stages ask for, [`KEYED_LOOK_AHEAD_MS`] or
    /// [`SPOKEN_LOOK_AHEAD_MS`]: nothing is exposed but what only a later digit gives away.
    pub look_ahead_ms: Option<u32>,
    /// Instruction set of the inner loops.
    pub isa: Isa,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rate_hz: ANALYSIS_RATE_HZ,
            channels: 1,
            keyed: Some(KeyedConfig::default()),
            spoken: Some(SpokenConfig::default()),
            linking: Linking::Linked,
            fill: Fill::ComfortNoise,
            look_ahead_ms: None,
            isa: Isa::Portable,
        }
    }
}

impl Config {
    /// The recommended settings for a call of this form.
    #[must_use]
    pub fn new(rate_hz: u32, channels: u8) -> Self {
        Self { rate_hz, channels, ..Self::default() }
    }

    /// Delay in samples after which a sample's fate is settled: the look-ahead, but at least one hop of the analysis (4 ms).
    #[must_use]
    pub fn latency(&self) -> u64 {
        let enough = if self.spoken.is_some() { SPOKEN_LOOK_AHEAD_MS } else { KEYED_LOOK_AHEAD_MS };
        let asked = u64::from(self.look_ahead_ms.unwrap_or(enough)) * u64::from(self.rate_hz) / 1000;
        asked.max(u64::from(self.rate_hz) * HOP as u64 / u64::from(ANALYSIS_RATE_HZ) + 2)
    }

    /// Checks every value against its limits.
    ///
    /// # Errors
    /// The first value that lies outside of its limits, with those limits.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(ANALYSIS_RATE_HZ..=MAX_RATE_HZ).contains(&self.rate_hz) {
            return Err(ConfigError::Rate { rate_hz: self.rate_hz });
        }
        if self.channels == 0 || usize::from(self.channels) > MAX_CHANNELS {
            return Err(ConfigError::Channels { channels: self.channels });
        }
        match self.look_ahead_ms {
            Some(look_ahead_ms) if look_ahead_ms > MAX_LOOK_AHEAD_MS => Err(ConfigError::LookAhead { look_ahead_ms }),
            _ => Ok(()),
        }
    }
}

/// Settings of the keyed stage.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyedConfig {
    /// Whether a tone that speaks for itself lowers the thresholds of its channel for what follows. Without it, only what speaks for itself
    /// is found: the first of two looks at a file, which tells the second where digits are near ([`crate::Analyzer::near`]).
    pub context: bool,
}

impl Default for KeyedConfig {
    fn default() -> Self {
        Self { context: true }
    }
}

/// Settings of the spoken stage.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpokenConfig {
    /// Which runs of digits are masked.
    pub preset: Preset,
    /// The network that hears them.
    pub model: Model,
}

impl Default for SpokenConfig {
    fn default() -> Self {
        Self { preset: Preset::Card, model: Model::digits() }
    }
}

/// How near keyed digits are: the nearer, the less evidence it takes to mask a tone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// None are known.
    #[default]
    Unknown,
    /// Within 10 s, the longest gap between two digits of a number.
    Far,
    /// Within 3 s.
    Near,
    /// Within 1 s.
    Close,
}

impl Nearness {
    /// Of digits that are so many ms away.
    #[must_use]
    pub const fn of_ms(distance_ms: u64) -> Self {
        match distance_ms {
            0..1_000 => Self::Close,
            1_000..3_000 => Self::Near,
            3_000..10_000 => Self::Far,
            _ => Self::Unknown,
        }
    }
}

/// Whether a tone masks every channel of the call or its own alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linking {
    /// A tone masks every channel at its own time: line echo and bleed carry it to the other legs.
    #[default]
    Linked,
    /// A tone masks its own channel alone; faint copies that are found on other channels are masked there.
    Own,
}

/// What masked spans are filled with. No choice depends on the audio it replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// Noise at the level of the background before the span.
    #[default]
    ComfortNoise,
    /// Digital silence.
    Silence,
    /// A steady marker tone of 400 Hz, so that a listener hears what was cut.
    Marker,
}

/// Instruction set of the inner loops. Each gives the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isa {
    /// Plain loops, compiled for the target's base set.
    #[default]
    Portable,
    /// The same loops compiled for AVX2 (x86-64). Made by [`Isa::detect`] alone.
    Avx2(Avx2),
}

impl Isa {
    /// The best set that this processor has. Reads `cpuid`; call it once.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(all(target_arch = "x86_64", not(miri)))] // Miri has no `cpuid`
        if crate::keyed::simd::has_avx2() {
            return Self::Avx2(Avx2(()));
        }
        Self::Portable
    }
}

/// Proof that the processor has AVX2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());
