//! What a person asks for a whole file, and how it becomes the engine's [`Config`].

use crate::call::Call;
use crate::error::Error;
use crate::mask::Mask;
use crate::plan::Plan;
use crate::report::Examined;
use cardhush_core::{Cause, Config, Fill, Isa, KEYED_LOOK_AHEAD_MS, KeyedConfig, Linking, Redaction, SpokenConfig};
use std::path::PathBuf;

/// Settings of a scrub; `Default` is the recommended one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Whether keyed digits are looked for.
    pub keyed: bool,
    /// How spoken digits are listened for; `None`: not at all.
    pub spoken: Option<SpokenConfig>,
    /// A transcript of the call, as a second witness of what is said in it.
    pub transcript: Option<PathBuf>,
    /// When the call is armed: every run of spoken digits is masked then.
    pub armed: Vec<Mask>,
    /// What masked spans are filled with.
    pub fill: Fill,
    /// Whether a tone masks every channel or its own.
    pub linking: Linking,
    /// Spans to be masked whatever is found.
    pub masks: Vec<Mask>,
}

/// One way to look at a call. Each stage looks alone, so that neither knows what the other has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// For tones that speak for themselves.
    Keyed,
    /// For tones, those included that others nearby speak for.
    KeyedNearby,
    /// For spoken digits.
    Spoken,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keyed: true,
            spoken: Some(SpokenConfig::default()),
            transcript: None,
            armed: Vec::new(),
            fill: Fill::default(),
            linking: Linking::default(),
            masks: Vec::new(),
        }
    }
}

impl Settings {
    /// The engine's settings for a look at a call; `None` where that stage is off.
    ///
    /// # Errors
    /// [`Error::Config`]: a rate or a number of channels that the engine does not take.
    pub(crate) fn config(&self, call: &Call, look: Look) -> Result<Option<Config>, Error> {
        let mut config = Config::new(call.rate_hz(), call.channels());
        config.isa = Isa::detect();
        // A file's samples do not leave: what is found late is told as exposed, and masked all the same.
        config.look_ahead_ms = Some(KEYED_LOOK_AHEAD_MS).filter(|_| look != Look::Spoken);
        let mut keyed = KeyedConfig::default();
        keyed.context = look == Look::KeyedNearby;
        config.keyed = Some(keyed).filter(|_| self.keyed && look != Look::Spoken);
        config.spoken = self.spoken.filter(|_| look == Look::Spoken);
        config.linking = self.linking;
        config.fill = self.fill;
        config.check().map_err(|source| Error::Config { path: call.path().into(), source })?;
        Ok(Some(config).filter(|config| config.keyed.is_some() || config.spoken.is_some()))
    }

    /// The name of what masked spans are filled with, as on the command line.
    pub(crate) const fn fill_name(&self) -> &'static str {
        match self.fill {
            Fill::ComfortNoise => "comfort-noise",
            Fill::Silence => "silence",
            Fill::Marker => "marker",
        }
    }

    /// The name of how channels are linked, as on the command line.
    pub(crate) const fn linking_name(&self) -> &'static str {
        match self.linking {
            Linking::Linked => "linked",
            Linking::Own => "own",
        }
    }

    /// What a scrub of these settings looks for.
    #[must_use]
    pub fn examined(&self) -> Examined {
        Examined { transcript: self.transcript.is_some(), ..Examined::new(self.keyed, self.spoken.as_ref(), &self.armed) }
    }

    /// Adds the masks given by hand to a plan for `call`.
    ///
    /// # Errors
    /// [`Error::Mask`]: a mask that does not fit the call.
    pub(crate) fn add_masks(&self, call: &Call, plan: &mut Plan) -> Result<(), Error> {
        for mask in &self.masks {
            let span = mask.span(call.rate_hz(), call.channels(), call.frames());
            let span = span.map_err(|source| Error::Mask { path: call.path().into(), source })?;
            let channels = mask.channel.map_or(0..call.channels(), |channel| channel..channel + 1);
            plan.add(channels.map(|channel| Redaction { channel, span, cause: Cause::Manual }));
        }
        Ok(())
    }
}
