//! The output's bytes: the input's, with the planned samples replaced on their way.
//!
//! Every byte goes once from the input to the output. A planned sample is replaced before its block is written, so that card audio
//! reaches no disk that it was not on. Blocks far from any span pass as they are. On the way both are digested, from the first byte to the last.

use crate::beside::Beside;
use crate::call::Call;
use crate::digest::{Digest, Digests};
use crate::error::{Error, doing};
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::watch::{Step, Watch, tell};
use cardhush_core::suppress::FILL_SEED;
use cardhush_core::{Coding, Span, Suppressor};
use cardhush_wav::with_coding;
use std::io::{Seek as _, Write as _};

/// Writes the output of a call, over what an earlier round wrote; gives the digests of both.
///
/// # Errors
/// The input cannot be read or the output not be written.
pub(crate) fn fill(call: &Call, to: &Beside, plan: &Plan, settings: &Settings, watch: &mut Watch<'_>) -> Result<Digests, Error> {
    if let Some(coded) = call.coded() {
        return crate::blocks::fill(call, coded, to, plan, settings, watch);
    }
    let mut bytes = Held::default();
    let (mut input, mut output) = (Digest::new(), Digest::new());
    to.file().rewind().map_err(doing("write", to.target()))?;
    // Of the same bytes there is one digest.
    let same = plan.is_empty();
    let mut write = |bytes: &[u8]| {
        if !same {
            output.add(bytes);
        }
        to.file().write_all(bytes).map_err(doing("write", to.target()))
    };
    for part in call.head() {
        let bytes = call.read(part, &mut bytes)?;
        input.add(bytes);
        write(bytes)?;
    }
    with_coding!(call.format().coding, C => {
        let mut brush = Brush::<C>::new(call, settings);
        for block in call.blocks(Span::new(0, call.frames())) {
            tell(watch, call.path(), Step::Writing, block.start, call.frames())?;
            let part = call.bytes_of(block);
            let bytes = call.read(part, &mut bytes)?;
            input.add(bytes);
            call.turn(bytes);
            brush.paint(plan, block, bytes);
            call.turn(bytes);
            write(bytes)?;
        }
        Ok::<_, Error>(())
    })?;
    for part in call.tail() {
        let bytes = call.read(part, &mut bytes)?;
        input.add(bytes);
        write(bytes)?;
    }
    let input = input.end();
    Ok(Digests { input, output: if same { input } else { output.end() } })
}

/// One [`Suppressor`] a channel, fed with a file's bytes.
struct Brush<C: Coding> {
    channels: Vec<Suppressor>,
    units: Held<C::Unit>,
    spans: Vec<Span>,
}

impl<C: Coding> Brush<C> {
    fn new(call: &Call, settings: &Settings) -> Self {
        let channels =
            (0..usize::from(call.channels())).map(|channel| Suppressor::new(settings.fill, call.rate_hz(), channel, FILL_SEED)).collect();
        Self { channels, units: Held::default(), spans: Vec::new() }
    }

    /// Replaces what is planned in a block; every other byte of it stays.
    fn paint(&mut self, plan: &Plan, block: Span, bytes: &mut [u8]) {
        let count = self.channels.len();
        self.units.clear();
        self.units.extend(bytes.chunks_exact(C::BYTES).map(C::from_le_bytes));
        for (channel, suppressor) in self.channels.iter_mut().enumerate() {
            self.spans.clear();
            self.spans.extend(plan.near(channel as u8, block).0.iter().map(|(span, _)| *span));
            suppressor.apply::<C>(&mut self.units, count, block.start, &self.spans);
            for span in &self.spans {
                let part = span.overlap(block);
                for frame in part.start - block.start..part.end - block.start {
                    let at = frame as usize * count + channel;
                    if let (Some(unit), Some(bytes)) = (self.units.get(at), bytes.get_mut(at * C::BYTES..)) {
                        C::to_le_bytes(*unit, bytes);
                    }
                }
            }
        }
    }
}
