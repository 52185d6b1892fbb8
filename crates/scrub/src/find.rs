//! Where the digits are: two looks of the [`Analyzer`] over a call.
//!
//! The first look takes all of the call with the thresholds of live use. The second takes what lies within ten seconds of anything that
//! the first found, with lower ones: next to keyed digits a faint tone is a digit, in speech it is speech. The plan is the union.

use crate::call::Call;
use crate::error::Error;
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::watch::{Step, Watch, tell};
use cardhush_core::{Analyzer, Cause, ChannelState, Coding, Config, Event, Redaction, Span};
use cardhush_wav::with_coding;

/// Seconds round a finding that are looked at again: the longest gap between two digits of one number.
const NEAR_S: u64 = 10;

/// Finds the keyed digits of a call.
///
/// # Errors
/// The call cannot be read to its end, or is of a form that the engine does not take.
pub fn find(call: &Call, settings: &Settings, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    with_coding!(call.format().coding, C => find_in::<C>(call, settings, watch))
}

fn find_in<C: Coding>(call: &Call, settings: &Settings, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    let mut plan = Plan::new(call.channels());
    let first = look::<C>(call, &settings.config(call, 0)?, Span::new(0, call.frames()), watch)?;
    plan.add(first.iter().copied());
    let mut found = Vec::new();
    for neighbourhood in plan.neighbourhoods(NEAR_S * u64::from(call.rate_hz()), call.frames()) {
        // Where a channel only heard another's tones, no digits are near: what is faint there is found as a copy.
        let near = first
            .iter()
            .filter(|one| one.cause == Cause::Keyed && !one.span.overlap(neighbourhood).is_empty())
            .fold(0_u8, |near, one| near | 1_u8.checked_shl(one.channel.into()).unwrap_or(0));
        let near = settings.config(call, near)?;
        found.append(&mut look::<C>(call, &near, neighbourhood, watch)?);
    }
    plan.add(found);
    Ok(plan)
}

/// One look over a part of a call, as if the call began and ended there.
fn look<C: Coding>(call: &Call, config: &Config, within: Span, watch: &mut Watch<'_>) -> Result<Vec<Redaction>, Error> {
    let mut eye = Eye::<C>::new(call, config, within)?;
    let mut bytes = Held::default();
    for block in call.blocks(within) {
        tell(watch, call.path(), Step::Finding, block.start, call.frames())?;
        eye.push(call.read(call.bytes_of(block), &mut bytes)?);
    }
    Ok(eye.finish())
}

/// An [`Analyzer`] that is fed a file's bytes and keeps what it finds.
pub(crate) struct Eye<C: Coding> {
    analyzer: Analyzer<Vec<ChannelState>>,
    units: Held<C::Unit>,
    found: Vec<Redaction>,
    within: Span,
}

impl<C: Coding> Eye<C> {
    /// An eye for the part `within` of a call.
    pub fn new(call: &Call, config: &Config, within: Span) -> Result<Self, Error> {
        let states = (0..config.channels).map(|_| ChannelState::new()).collect();
        let analyzer = Analyzer::new(config, states).map_err(|source| Error::Config { path: call.path().into(), source })?;
        Ok(Self { analyzer, units: Held::default(), found: Vec::new(), within })
    }

    /// Looks at whole frames, little-endian.
    pub fn push(&mut self, bytes: &[u8]) {
        self.units.clear();
        self.units.extend(bytes.chunks_exact(C::BYTES).map(C::from_le_bytes));
        self.analyzer.push::<C>(&self.units, &mut |event| keep(&mut self.found, self.within, event));
    }

    /// All that was found, in the call's own time.
    pub fn finish(mut self) -> Vec<Redaction> {
        self.analyzer.finish(&mut |event| keep(&mut self.found, self.within, event));
        self.found
    }
}

/// A file's samples have not left: what live use could only call exposed is masked as well.
fn keep(found: &mut Vec<Redaction>, within: Span, event: Event) {
    let one = match event {
        Event::Redacted(one) => one,
        Event::Exposed { channel, span } => Redaction { channel, span, cause: Cause::Keyed },
        _ => return,
    };
    let span = Span::new(one.span.start.saturating_add(within.start), one.span.end.saturating_add(within.start)).overlap(within);
    found.push(Redaction { span, ..one });
}
