//! Where the digits are: the looks of the engine over a call.
//!
//! The first look takes all of the call, for keyed digits that speak for themselves. The second takes what lies within ten seconds of those, before
//! and behind, and is told how near it is: next to keyed digits a faint tone is a digit, in speech it is speech. The third takes all of the
//! call, for spoken digits, and is told where tones sound, since they are no words. The plan is the union.

use crate::call::Call;
use crate::error::Error;
use crate::eye::{Eye, Found};
use crate::plan::Plan;
use crate::settings::{Look, Settings};
use crate::transcript::Transcript;
use crate::watch::{Step, Watch, tell};
use cardhush_core::{Cause, Coding, Nearness, Span};
use cardhush_wav::with_coding;

/// Seconds round a finding that are looked at again: the longest gap between two digits of one number.
const FAR_S: u64 = 10;
/// Steps in which a look is told of what another found.
const STEP_MS: u64 = 40;

/// Finds the digits of a call, those included that a transcript of it tells of.
///
/// # Errors
/// The call cannot be read to its end, or is of a form that the engine does not take.
pub fn find(call: &Call, settings: &Settings, transcript: Option<&Transcript>, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    with_coding!(call.format().coding, C => find_in::<C>(call, settings, transcript, watch))
}

fn find_in<C: Coding>(call: &Call, settings: &Settings, transcript: Option<&Transcript>, watch: &mut Watch<'_>) -> Result<Plan, Error> {
    let whole = Span::new(0, call.frames());
    let mut plan = Plan::new(call.channels());
    if let Some(mut eye) = Eye::<C>::new(call, settings, Look::Keyed, whole)? {
        let mut reading = call.reading(whole)?;
        while let Some((block, bytes)) = reading.next()? {
            tell(watch, call.path(), Step::Finding, block.start, call.frames())?;
            eye.push(bytes);
        }
        plan.add_found(eye.finish());
    }
    let mut nearby = Vec::new();
    for neighbourhood in plan.neighbourhoods(FAR_S * u64::from(call.rate_hz()), call.frames()) {
        nearby.extend(look_nearby::<C>(call, settings, neighbourhood, &plan, watch)?);
    }
    nearby.into_iter().for_each(|found| plan.add_found(found));
    if let Some(mut eye) = Eye::<C>::new(call, settings, Look::Spoken, whole)? {
        if let Some(transcript) = transcript {
            eye.read_along(transcript, call.rate_hz());
        }
        let mut reading = call.reading(whole)?;
        while let Some((block, bytes)) = reading.next()? {
            tell(watch, call.path(), Step::Listening, block.start, call.frames())?;
            for (piece, bytes) in pieces(call, block, bytes) {
                eye.no_words(&plan, piece, 0);
                eye.push(bytes);
            }
        }
        plan.add_found(eye.finish());
    }
    Ok(plan)
}

/// A block in steps of [`STEP_MS`], with their bytes.
pub(crate) fn pieces<'a>(call: &Call, block: Span, bytes: &'a [u8]) -> impl Iterator<Item = (Span, &'a [u8])> + use<'a> {
    let step = (u64::from(call.rate_hz()) * STEP_MS / 1_000).max(1);
    let frame_bytes = bytes.len() / (block.len() as usize).max(1);
    (block.start..)
        .step_by(step as usize)
        .map(move |start| Span::new(start, start + step))
        .zip(bytes.chunks((step as usize * frame_bytes).max(1)))
}

/// The second look over a part of a call, as if the call began and ended there; with what was `known` before it.
fn look_nearby<C: Coding>(
    call: &Call,
    settings: &Settings,
    within: Span,
    known: &Plan,
    watch: &mut Watch<'_>,
) -> Result<Option<Found>, Error> {
    let Some(mut eye) = Eye::<C>::new(call, settings, Look::KeyedNearby, within)? else { return Ok(None) };
    let (mut reading, rate_hz) = (call.reading(within)?, u64::from(call.rate_hz()));
    while let Some((block, bytes)) = reading.next()? {
        tell(watch, call.path(), Step::Finding, block.start, call.frames())?;
        for (piece, bytes) in pieces(call, block, bytes) {
            for channel in 0..call.channels() {
                // Where a channel only heard another's tones, no digits are near: what is faint there is found as a copy.
                let away = known.distance(channel, Cause::Keyed, piece, FAR_S * rate_hz);
                eye.near(channel, away.map_or(Nearness::Unknown, |samples| Nearness::of_ms(samples * 1_000 / rate_hz)));
            }
            eye.push(bytes);
        }
    }
    Ok(Some(eye.finish()))
}
