//! What of a call is masked, in seconds: the plan as transcripts see it.

use super::times::Times;
use crate::plan::Plan;

/// Masked spans of each channel and of any, in order and apart.
pub(super) struct Masks {
    channels: Vec<Vec<Times>>,
    any: Vec<Times>,
}

impl Masks {
    pub(super) fn new(plan: &Plan, rate_hz: u32) -> Self {
        let seconds = |sample: u64| sample as f64 / f64::from(rate_hz.max(1));
        let of = |channel| plan.channel(channel).iter().map(|(span, _)| (seconds(span.start), seconds(span.end))).collect();
        let channels: Vec<Vec<_>> = (0..plan.channels()).map(of).collect();
        let mut any = channels.concat();
        any.sort_by(|a, b| a.0.total_cmp(&b.0));
        any.dedup_by(|next, kept| {
            let one = next.0 <= kept.1;
            if one {
                kept.1 = kept.1.max(next.1);
            }
            one
        });
        Self { channels, any }
    }

    /// Whether anything is masked on a channel, or on any.
    pub(super) fn some(&self, channel: Option<u8>) -> bool {
        !self.of(channel).is_empty()
    }

    /// Whether anything is masked within `margin_s` of these times.
    pub(super) fn near(&self, channel: Option<u8>, (start, end): Times, margin_s: f64) -> bool {
        let list = self.of(channel);
        let next = list.partition_point(|span| span.1 < start - margin_s);
        list.get(next).is_some_and(|span| span.0 <= end + margin_s)
    }

    /// Times that lie in a masked span moved to its edges, so that they do not tell where in it they were.
    pub(super) fn outward(&self, channel: Option<u8>, (start, end): Times) -> Times {
        (self.around(channel, start).map_or(start, |span| span.0), self.around(channel, end).map_or(end, |span| span.1))
    }

    fn around(&self, channel: Option<u8>, at: f64) -> Option<Times> {
        let list = self.of(channel);
        list.get(list.partition_point(|span| span.1 <= at)).copied().filter(|span| span.0 < at)
    }

    fn of(&self, channel: Option<u8>) -> &[Times] {
        channel.map_or(&self.any, |channel| self.channels.get(usize::from(channel)).map_or(&[][..], Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardhush_core::{Cause, Redaction, Span};

    #[test]
    fn a_channel_has_its_own_and_no_channel_has_all() {
        let red = |channel, start, end| Redaction { channel, span: Span::new(start, end), cause: Cause::Keyed };
        let mut plan = Plan::new(2);
        plan.add([red(0, 8_000, 16_000), red(1, 12_000, 20_000), red(1, 40_000, 41_000)]);
        let masks = Masks::new(&plan, 8_000);
        assert!(masks.near(Some(0), (2.4, 3.0), 0.5) && !masks.near(Some(0), (2.6, 3.0), 0.5));
        assert!(masks.near(Some(1), (2.4, 2.4), 0.0) && masks.near(None, (2.4, 2.4), 0.0));
        assert!(masks.near(None, (0.0, 9.0), 0.0) && !masks.near(Some(7), (0.0, 9.0), 0.0) && masks.some(None) && !masks.some(Some(7)));
        assert_eq!(masks.outward(None, (1.7, 2.2)), (1.0, 2.5));
        assert_eq!(masks.outward(Some(0), (0.5, 2.2)), (0.5, 2.2));
        assert_eq!(masks.outward(Some(0), (1.0, 2.0)), (1.0, 2.0));
    }
}
