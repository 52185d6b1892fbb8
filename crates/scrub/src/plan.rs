//! The plan: which samples of which channel are to be replaced, and why. Sets of spans, nothing else; it sees no audio.
//!
//! Spans of a channel are kept in order, apart from each other (neighbours are joined), so that each report line, each fill and
//! each check speaks of the same span. Where joined spans have different causes, the gravest stays: the first of [`Cause::ALL`].

use crate::eye::Found;
use cardhush_core::{Cause, Redaction, Span};
use serde::{Deserialize, Serialize};

/// Redactions of one call, by channel, sorted and joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    channels: Vec<Vec<(Span, Cause)>>,
    /// Samples at which there are digits beyond doubt, and their channels.
    sure: Vec<(u64, u8)>,
}

/// How sure it is that a span holds digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A key within the limits at which a receiver has to take it (ITU-T Q.24, ES 201 235-3), or eight spoken digits and more in a row; what is linked to one; what signalling told of; what somebody asked for.
    Sure,
    /// Masked because it may be one.
    Likely,
}

impl Plan {
    /// Nothing planned for a call of `channels` channels.
    #[must_use]
    pub fn new(channels: u8) -> Self {
        Self { channels: vec![Vec::new(); usize::from(channels)], sure: Vec::new() }
    }

    /// Adds what a look found.
    pub(crate) fn add_found(&mut self, found: Found) {
        self.add(found.redactions);
        self.add_sure(found.sure);
    }

    /// Adds samples at which there are digits beyond doubt, and their channels.
    pub fn add_sure(&mut self, samples: impl IntoIterator<Item = (u64, u8)>) {
        self.sure.extend(samples);
        self.sure.sort_unstable();
        self.sure.dedup();
    }

    /// Samples at which there are digits beyond doubt, and their channels.
    pub(crate) fn sure(&self) -> impl Iterator<Item = (u64, u8)> + '_ {
        self.sure.iter().copied()
    }

    /// How sure it is that a span of this plan holds digits.
    #[must_use]
    pub fn confidence(&self, one: Redaction) -> Confidence {
        let inside = |span: Span| {
            let first = self.sure.partition_point(|(at, _)| *at < span.start);
            self.sure.iter().skip(first).take_while(move |(at, _)| *at < span.end).map(|(_, channel)| *channel)
        };
        let holds = |span: Span| inside(span).next().is_some();
        let sure = match one.cause {
            Cause::Event | Cause::Manual => true,
            // As that which it is linked to.
            Cause::Linked | Cause::Echo => {
                holds(one.span) || (0..self.channels()).any(|channel| self.near(channel, one.span).0.iter().any(|(span, _)| holds(*span)))
            }
            _ => inside(one.span).any(|channel| channel == one.channel),
        };
        if sure { Confidence::Sure } else { Confidence::Likely }
    }

    /// Adds what was found, in any order. Channels that the call does not have and empty spans are left out.
    pub fn add(&mut self, found: impl IntoIterator<Item = Redaction>) {
        for one in found {
            if let Some(list) = self.channels.get_mut(usize::from(one.channel)).filter(|_| !one.span.is_empty()) {
                list.push((one.span, one.cause));
            }
        }
        for list in &mut self.channels {
            join(list);
        }
    }

    /// The spans of a channel, in order; none for a channel that the call does not have.
    #[must_use]
    pub fn channel(&self, channel: u8) -> &[(Span, Cause)] {
        self.channels.get(usize::from(channel)).map_or(&[], Vec::as_slice)
    }

    /// Channels of the call.
    #[must_use]
    pub fn channels(&self) -> u8 {
        self.channels.len() as u8
    }

    /// Every redaction, channel by channel, in order.
    pub fn redactions(&self) -> impl Iterator<Item = Redaction> + '_ {
        let lists = self.channels.iter().zip(0u8..);
        lists.flat_map(|(list, channel)| list.iter().map(move |&(span, cause)| Redaction { channel, span, cause }))
    }

    /// Whether nothing is planned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels.iter().all(Vec::is_empty)
    }

    /// How much is planned.
    #[must_use]
    pub fn masked(&self) -> Masked {
        let mut masked = Masked::new(self.channels());
        self.redactions().for_each(|one| masked.count(one));
        masked
    }

    /// The spans of a channel that overlap `within`, in order, and how many come before them.
    #[must_use]
    pub fn near(&self, channel: u8, within: Span) -> (&[(Span, Cause)], usize) {
        let list = self.channel(channel);
        let first = list.partition_point(|(span, _)| span.end <= within.start);
        let last = list.partition_point(|(span, _)| span.start < within.end);
        (list.get(first..last).unwrap_or(&[]), first)
    }

    /// Whether every sample of `one` is planned already.
    #[must_use]
    pub fn covers(&self, one: Redaction) -> bool {
        one.span.is_empty() || self.near(one.channel, one.span).0.iter().any(|(span, _)| span.overlap(one.span) == one.span)
    }

    /// Samples between `from` and the nearest span of a channel that has this cause; none where there is no such span within `reach`.
    #[must_use]
    pub fn distance(&self, channel: u8, cause: Cause, from: Span, reach: u64) -> Option<u64> {
        let list = self.channel(channel);
        let next = list.partition_point(|(span, _)| span.end <= from.start);
        let (before, behind) = list.split_at(next);
        let before = before.iter().rev().map(|(span, of)| (from.start - span.end, *of));
        let behind = behind.iter().map(|(span, of)| (span.start.saturating_sub(from.end), *of));
        let before = before.take_while(|one| one.0 <= reach).find(|one| one.1 == cause);
        let behind = behind.take_while(|one| one.0 <= reach).find(|one| one.1 == cause);
        before.into_iter().chain(behind).map(|one| one.0).min()
    }

    /// What lies within `reach` samples of any span of any channel, joined, cut at `frames`.
    #[must_use]
    pub fn neighbourhoods(&self, reach: u64, frames: u64) -> Vec<Span> {
        let wide = |span: Span| Span::new(span.start.saturating_sub(reach), span.end.saturating_add(reach).min(frames));
        let mut all: Vec<_> = self.redactions().map(|one| (wide(one.span), Cause::Keyed)).collect();
        join(&mut all);
        all.into_iter().map(|(span, _)| span).collect()
    }
}

/// How much of a call is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// Spans, over all channels.
    pub spans: usize,
    /// Samples of each channel.
    pub samples: Vec<u64>,
}

impl Masked {
    /// Nothing, of a call of `channels` channels.
    #[must_use]
    pub fn new(channels: u8) -> Self {
        Self { spans: 0, samples: vec![0; usize::from(channels)] }
    }

    /// Counts one span in.
    pub fn count(&mut self, one: Redaction) {
        self.spans += 1;
        self.samples.get_mut(usize::from(one.channel)).into_iter().for_each(|samples| *samples += one.span.len());
    }
}

/// Sorts spans and joins those that overlap or touch.
fn join(list: &mut Vec<(Span, Cause)>) {
    list.sort_unstable();
    list.dedup_by(|next, kept| {
        let one = next.0.start <= kept.0.end;
        if one {
            kept.0.end = kept.0.end.max(next.0.end);
            kept.1 = kept.1.min(next.1);
        }
        one
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(channel: u8, start: u64, end: u64, cause: Cause) -> Redaction {
        Redaction { channel, span: Span::new(start, end), cause }
    }

    #[test]
    fn spans_are_joined_and_keep_the_stronger_cause() {
        let mut plan = Plan::new(2);
        plan.add([red(1, 50, 60, Cause::Manual), red(0, 30, 40, Cause::Keyed), red(0, 10, 20, Cause::Echo), red(0, 20, 30, Cause::Linked)]);
        plan.add([red(0, 100, 120, Cause::Manual), red(0, 110, 111, Cause::Keyed), red(0, 5, 5, Cause::Keyed), red(7, 0, 9, Cause::Keyed)]);
        assert_eq!(plan.channel(0), [(Span::new(10, 40), Cause::Keyed), (Span::new(100, 120), Cause::Keyed)]);
        assert_eq!(plan.masked(), Masked { spans: 3, samples: vec![50, 10] });
    }

    #[test]
    fn a_span_is_sure_where_a_digit_beyond_doubt_lies_in_it_or_in_what_it_is_linked_to() {
        let mut plan = Plan::new(2);
        plan.add([
            red(0, 10, 20, Cause::Keyed),
            red(1, 12, 22, Cause::Linked),
            red(0, 30, 40, Cause::Keyed),
            red(1, 50, 60, Cause::Manual),
            red(1, 70, 90, Cause::Spoken),
        ]);
        plan.add_sure([(11, 0), (40, 0), (80, 0)]);
        let sure: Vec<_> = plan.redactions().map(|one| plan.confidence(one) == Confidence::Sure).collect();
        assert_eq!(sure, [true, false, true, true, false], "its own, none, linked to the first, asked for, another channel's");
    }

    #[test]
    fn order_of_finding_does_not_matter() {
        let spans: Vec<_> = (0..40u64).map(|i| red(0, i * 37 % 101, i * 37 % 101 + i % 7, Cause::Keyed)).collect();
        let (mut one, mut other) = (Plan::new(1), Plan::new(1));
        one.add(spans.iter().copied());
        spans.iter().rev().for_each(|&span| other.add([span]));
        assert_eq!(one, other);
    }

    #[test]
    fn near_and_covers_see_the_ends_as_half_open() {
        let mut plan = Plan::new(1);
        plan.add([red(0, 10, 20, Cause::Keyed), red(0, 30, 40, Cause::Keyed)]);
        assert_eq!(plan.near(0, Span::new(20, 30)), (&[][..], 1));
        assert_eq!(plan.near(0, Span::new(19, 31)).0.len(), 2);
        assert!(plan.covers(red(0, 10, 20, Cause::Echo)) && plan.covers(red(0, 35, 36, Cause::Keyed)));
        assert!(
            !plan.covers(red(0, 9, 12, Cause::Keyed))
                && !plan.covers(red(0, 15, 35, Cause::Keyed))
                && !plan.covers(red(1, 15, 16, Cause::Keyed))
        );
    }

    #[test]
    fn neighbourhoods_are_cut_at_the_ends() {
        let mut plan = Plan::new(2);
        plan.add([red(0, 10, 20, Cause::Keyed), red(1, 45, 50, Cause::Keyed), red(1, 95, 99, Cause::Keyed)]);
        assert_eq!(plan.neighbourhoods(15, 100), [Span::new(0, 65), Span::new(80, 100)]);
    }
}
