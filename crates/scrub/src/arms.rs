//! When the caller arms a call, so that every run of spoken digits is masked: changes in order, each taken when its sample comes.

use crate::mask::{Mask, MaskError};
use cardhush_core::Span;
use std::collections::VecDeque;

/// Samples at which a call is armed (`true`) or disarmed, in order; those of spans that touch are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arms(VecDeque<(u64, bool)>);

impl Arms {
    /// The changes of a call, of which only `within` is looked at.
    ///
    /// # Errors
    /// A span that the call does not have.
    pub fn new(armed: &[Mask], rate_hz: u32, channels: u8, frames: u64, within: Span) -> Result<Self, MaskError> {
        let mut spans = armed.iter().map(|one| one.span(rate_hz, channels, frames)).collect::<Result<Vec<_>, _>>()?;
        spans.sort_unstable();
        spans.dedup_by(|next, kept| {
            let one = next.start <= kept.end;
            if one {
                kept.end = kept.end.max(next.end);
            }
            one
        });
        let spans = spans.into_iter().map(|span| span.overlap(within)).filter(|span| !span.is_empty());
        Ok(Self(spans.flat_map(|span| [(span.start - within.start, true), (span.end - within.start, false)]).collect()))
    }

    /// The sample of the next change.
    pub fn next(&self) -> Option<u64> {
        self.0.front().map(|(at, _)| *at)
    }

    /// Whether the call is armed or disarmed next, if that is before sample `end`; once.
    pub fn take(&mut self, end: u64) -> Option<bool> {
        self.next().filter(|at| *at < end)?;
        self.0.pop_front().map(|(_, armed)| armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_in_order_and_once() {
        let armed: Vec<Mask> = ["*:@30-@50", "*:@10-@20", "*:@40-@60", "*:@90-end"].iter().map(|text| text.parse().unwrap()).collect();
        let mut arms = Arms::new(&armed, 8_000, 1, 100, Span::new(15, 95)).unwrap();
        assert_eq!(arms.take(0), None);
        let changes: Vec<_> = std::iter::from_fn(|| Some((arms.next()?, arms.take(u64::MAX)?))).collect();
        assert_eq!(changes, [(0, true), (5, false), (15, true), (45, false), (75, true), (80, false)]);
        assert!(Arms::new(&armed, 8_000, 1, 80, Span::new(0, 80)).is_err(), "beyond the end");
    }
}
