//! Sorted, disjoint ranges: which of them meet another.

use std::ops::Range;

/// Those of `spans` that have samples in common with `range`.
pub(crate) fn meeting(spans: &[Range<u64>], range: Range<u64>) -> impl Iterator<Item = &Range<u64>> {
    let first = spans.partition_point(|span| span.end <= range.start);
    spans.get(first..).unwrap_or_default().iter().take_while(move |span| span.start < range.end).filter(|span| span.start < span.end)
}
