//! What sounds on one channel of a call, and what it masks on the others: a tone at its own time, its copies where they are found, and the echo of a card's digits.
//!
//! In: the tones and digits of every channel, as the stages step. Out: what the channels' plans are asked for. Part of the analyzer, which owns the channels.

use super::{Analyzer, ChannelState, mask};
use crate::event::{Cause, Event, Span};
use crate::keyed::tones::HOP;
use crate::policy::window::Ask;

impl<S: AsMut<[ChannelState]>> Analyzer<S> {
    /// Steps every channel through one frame; what leaves with it leaves before `settled`.
    pub(super) fn step_frame(&mut self, index: usize, made: usize, settled: u64, sink: &mut impl FnMut(Event)) {
        let Some(keyed) = &self.keyed else { return };
        let t = self.stepped;
        let frontier = self.front.to_analysis_ceil(settled);
        let states = self.states.as_mut();
        for (c, state) in (0_u8..).zip(states.iter_mut().take(self.channels)) {
            if let Some(digit) = state.receiver.step(keyed, index, made, frontier) {
                sink(Event::Keyed { channel: c, digit, decided: self.front.to_call_ceil((t + 1) * HOP as u64) });
            }
        }
        let span_of = |from, to| Span::new(self.front.to_call_floor(from), self.front.to_call_ceil(to));
        let tone_of = |states: &[ChannelState], c: usize| states.get(c).and_then(|state| state.receiver.tone());
        for c in 0..self.channels {
            let Some(tone) = tone_of(states, c) else { continue };
            for (_, state) in states.iter_mut().take(self.channels).enumerate().filter(|(other, _)| *other != c) {
                state.receiver.listen(c, &tone.track);
            }
        }
        for c in 0..self.channels {
            let Some(tone) = tone_of(states, c) else { continue };
            // Of two copies of a tone the weaker may be certain first.
            let copy =
                states.iter().take(self.channels).enumerate().any(|(other, state)| {
                    if other == c { state.receiver.is_copy(&tone.track) } else { state.receiver.carries(&tone.track) }
                });
            if let (false, Some(state)) = (copy, states.get_mut(c)) {
                state.receiver.vouch(keyed, &tone.track, t);
            }
            let sounds = self.front.to_call_floor(tone.sounds);
            for (other, state) in (0_u8..).zip(states.iter_mut().take(self.channels)) {
                let ((from, to), cause) = match (usize::from(other) == c, copy) {
                    (true, false) => ((tone.from, tone.to), Cause::Keyed),
                    (true, true) => ((tone.from, tone.to), Cause::Echo),
                    (false, false) if self.linked => (tone.linked, Cause::Linked),
                    (false, _) => continue,
                };
                state.plan.add(other, span_of(from, to), sounds, cause, sink);
                state.ear.tone(from, to);
            }
        }
        for c in 0..self.channels {
            let Some(late) = states.get(c).and_then(|state| state.receiver.late()) else { continue };
            let sounds = self.front.to_call_floor(late.sounds);
            for (other, state) in (0_u8..).zip(states.iter_mut().take(self.channels)) {
                let own = usize::from(other) == c;
                if own || self.linked {
                    let ((from, to), cause) = if own { ((late.from, late.to), Cause::Keyed) } else { (late.linked, Cause::Linked) };
                    state.plan.add(other, span_of(from, to), sounds, cause, sink);
                }
            }
        }
        for (c, state) in (0_u8..).zip(states.iter_mut().take(self.channels)) {
            if let Some((from, to)) = state.receiver.copy(t) {
                let span = span_of(from, to);
                state.plan.add(c, span, span.start, Cause::Echo, sink);
                state.ear.tone(from, to);
            }
        }
    }

    /// While a card is read on one channel, the others have the echo of its digits wherever they have nothing louder of their own: masked too.
    pub(super) fn link_cards(&mut self, sink: &mut impl FnMut(Event)) {
        let states = self.states.as_mut();
        for c in 0..self.channels {
            let Some(said) = states.get_mut(c).and_then(|state| state.ear.said()) else { continue };
            for (other, state) in (0_u8..).zip(states.iter_mut().take(self.channels)).filter(|(other, _)| usize::from(*other) != c) {
                let ChannelState { ear, plan, .. } = state;
                ear.echoes(&said, |from, to| mask(&self.front, plan, other, Ask { from, to, sounds: from }, Cause::Linked, sink));
            }
        }
    }
}
