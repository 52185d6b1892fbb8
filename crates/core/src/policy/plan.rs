//! The spans of one channel that are masked or will be, from the newest that can still grow back to those just left.
//!
//! Where: end of the policy. In: spans in any order, each asked for as often as it grows. Out: each final span once, in order,
//! and each stretch that left before it could be masked. Samples before the *frontier* have left. Fixed capacity: when it is
//! full, the two nearest spans become one, so that more is masked and never less.

use crate::event::{Cause, Event, Redaction, Span};

/// Automatic dialling, ten tones a second, over the longest look-ahead that the stages ask for.
const CAPACITY: usize = 80;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Masked; may grow.
    Open,
    /// Masked; the caller was told.
    Told,
    /// Left unmasked; the caller was told.
    Exposed,
}

#[derive(Clone, Copy)]
struct Entry {
    span: Span,
    cause: Cause,
    fate: Fate,
}

/// See the module.
#[derive(Clone)]
pub struct Plan {
    entries: [Entry; CAPACITY],
    len: usize,
    frontier: u64,
    /// No open span ends before this.
    due: u64,
    /// Samples behind the frontier that may still be asked for.
    kept: u64,
}

impl Plan {
    /// Nothing planned, nothing left. What has left is remembered for `kept` samples at least.
    pub const fn new(kept: u64) -> Self {
        let none = Entry { span: Span::new(0, 0), cause: Cause::Manual, fate: Fate::Open };
        Self { entries: [none; CAPACITY], len: 0, frontier: 0, due: u64::MAX, kept }
    }

    /// The masked spans that touch `window`, in order.
    pub fn masked(&self, window: Span) -> impl Iterator<Item = Span> + '_ {
        self.entries
            .iter()
            .take(self.len)
            .filter(move |entry| entry.fate != Fate::Exposed && !entry.span.overlap(window).is_empty())
            .map(|entry| entry.span)
    }

    /// Asks for `span` to be masked; what has left unmasked from `sounds` on, the first sample that matters, is exposed.
    pub fn add(&mut self, channel: u8, span: Span, sounds: u64, cause: Cause, sink: &mut impl FnMut(Event)) {
        let mut at = span.start.max(sounds);
        while at < span.end.min(self.frontier) {
            // The first entry that covers or follows `at`.
            let next = self.entries.iter().take(self.len).map(|entry| entry.span).find(|s| s.end > at);
            match next {
                Some(s) if s.start <= at => at = s.end,
                other => {
                    let end = other.map_or(u64::MAX, |s| s.start).min(span.end).min(self.frontier);
                    let gap = Span::new(at, end);
                    sink(Event::Exposed { channel, span: gap, cause });
                    self.insert(channel, Entry { span: gap, cause, fate: Fate::Exposed }, sink);
                    at = end;
                }
            }
        }
        let mut new = Entry { span: Span::new(span.start.max(self.frontier), span.end), cause, fate: Fate::Open };
        if new.span.is_empty() {
            return;
        }
        if self.extend(&new) {
            return;
        }
        // Swallow every open span that overlaps or touches.
        let mut kept = 0;
        for i in 0..self.len.min(CAPACITY) {
            let entry = self.entries[i];
            if entry.fate == Fate::Open && entry.span.start <= new.span.end && new.span.start <= entry.span.end {
                new.span.start = new.span.start.min(entry.span.start);
                new.span.end = new.span.end.max(entry.span.end);
                new.cause = new.cause.min(entry.cause);
            } else {
                self.entries[kept.min(CAPACITY - 1)] = entry;
                kept += 1;
            }
        }
        self.len = kept;
        self.due = self.due.min(new.span.end);
        self.insert(channel, new, sink);
    }

    /// Lets the newest span grow to hold `new`; false where that is not all there is to do.
    fn extend(&mut self, new: &Entry) -> bool {
        let Some(newest) = self.entries.get_mut(..self.len).and_then(|entries| entries.last_mut()) else { return false };
        let grows = newest.fate == Fate::Open && newest.span.start <= new.span.start && new.span.start <= newest.span.end;
        if grows {
            newest.span.end = newest.span.end.max(new.span.end);
            newest.cause = newest.cause.min(new.cause);
        }
        grows
    }

    /// Nothing is masked from `at` on: what is open ends there, and is told.
    pub fn cut(&mut self, channel: u8, at: u64, sink: &mut impl FnMut(Event)) {
        let mut kept = 0;
        for i in 0..self.len.min(CAPACITY) {
            let mut entry = self.entries[i];
            if entry.fate == Fate::Open {
                entry.span.end = entry.span.end.min(at.max(self.frontier));
                if entry.span.is_empty() {
                    continue;
                }
                entry.fate = Fate::Told;
                sink(Event::Redacted(Redaction { channel, span: entry.span, cause: entry.cause }));
            }
            self.entries[kept.min(CAPACITY - 1)] = entry;
            kept += 1;
        }
        (self.len, self.due) = (kept, u64::MAX);
    }

    /// Everything before `frontier` leaves now: spans that end there are final.
    pub fn advance(&mut self, channel: u8, frontier: u64, sink: &mut impl FnMut(Event)) {
        self.frontier = self.frontier.max(frontier);
        if self.frontier < self.due {
            return;
        }
        self.due = u64::MAX;
        for entry in self.entries.iter_mut().take(self.len) {
            if entry.fate == Fate::Open && entry.span.end <= self.frontier {
                entry.fate = Fate::Told;
                sink(Event::Redacted(Redaction { channel, span: entry.span, cause: entry.cause }));
            } else if entry.fate == Fate::Open {
                self.due = self.due.min(entry.span.end);
            }
        }
    }

    fn insert(&mut self, channel: u8, new: Entry, sink: &mut impl FnMut(Event)) {
        if self.len >= CAPACITY {
            self.make_room(channel, sink);
        }
        let mut i = self.len.min(CAPACITY - 1);
        self.len = i + 1;
        while i > 0 && self.entries[i - 1].span.start > new.span.start {
            self.entries[i] = self.entries[i - 1];
            i -= 1;
        }
        self.entries[i] = new;
    }

    /// Drops the oldest entry that nobody asks for any more; where there is none, joins the two open spans nearest each other; where there
    /// are none, forgets the oldest that was exposed, and at last joins two that were told, and tells of what lies between them.
    fn make_room(&mut self, channel: u8, sink: &mut impl FnMut(Event)) {
        let gone = self.frontier.saturating_sub(self.kept);
        let is_gone = |entry: &Entry| entry.fate != Fate::Open && entry.span.end <= gone;
        let victim = if let Some(oldest) = self.entries.iter().position(is_gone) {
            oldest
        } else if let Some(i) = self.nearest(Fate::Open) {
            self.join(i);
            i + 1
        } else if let Some(oldest) = self.entries.iter().position(|entry| entry.fate == Fate::Exposed) {
            oldest
        } else {
            // What is open ends behind the frontier, what was told before it: of so many in order, two told ones are neighbours.
            let i = self.nearest(Fate::Told).unwrap_or(0);
            let (gap, cause) = self.join(i);
            if !gap.is_empty() {
                sink(Event::Redacted(Redaction { channel, span: gap, cause }));
            }
            i + 1
        };
        for i in victim..CAPACITY - 1 {
            self.entries[i] = self.entries[i + 1];
        }
        self.len = CAPACITY - 1;
    }

    /// The first of the two neighbours of this fate that are nearest each other.
    fn nearest(&self, fate: Fate) -> Option<usize> {
        let both = |pair: &[Entry]| pair.iter().all(|entry| entry.fate == fate);
        let gap =
            |pair: &[Entry]| pair.iter().rev().map(|entry| entry.span).reduce(|next, one| Span::new(one.end, next.start)).map(Span::len);
        let pairs = self.entries.windows(2).enumerate().filter(|(_, pair)| both(pair));
        pairs.min_by_key(|(_, pair)| gap(pair)).map(|(i, _)| i)
    }

    /// Lets entry `i` hold the next one too; what lay between them, and the cause of both.
    fn join(&mut self, i: usize) -> (Span, Cause) {
        let i = i.min(CAPACITY - 2);
        let next = self.entries[i + 1];
        let one = &mut self.entries[i];
        let gap = Span::new(one.span.end, next.span.start);
        one.span.end = one.span.end.max(next.span.end);
        one.cause = one.cause.min(next.cause);
        (gap, one.cause)
    }
}

#[cfg(test)]
mod tests {
    //! Timelines: a column a sample. Each line asks for a span, `#` and `~` (the mask's guard, where nothing sounds yet), once the frontier
    //! has come to its `|`, which takes no column. The answer has `a` for the span that was told first, `b` for the next, `x` for what
    //! was exposed.
    use super::*;
    use proptest::prelude::*;
    use std::{format, string::String, vec, vec::Vec};

    /// Asks and moves of `line`: where the frontier stands, the span, where it sounds.
    fn read(line: &str) -> (Option<u64>, Span, u64) {
        let columns: Vec<char> = line.chars().filter(|c| *c != '|').collect();
        let frontier = line.chars().position(|c| c == '|').map(|at| at as u64);
        let asked = |c: &char| *c == '#' || *c == '~';
        let start = columns.iter().position(asked).unwrap_or(0);
        let end = columns.iter().rposition(asked).map_or(0, |last| last + 1);
        let sounds = columns.iter().position(|c| *c == '#').unwrap_or(0);
        (frontier, Span::new(start as u64, end as u64), sounds as u64)
    }

    fn draw(events: &[Event], width: usize) -> String {
        let mut columns = vec!['.'; width];
        let mut letters = 'a'..='z';
        for event in events {
            let (span, mark) = match event {
                Event::Redacted(one) => (one.span, letters.next().expect("at most 26 spans")),
                Event::Exposed { span, .. } => (*span, 'x'),
                Event::Keyed { .. } | Event::Card { .. } => unreachable!("a plan knows no digits"),
            };
            for at in span.start..span.end {
                assert_eq!(columns[at as usize], '.', "told twice: {at} of {events:?}");
                columns[at as usize] = mark;
            }
        }
        columns.into_iter().collect()
    }

    fn timeline(lines: &[&str]) -> String {
        let (mut plan, mut events) = (Plan::new(0), Vec::new());
        let mut sink = |event| events.push(event);
        let width = lines.iter().map(|line| line.replace('|', "").len()).max().unwrap_or(0);
        for line in lines {
            let (frontier, span, sounds) = read(line);
            plan.advance(0, frontier.unwrap_or(0), &mut sink);
            if !span.is_empty() {
                plan.add(0, span, sounds, Cause::Keyed, &mut sink);
            }
        }
        plan.advance(0, u64::MAX, &mut sink);
        draw(&events, width)
    }

    #[test]
    fn a_span_grows_to_both_sides_and_is_told_once() {
        assert_eq!(timeline(&["..##......"]), "..aa......");
        assert_eq!(timeline(&["..##......", "..#####..."]), "..aaaaa...");
        assert_eq!(timeline(&["....##....", "..##......"]), "..aaaa....");
        assert_eq!(timeline(&["....##....", ".########."]), ".aaaaaaaa.");
        assert_eq!(timeline(&[".########.", "....##...."]), ".aaaaaaaa.");
    }

    #[test]
    fn spans_that_meet_become_one_and_others_stay_apart() {
        assert_eq!(timeline(&["..##......", "....##...."]), "..aaaa....");
        assert_eq!(timeline(&["..##......", ".....##..."]), "..aa.bb...");
        assert_eq!(timeline(&[".....##...", "..##......"]), "..aa.bb...");
        assert_eq!(timeline(&[".#........", "...#......", ".....#....", "..###....."]), ".aaaaa....");
    }

    #[test]
    fn what_has_left_unmasked_is_exposed_once_and_the_rest_masked() {
        assert_eq!(timeline(&["..##|##.."]), "..xxaa..");
        assert_eq!(timeline(&["..####|.."]), "..xxxx..");
        assert_eq!(timeline(&["..##|##..", "..##|##.."]), "..xxaa..", "asked for again");
        assert_eq!(timeline(&["..##|##..", ".#####|.."]), ".xxxaa..", "and more before it");
        assert_eq!(timeline(&["..~~|##..",]), "....aa..", "a guard that has left holds nothing");
        assert_eq!(timeline(&["..~#|##..",]), "...xaa..");
        assert_eq!(timeline(&["~~~~~##|.."]), ".....xx..");
    }

    #[test]
    fn what_was_masked_is_not_exposed() {
        assert_eq!(timeline(&["..##....", "..###|#.."]), "..aaxb..", "the gap behind a span that was told");
        assert_eq!(timeline(&["..####..", ".##|###.."]), ".xaaaa..", "a span that is leaving cannot grow backwards");
        assert_eq!(timeline(&["..####..", "..##|####"]), "..aaaaaa", "nor is its part that has left told apart");
        assert_eq!(timeline(&["..#.....", "....#...", "......#.", ".######|."]), ".xaxbxc.");
    }

    #[test]
    fn the_gravest_cause_of_a_span_is_told() {
        let (mut plan, mut causes) = (Plan::new(0), Vec::new());
        let mut sink = |event| causes.extend(if let Event::Redacted(one) = event { Some(one.cause) } else { None });
        for (start, cause) in [(0, Cause::Linked), (2, Cause::Keyed), (4, Cause::Echo), (10, Cause::Manual), (11, Cause::Echo)] {
            plan.add(0, Span::new(start, start + 3), start, cause, &mut sink);
        }
        plan.advance(0, 100, &mut sink);
        assert_eq!(causes, [Cause::Keyed, Cause::Echo]);
    }

    #[test]
    fn nothing_reaches_beyond_a_cut() {
        let (mut plan, mut events) = (Plan::new(0), Vec::new());
        let mut sink = |event| events.push(event);
        for (start, end) in [(2, 4), (6, 12), (20, 30)] {
            plan.add(0, Span::new(start, end), start, Cause::Manual, &mut sink);
        }
        plan.advance(0, 5, &mut sink);
        plan.cut(0, 8, &mut sink);
        plan.advance(0, 100, &mut sink);
        assert_eq!(draw(&events, 32), format!("..aa..bb{}", ".".repeat(24)));
    }

    /// One more span than there is room for: the two nearest of those before it become one, and none is lost.
    #[test]
    fn the_nearest_spans_are_joined_where_room_runs_out() {
        let (mut plan, mut events) = (Plan::new(0), Vec::new());
        let mut sink = |event| events.push(event);
        let start = |i: u64| i * 10 - if i == 40 { 5 } else { 0 };
        for i in 0..=CAPACITY as u64 {
            plan.add(0, Span::new(start(i), start(i) + 2), start(i), Cause::Manual, &mut sink);
        }
        plan.advance(0, u64::MAX, &mut sink);
        let spans: Vec<Span> =
            events.iter().filter_map(|event| if let Event::Redacted(one) = event { Some(one.span) } else { None }).collect();
        assert_eq!(spans.len(), CAPACITY);
        let expected =
            (0..=CAPACITY as u64).filter(|i| *i != 40).map(|i| Span::new(start(i), if i == 39 { start(40) } else { start(i) } + 2));
        assert!(spans.into_iter().eq(expected), "{events:?}");
    }

    /// Where all that is held has left and may still be asked for, what lies between two told spans is told too: no sample is filled
    /// in silence. What was exposed is forgotten first.
    #[test]
    fn no_sample_between_told_spans_is_filled_in_silence() {
        const WIDTH: u64 = CAPACITY as u64 * 5 + 80;
        for exposed in [0, 1] {
            let (mut plan, mut told) = (Plan::new(u64::MAX), vec![false; WIDTH as usize]);
            let mut sink = |event| {
                if let Event::Redacted(Redaction { span, .. }) = event {
                    told[span.start as usize..span.end as usize].fill(true);
                }
            };
            for i in 0..=CAPACITY as u64 {
                let at = 10 + i * 5;
                plan.advance(0, if i == 0 { 10 + 2 * exposed } else { at }, &mut sink);
                plan.add(0, Span::new(at, at + 2), at, Cause::Manual, &mut sink);
            }
            plan.advance(0, WIDTH, &mut sink);
            let filled: Vec<bool> = (0..WIDTH).map(|at| plan.masked(Span::new(at, at + 1)).next().is_some()).collect();
            assert_eq!(filled, told, "{exposed} exposed");
            assert_eq!(
                filled.iter().filter(|filled| **filled).count() as u64,
                2 * (CAPACITY as u64 + 1) + if exposed == 0 { 3 } else { 0 } - 2 * exposed
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Against one flag a sample: asked for in time is masked, too late is exposed; in order, each once, for any asks and moves.
        #[test]
        fn agrees_with_a_flag_a_sample(steps in prop::collection::vec((0_u64..30, 0_u64..200, 0_u64..40, 0_u64..20), 1..40)) {
            const WIDTH: usize = 1_500;
            let (mut plan, mut told) = (Plan::new(0), Vec::new());
            let (mut masked, mut exposed, mut frontier) = ([false; WIDTH], [false; WIDTH], 0);
            for (moves, ahead, length, quiet) in steps {
                frontier += moves;
                plan.advance(0, frontier, &mut |event| told.push(event));
                let start = (frontier + ahead).saturating_sub(60);
                let (span, sounds) = (Span::new(start, start + length), start + quiet);
                for at in span.start..span.end {
                    let i = at as usize;
                    masked[i] |= at >= frontier;
                    exposed[i] |= at < frontier && at >= sounds && !masked[i];
                }
                plan.add(0, span, sounds, Cause::Keyed, &mut |event| told.push(event));
                let window = Span::new(frontier, frontier + 300);
                let known = plan.masked(window).map(|span| span.overlap(window)).flat_map(|span| span.start..span.end);
                let expected = (window.start..window.end).filter(|at| masked[*at as usize]);
                prop_assert!(known.eq(expected), "{}", format!("{span:?} at frontier {frontier}"));
            }
            plan.advance(0, u64::MAX, &mut |event| told.push(event));
            let (mut now, mut last) = (([false; WIDTH], [false; WIDTH]), 0);
            for event in &told {
                if let Event::Redacted(Redaction { span, .. }) = event {
                    prop_assert!(span.start >= last && !span.is_empty(), "{told:?}");
                    last = span.end;
                    now.0[span.start as usize..span.end as usize].fill(true);
                } else if let Event::Exposed { span, .. } = event {
                    prop_assert!(!now.1[span.start as usize..span.end as usize].contains(&true), "exposed twice: {told:?}");
                    now.1[span.start as usize..span.end as usize].fill(true);
                }
            }
            prop_assert!(now == (masked, exposed));
        }
    }
}
