//! Pages written anew with silence in place of some packets.

use std::ops::Range;

use crate::source::{copy, same_length};
use crate::{Change, CodecError, ReadSeek, WriteSeek};

use super::Opus;
use super::packet::{silence, silence_len};
use super::page::{HEADER, Page, lace};
use super::scan::Part;

/// See [`crate::Coded::rewrite`].
pub(super) fn rewrite(opus: &Opus, file: &mut dyn ReadSeek, spans: &[Vec<Range<u64>>], to: &mut dyn WriteSeek) -> Result<(), CodecError> {
    same_length(file, opus.file_len)?;
    to.rewind()?;
    let replaced = opus.replaced(spans);
    let mut at = 0;
    for (number, parts) in touched(opus, &replaced) {
        let bytes = opus.stream.page(number).ok_or(CodecError::Changed)?;
        let page = Page::read(file, bytes.start)?.filter(|page| page.len() == bytes.end - bytes.start).ok_or(CodecError::Changed)?;
        copy(file, at..bytes.start, to)?;
        to.write_all(&anew(opus, &page, &parts, &replaced)?.to_bytes())?;
        at = bytes.end;
    }
    copy(file, at..opus.file_len, to)
}

/// See [`crate::Coded::changed`].
pub(super) fn changed(opus: &Opus, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
    let replaced = opus.replaced(spans);
    let mut shift = 0;
    let mut changes = Vec::new();
    for (number, parts) in touched(opus, &replaced) {
        let Some(before) = opus.stream.page(number) else { continue };
        let mut len = HEADER as u64;
        for part in &parts {
            let (bytes, ends) = match held(&replaced, part.packet) {
                true if part.ends => (silence_len(opus.stream.packet(part.packet).map_or(0, |(_, duration)| duration)), true),
                true => continue,
                false => (part.len, part.ends),
            };
            len += (bytes + lace(bytes, ends).len()) as u64;
        }
        let start = before.start.saturating_add_signed(shift);
        shift += len as i64 - (before.end - before.start) as i64;
        changes.push(Change { before, after: start..start + len });
    }
    changes
}

/// The pages that hold something of the packets that are replaced, and what lies on them.
fn touched<'a>(opus: &'a Opus, replaced: &'a [Range<usize>]) -> impl Iterator<Item = (usize, Vec<Part>)> + 'a {
    let mut next = 0;
    replaced
        .iter()
        .flat_map(move |packets| {
            let first = opus.stream.page_of(packets.start).max(next);
            let mut end = first;
            while end < opus.stream.pages() && opus.stream.parts(end).first().is_none_or(|part| part.packet < packets.end) {
                end += 1;
            }
            next = end;
            first..end
        })
        .map(|number| (number, opus.stream.parts(number)))
        .filter(move |(_, parts)| parts.iter().any(|part| held(replaced, part.packet)))
}

fn held(replaced: &[Range<usize>], packet: usize) -> bool {
    let at = replaced.partition_point(|packets| packets.end <= packet);
    replaced.get(at).is_some_and(|packets| packets.contains(&packet))
}

/// A page with silence for its replaced packets. One that lay on several pages lies whole on that where it ended, whose time counts it.
fn anew(opus: &Opus, page: &Page, parts: &[Part], replaced: &[Range<usize>]) -> Result<Page, CodecError> {
    let (mut laces, mut body) = (Vec::new(), Vec::new());
    let mut continued = false;
    for (part, (bytes, ends)) in parts.iter().zip(page.packets()) {
        if bytes.len() != part.len || ends != part.ends {
            return Err(CodecError::Changed);
        }
        if !held(replaced, part.packet) {
            continued |= part.continued;
            laces.extend(lace(bytes.len(), ends));
            body.extend_from_slice(bytes);
        } else if ends {
            let (_, duration) = opus.stream.packet(part.packet).ok_or(CodecError::Changed)?;
            let packet = silence(duration, opus.stream.head.channels);
            laces.extend(lace(packet.len(), true));
            body.extend(packet);
        }
    }
    Ok(page.with(continued, laces, body))
}
