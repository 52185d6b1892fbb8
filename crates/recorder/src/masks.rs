//! The masked spans of one channel, in its own samples: what was settled, as far back as a waiting packet may still reach.

use crate::error::SessionError;
use crate::store::room;
use cardhush_core::Span;

/// Spans that are kept; with more, the two oldest become one.
const KEPT: usize = 128;

/// See the module. Sorted and apart.
pub struct Masks {
    spans: Vec<Span>,
}

impl Masks {
    /// None.
    pub fn new() -> Result<Self, SessionError> {
        Ok(Self { spans: room(KEPT + 1)? })
    }

    /// Adds a span that begins no earlier than any before it; one that touches the last makes it longer.
    pub fn add(&mut self, span: Span) {
        match self.spans.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => self.spans.push(span),
        }
        if self.spans.len() > KEPT {
            let second = self.spans.remove(1);
            if let Some(first) = self.spans.first_mut() {
                first.end = second.end;
            }
        }
    }

    /// Forgets what ended before `position`.
    pub fn forget(&mut self, position: u64) {
        let gone = self.spans.partition_point(|span| span.end <= position);
        if gone > 0 {
            self.spans.drain(..gone);
        }
    }

    /// Those that touch `span`, in order.
    pub fn of(&self, span: Span) -> &[Span] {
        let from = self.spans.partition_point(|one| one.end <= span.start);
        let to = self.spans.partition_point(|one| one.start < span.end);
        self.spans.get(from..to).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_touch_are_one_and_old_ones_go() {
        let mut masks = Masks::new().unwrap();
        for (start, end) in [(10, 20), (20, 25), (24, 26), (40, 50)] {
            masks.add(Span::new(start, end));
        }
        assert_eq!(masks.of(Span::new(0, 100)), [Span::new(10, 26), Span::new(40, 50)]);
        assert_eq!(masks.of(Span::new(26, 40)), []);
        assert_eq!(masks.of(Span::new(25, 41)).len(), 2);
        masks.forget(26);
        assert_eq!(masks.of(Span::new(0, 100)), [Span::new(40, 50)]);
        (0..1_000).for_each(|i| masks.add(Span::new(100 + 10 * i, 105 + 10 * i)));
        assert_eq!(masks.of(Span::new(0, u64::MAX)).len(), KEPT);
        assert!(masks.of(Span::new(200, 205)).len() == 1, "more is masked, and never less");
    }
}
