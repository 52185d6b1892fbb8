//! The element's properties, and how they become the engine's [`Config`].

use crate::error::Failure;
use cardhush_core::config::MAX_LOOK_AHEAD_MS;
use cardhush_core::{Config, Fill, Isa, Linking, Preset, SpokenConfig};
use gst::glib::{self, ParamSpec, Value, prelude::*};
use gst::prelude::*;

/// Which spoken digits are masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "GstCardhushSpoken")]
pub enum Spoken {
    /// Spoken digits stay.
    #[enum_value(name = "None: spoken digits stay", nick = "off")]
    Off,
    /// The preset `card`.
    #[default]
    #[enum_value(name = "Runs that can be a card, and shorter ones for 90 s after one", nick = "card")]
    Card,
    /// The preset `digits`.
    #[enum_value(name = "Every run of three digits and more", nick = "digits")]
    Digits,
    /// The preset `armed`.
    #[enum_value(name = "What is said while armed, and nothing else", nick = "armed")]
    Armed,
}

/// Whom a tone masks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "GstCardhushLinking")]
pub enum LinkingName {
    /// Every channel.
    #[default]
    #[enum_value(name = "Every channel at the tone's time, since echo and bleed carry it there", nick = "linked")]
    Linked,
    /// Its own.
    #[enum_value(name = "Its own channel, and faint copies where they are found", nick = "own")]
    Own,
}

/// What masked spans are filled with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "GstCardhushFill")]
pub enum FillName {
    /// Noise.
    #[default]
    #[enum_value(name = "Noise at the level of the background before the span", nick = "comfort-noise")]
    ComfortNoise,
    /// Silence.
    #[enum_value(name = "Digital silence", nick = "silence")]
    Silence,
    /// A tone.
    #[enum_value(name = "A steady tone of 400 Hz, so that a listener hears what was cut", nick = "marker")]
    Marker,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// In ms; below 0: as long as the stages ask for.
    pub look_ahead_ms: i32,
    /// Whether keyed digits are looked for.
    pub keyed: bool,
    /// Which spoken digits are listened for.
    pub spoken: Spoken,
    /// Whom a tone masks.
    pub linking: LinkingName,
    /// What masked spans are filled with.
    pub fill: FillName,
    /// Every run of spoken digits counts.
    pub armed: bool,
    /// All that comes is masked.
    pub mask: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            look_ahead_ms: -1,
            keyed: true,
            spoken: Spoken::default(),
            linking: LinkingName::default(),
            fill: FillName::default(),
            armed: false,
            mask: false,
        }
    }
}

impl Settings {
    /// The properties. `armed` and `mask` may change at any time, the others are read when the element starts.
    pub(crate) fn properties() -> Vec<ParamSpec> {
        let most = i32::try_from(MAX_LOOK_AHEAD_MS).unwrap_or(i32::MAX);
        vec![
            glib::ParamSpecInt::builder("look-ahead")
                .nick("Look-ahead")
                .blurb("Delay in ms in which digits can be masked to their start, at least 4; -1: as long as the stages ask for, 8000, or 700 without spoken digits")
                .minimum(-1)
                .maximum(most)
                .default_value(-1)
                .mutable_ready()
                .build(),
            glib::ParamSpecBoolean::builder("keyed")
                .nick("Keyed")
                .blurb("Whether keyed (DTMF) digits are looked for")
                .default_value(true)
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("spoken", Spoken::default())
                .nick("Spoken")
                .blurb("Which runs of spoken digits are masked")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("linking", LinkingName::default())
                .nick("Linking")
                .blurb("Whether a tone masks every channel at its time, or its own alone")
                .mutable_ready()
                .build(),
            glib::ParamSpecEnum::builder_with_default("fill", FillName::default())
                .nick("Fill")
                .blurb("What masked spans are filled with")
                .mutable_ready()
                .build(),
            glib::ParamSpecBoolean::builder("armed")
                .nick("Armed")
                .blurb("The agent asks for the card now: every run of spoken digits that comes is masked")
                .default_value(false)
                .mutable_playing()
                .build(),
            glib::ParamSpecBoolean::builder("mask")
                .nick("Mask")
                .blurb("Recording is paused: all that comes is masked, on every channel")
                .default_value(false)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets one property. A value of another type than the property's does not come here.
    pub(crate) fn set(&mut self, name: &str, value: &Value) {
        fn put<'v, T: glib::value::FromValue<'v>>(place: &mut T, value: &'v Value)
        where
            <T::Checker as glib::value::ValueTypeChecker>::Error: std::fmt::Debug,
        {
            if let Ok(value) = value.get() {
                *place = value;
            }
        }
        match name {
            "look-ahead" => put(&mut self.look_ahead_ms, value),
            "keyed" => put(&mut self.keyed, value),
            "spoken" => put(&mut self.spoken, value),
            "linking" => put(&mut self.linking, value),
            "fill" => put(&mut self.fill, value),
            "armed" => put(&mut self.armed, value),
            "mask" => put(&mut self.mask, value),
            _ => {}
        }
    }

    /// One property.
    pub(crate) fn get(&self, name: &str) -> Value {
        match name {
            "look-ahead" => self.look_ahead_ms.to_value(),
            "keyed" => self.keyed.to_value(),
            "spoken" => self.spoken.to_value(),
            "linking" => self.linking.to_value(),
            "fill" => self.fill.to_value(),
            "armed" => self.armed.to_value(),
            _ => self.mask.to_value(),
        }
    }

    /// Whether anything can come of these settings.
    ///
    /// # Errors
    /// Nothing is looked for, or nobody listens while armed.
    pub fn check(&self) -> Result<(), Failure> {
        match self.spoken {
            Spoken::Off if self.armed => Err(Failure::Deaf),
            Spoken::Off if !self.keyed => Err(Failure::NothingToLookFor),
            _ => Ok(()),
        }
    }

    /// The engine's settings for a call of this form.
    #[must_use]
    pub fn config(&self, rate_hz: u32, channels: u8) -> Config {
        let mut config = Config::new(rate_hz, channels);
        config.isa = Isa::detect();
        config.look_ahead_ms = u32::try_from(self.look_ahead_ms).ok();
        config.keyed = config.keyed.filter(|_| self.keyed);
        let preset = match self.spoken {
            Spoken::Off => None,
            Spoken::Card => Some(Preset::Card),
            Spoken::Digits => Some(Preset::Digits),
            Spoken::Armed => Some(Preset::Armed),
        };
        config.spoken = preset.map(|preset| {
            let mut spoken = SpokenConfig::default();
            spoken.preset = preset;
            spoken
        });
        config.linking = match self.linking {
            LinkingName::Linked => Linking::Linked,
            LinkingName::Own => Linking::Own,
        };
        config.fill = match self.fill {
            FillName::ComfortNoise => Fill::ComfortNoise,
            FillName::Silence => Fill::Silence,
            FillName::Marker => Fill::Marker,
        };
        config
    }
}
