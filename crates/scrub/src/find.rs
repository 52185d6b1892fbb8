//! Where the digits are: two looks of the [`Analyzer`] over a call.
//!
//! The first look takes all of the call and finds what speaks for itself. The second takes what lies within ten seconds of that, before and
//! behind, and is told how near it is: next to keyed digits a faint tone is a digit, in speech it is speech. The plan is the union.

use crate::call::Call;
use crate::error::Error;
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::watch::{Step, Watch, tell};
use cardhush_core::{Analyzer, Cause, ChannelState, Coding, Config, Event, Nearness, Redaction, Span};
use cardhush_wav::with_coding;

/// Seconds round a finding that are looked at again: the longest gap between two digits of one number.
const FAR_S: u64 = 10;
/// Steps in which the second look is told how near it is to what the first found.
const STEP_MS: u64 = 40;

/// Finds the keyed digits of a call.
///
/// # Errors
/// The call cannot be read to its end, or is of a form that the engine does not take.
pub fn find(call: &Call, settings: &Settings, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    with_coding!(call.format().coding, C => find_in::<C>(call, settings, watch))
}

fn find_in<C: Coding>(call: &Call, settings: &Settings, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    let mut plan = Plan::new(call.channels());
    plan.add(look::<C>(call, &settings.config(call, false)?, Span::new(0, call.frames()), None, watch)?);
    let mut found = Vec::new();
    let config = settings.config(call, true)?;
    for neighbourhood in plan.neighbourhoods(FAR_S * u64::from(call.rate_hz()), call.frames()) {
        found.append(&mut look::<C>(call, &config, neighbourhood, Some(&plan), watch)?);
    }
    plan.add(found);
    Ok(plan)
}

/// One look over a part of a call, as if the call began and ended there; with what was `known` before it.
fn look<C: Coding>(
    call: &Call,
    config: &Config,
    within: Span,
    known: Option<&Plan>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Redaction>, Error> {
    let mut eye = Eye::<C>::new(call, config, within)?;
    let (mut bytes, rate_hz) = (Held::default(), u64::from(call.rate_hz()));
    let step = (rate_hz * STEP_MS / 1_000).max(1);
    for block in call.blocks(within) {
        tell(watch, call.path(), Step::Finding, block.start, call.frames())?;
        let bytes = call.read(call.bytes_of(block), &mut bytes)?;
        let Some(known) = known else {
            eye.push(bytes);
            continue;
        };
        let frame_bytes = bytes.len() / (block.len() as usize).max(1);
        for (start, bytes) in (block.start..).step_by(step as usize).zip(bytes.chunks(step as usize * frame_bytes)) {
            for channel in 0..call.channels() {
                // Where a channel only heard another's tones, no digits are near: what is faint there is found as a copy.
                let away = known.distance(channel, Cause::Keyed, Span::new(start, start + step), FAR_S * rate_hz);
                eye.near(channel, away.map_or(Nearness::Unknown, |samples| Nearness::of_ms(samples * 1_000 / rate_hz)));
            }
            eye.push(bytes);
        }
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

    /// Keyed digits are known to be so near to what comes next.
    fn near(&mut self, channel: u8, near: Nearness) {
        self.analyzer.near(channel, near);
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
