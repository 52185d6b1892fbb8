//! The samples of a call, block by block, in order, as little-endian bytes of the coding that [`Call::format`](crate::Call::format) names: the file's own, or what a block codec decodes to.

use crate::call::{Body, Call};
use crate::error::Error;
use crate::held::Held;
use cardhush_codec::Decoder;
use cardhush_core::Span;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::ops::Range;

/// Samples a channel of a block that was decoded.
const DECODED: u64 = 16_384;

/// See the module.
pub(crate) struct Reading<'a> {
    from: From<'a>,
    within: Span,
    at: u64,
    bytes: Held<u8>,
}

enum From<'a> {
    File(&'a Call, &'a File, Range<u64>, u64),
    Decoder(&'a Call, Box<dyn Decoder + 'a>, u64, Held<i16>),
}

impl<'a> Reading<'a> {
    /// What lies in `within` of a call. `file` is the call's own, or another of the same form.
    pub fn new(call: &'a Call, file: &'a File, within: Span) -> Result<Self, Error> {
        let from = match call.body() {
            Body::Linear(linear) => From::File(call, file, linear.data.clone(), u64::from(linear.format.frame_bytes())),
            Body::Coded(coded) => {
                let mut file = file;
                file.rewind().map_err(crate::error::doing("read", call.path()))?;
                let decoder = coded.decoder(Box::new(BufReader::new(file)), within.start).map_err(call.codec())?;
                From::Decoder(call, decoder, u64::from(call.channels()), Held::default())
            }
        };
        Ok(Self { from, within, at: within.start, bytes: Held::default() })
    }

    /// The next block and its bytes; `None` behind the last.
    pub fn next(&mut self) -> Result<Option<(Span, &mut [u8])>, Error> {
        if self.at >= self.within.end {
            return Ok(None);
        }
        let bytes = match &mut self.from {
            From::File(call, file, data, frame) => {
                let step = (crate::call::BLOCK_BYTES / (*frame).max(1)).max(1);
                let block = Span::new(self.at, self.within.end.min(self.at + step));
                self.at = block.end;
                let part = data.start + block.start * *frame..data.start + block.end * *frame;
                let bytes = call.read_from(file, part, &mut self.bytes)?;
                call.turn(bytes);
                (block, bytes)
            }
            From::Decoder(call, decoder, channels, rest) => {
                let block = Span::new(self.at, self.within.end.min(self.at + DECODED));
                let wanted = (block.len() * *channels) as usize;
                while rest.len() < wanted {
                    let more = decoder.next().map_err(call.codec())?;
                    if more.is_empty() {
                        // What was parsed has that many.
                        return Err(Error::Changed { path: call.path().into() });
                    }
                    rest.extend_from_slice(more);
                }
                self.at = block.end;
                self.bytes.clear();
                self.bytes.extend(rest.drain(..wanted).flat_map(i16::to_le_bytes));
                (block, &mut self.bytes[..])
            }
        };
        Ok(Some(bytes))
    }
}
