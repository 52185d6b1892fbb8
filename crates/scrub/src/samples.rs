//! A call that is in memory, scrubbed as a file of it would be: by the same looks, fill and checks, to the same samples.
//!
//! The samples are copied to files that are on no disk (memfd_create(2)), so that one engine serves both; twice as much memory as they take is held meanwhile. Linux alone
//! has such files: elsewhere it is an error, since audio that was in memory goes to no disk. Samples are interleaved, little-endian.

use crate::beside::{Beside, memory};
use crate::call::{BLOCK_BYTES, Call, read_at};
use crate::error::{Error, doing};
use crate::find::find;
use crate::held::Held;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::stage::write;
use crate::watch::Watch;
use cardhush_core::{ConfigError, Span};
use cardhush_wav::Format;
use cardhush_wav::format::MAX_CHANNELS;
use std::io::Write as _;
use std::path::Path;

/// What errors call them.
const NAME: &str = "samples";

/// Samples and what becomes of them. The caller's own are read by [`new`](Self::new) and written by [`put_back`](Self::put_back) alone.
#[derive(Debug)]
pub struct Samples {
    call: Call,
    scrubbed: Beside,
    plan: Plan,
}

impl Samples {
    /// Takes a copy of a call.
    ///
    /// # Errors
    /// More channels than are taken, or no room for it.
    pub fn new(samples: &[u8], format: Format) -> Result<Self, Error> {
        let name = Path::new(NAME);
        if !(1..=MAX_CHANNELS).contains(&format.channels) {
            let channels = u8::try_from(format.channels).unwrap_or(u8::MAX);
            return Err(Error::Config { path: name.into(), source: ConfigError::Channels { channels } });
        }
        let mut file = memory(name)?;
        file.write_all(samples).map_err(doing("hold in memory", name))?;
        let call = Call::of_samples(name, file, format)?;
        Ok(Self { plan: Plan::new(call.channels()), call, scrubbed: Beside::in_memory(name)? })
    }

    /// Finds what is to go, replaces it in the copy, and checks that; gives what was replaced.
    ///
    /// # Errors
    /// A rate or a mask that is refused; digits that are still found; no room.
    pub fn scrub(&mut self, settings: &Settings, watch: &mut Watch<'_>) -> Result<&Plan, Error> {
        let mut plan = find(&self.call, settings, None, watch)?;
        settings.add_masks(&self.call, &mut plan)?;
        if !plan.is_empty() {
            write(&self.call, &self.scrubbed, &mut plan, settings, watch)?;
        }
        self.plan = plan;
        Ok(&self.plan)
    }

    /// Writes what was replaced over the caller's samples, and nothing else. Of a call that is shorter by now, nothing is written behind its end.
    ///
    /// # Errors
    /// The copy cannot be read.
    pub fn put_back(&self, samples: &mut [u8]) -> Result<(), Error> {
        let format = self.call.format();
        let (sample, frame) = (usize::from(format.coding.bytes()), usize::from(format.frame_bytes()));
        let mut bytes = Held::default();
        for one in self.plan.redactions() {
            // Not longer than a block at a time.
            let step = (BLOCK_BYTES / frame.max(1) as u64).max(1);
            for start in (one.span.start..one.span.end).step_by(step as usize) {
                let part = self.call.bytes_of(Span::new(start, one.span.end.min(start + step)));
                let scrubbed = read_at(self.scrubbed.file(), part.clone(), &mut bytes).map_err(doing("read", Path::new(NAME)))?;
                let channel = usize::from(one.channel) * sample;
                let into = samples.get_mut(part.start as usize..part.end as usize).unwrap_or_default();
                for (into, from) in into.chunks_exact_mut(frame).zip(scrubbed.chunks_exact(frame)) {
                    if let (Some(into), Some(from)) = (into.get_mut(channel..channel + sample), from.get(channel..channel + sample)) {
                        into.copy_from_slice(from);
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use cardhush_wav::SampleCoding;
    use std::ops::ControlFlow;

    fn format(channels: u16, rate_hz: u32) -> Format {
        Format { coding: SampleCoding::Ulaw, channels, rate_hz, valid_bits: 8 }
    }

    #[test]
    fn what_is_put_back_is_what_the_plan_says_and_no_more() {
        let before: Vec<u8> = (0..16_000_u32).map(|at| 0x80 | (at * 7 % 23) as u8).collect();
        let mut after = before.clone();
        let mut settings = Settings { keyed: false, spoken: None, ..Settings::default() };
        settings.masks = vec!["1:@100-@900".parse().unwrap()];
        let mut samples = Samples::new(&before, format(2, 8_000)).unwrap();
        samples.scrub(&settings, &mut |_| ControlFlow::Continue(())).unwrap();
        samples.put_back(&mut after).unwrap();
        let differs: Vec<_> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
        assert!(differs.iter().all(|at| at % 2 == 1 && (100..900).contains(&(at / 2))), "{differs:?}");
        assert!(differs.len() > 400, "{}", differs.len());
        // Cut meanwhile: what is there no more is not written.
        samples.put_back(&mut after[..500]).unwrap();
    }

    #[test]
    fn what_is_not_taken_is_refused_with_its_limit() {
        for channels in [0, 9, 257, 264] {
            assert!(matches!(Samples::new(&[0; 8], format(channels, 8_000)), Err(Error::Config { .. })), "{channels}");
        }
        let mut samples = Samples::new(&[0; 8], format(1, 7_999)).unwrap();
        let error = samples.scrub(&Settings::default(), &mut |_| ControlFlow::Continue(()));
        assert!(error.unwrap_err().to_string().contains("7999 Hz: must be 8000"));
    }
}
