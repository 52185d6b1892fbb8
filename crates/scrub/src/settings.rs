//! What a person asks for a whole file, and how it becomes the engine's [`Config`].

use crate::call::Call;
use crate::error::Error;
use crate::mask::Mask;
use crate::plan::Plan;
use cardhush_core::{Cause, Config, Fill, Isa, KeyedConfig, Linking, Redaction};

/// Settings of a scrub; `Default` is the recommended one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// What masked spans are filled with.
    pub fill: Fill,
    /// Whether a tone masks every channel or its own.
    pub linking: Linking,
    /// Spans to be masked whatever is found.
    pub masks: Vec<Mask>,
}

impl Settings {
    /// The engine's settings for a call; without `context` only what speaks for itself is found.
    ///
    /// # Errors
    /// [`Error::Config`]: a rate or a number of channels that the engine does not take.
    pub(crate) fn config(&self, call: &Call, context: bool) -> Result<Config, Error> {
        let mut keyed = KeyedConfig::default();
        keyed.context = context;
        let mut config = Config::new(call.rate_hz(), call.channels());
        config.isa = Isa::detect();
        config.keyed = Some(keyed);
        config.linking = self.linking;
        config.fill = self.fill;
        config.check().map_err(|source| Error::Config { path: call.path().into(), source })?;
        Ok(config)
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
