//! The delay line: the caller's own samples, held back until their fate is settled.
//!
//! Sits in the scrubber, round the detectors. In and out: interleaved frames in the caller's coding, in place, any length; out comes what went in
//! a fixed number of frames before, silence at first. The samples are moved as they are. The storage is the caller's, since its length
//! is (60 s of eight channels are not for everyone); it is overwritten with silence on reset and drop, because it holds card data.

use core::marker::PhantomData;

use crate::coding::Coding;
use crate::error::ConfigError;
use crate::wipe::wipe;

/// A delay of a fixed number of frames over storage that the caller gives.
pub struct DelayLine<C: Coding, S: AsMut<[C::Unit]>> {
    storage: S,
    /// Units of the storage in use: frames times channels.
    length: usize,
    /// Where the oldest unit lies.
    oldest: usize,
    coding: PhantomData<C>,
}

impl<C: Coding, S: AsMut<[C::Unit]>> DelayLine<C, S> {
    /// A line that delays by `frames` frames of `channels` channels, filled with silence.
    ///
    /// # Errors
    /// [`ConfigError::Storage`] where the storage has fewer than `frames * channels` units.
    pub fn new(mut storage: S, frames: usize, channels: usize) -> Result<Self, ConfigError> {
        let (given, needed) = (storage.as_mut().len(), frames.saturating_mul(channels));
        if given < needed {
            return Err(ConfigError::Storage { what: "delay line", given, needed });
        }
        let mut line = Self { storage, length: needed, oldest: 0, coding: PhantomData };
        line.reset();
        Ok(line)
    }

    /// Puts `chunk` into the line and what leaves the line into `chunk`, unit for unit.
    #[inline]
    pub fn exchange(&mut self, chunk: &mut [C::Unit]) {
        let line = self.storage.as_mut().get_mut(..self.length).unwrap_or_default();
        let mut rest = chunk;
        while !rest.is_empty() && !line.is_empty() {
            // From the oldest unit to the end of the storage in one go; each unit trades places with the one that entered a whole line ago.
            let oldest = line.get_mut(self.oldest..).unwrap_or_default();
            let count = oldest.len().min(rest.len());
            let Some((now, later)) = rest.split_at_mut_checked(count) else { return };
            now.iter_mut().zip(oldest).for_each(|(new, old)| core::mem::swap(new, old));
            self.oldest += count;
            if self.oldest >= self.length {
                self.oldest = 0;
            }
            rest = later;
        }
    }

    /// Overwrites the whole storage with silence; the line is as new.
    pub fn reset(&mut self) {
        wipe(self.storage.as_mut(), C::SILENCE);
        self.oldest = 0;
    }
}

impl<C: Coding, S: AsMut<[C::Unit]>> Drop for DelayLine<C, S> {
    fn drop(&mut self) {
        self.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::{Linear16, Ulaw};
    use std::{vec, vec::Vec};

    #[test]
    fn what_comes_out_went_in_that_many_frames_before() {
        for frames in [0, 1, 7, 160] {
            let input: Vec<i16> = (1..2_000).collect();
            for cut in [1, 3, 50, 1_999] {
                let mut line = DelayLine::<Linear16, _>::new(vec![-1; 2 * frames + 3], frames, 2).unwrap();
                let mut out = input.clone();
                out.chunks_mut(2 * cut).for_each(|chunk| line.exchange(chunk));
                let expected: Vec<i16> = vec![0; 2 * frames].into_iter().chain(input.clone()).take(input.len()).collect();
                assert_eq!(out, expected, "{frames} frames, cut by {cut}");
            }
        }
    }

    #[test]
    fn storage_is_silent_after_reset_and_drop_and_refused_where_too_small() {
        let mut storage = [0x12_u8; 40];
        let mut line = DelayLine::<Ulaw, _>::new(&mut storage[..], 16, 2).unwrap();
        line.exchange(&mut [0x34; 50]);
        line.reset();
        let mut out = [0x56; 32];
        line.exchange(&mut out);
        assert_eq!(out, [0xFF; 32]);
        drop(line);
        assert_eq!(storage, [0xFF; 40]);
        let refused = DelayLine::<Ulaw, _>::new(&mut storage[..], 21, 2).err();
        assert_eq!(refused, Some(ConfigError::Storage { what: "delay line", given: 40, needed: 42 }));
    }
}
