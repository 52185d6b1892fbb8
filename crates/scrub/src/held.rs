//! Memory that held audio: overwritten before it is given back.
//!
//! A buffer that grows leaves what it held behind: where a longer block may follow, [`empty_for`](Held::empty_for) comes before it. The blocks
//! of a file are longest first.

use std::hint::black_box;
use std::ops::{Deref, DerefMut};

/// A `Vec` of samples or of bytes of samples. Dropped, it is zeros.
#[derive(Default)]
pub(crate) struct Held<T: Copy + Default>(Vec<T>);

impl<T: Copy + Default> Held<T> {
    /// Forgets what it holds, with room for `len` elements; memory that is too small for them is overwritten and given back.
    pub fn empty_for(&mut self, len: usize) {
        self.0.clear();
        if self.0.capacity() < len {
            *self = Self(Vec::with_capacity(len));
        }
    }
}

impl<T: Copy + Default> Deref for Held<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Copy + Default> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T: Copy + Default> Drop for Held<T> {
    fn drop(&mut self) {
        // To the capacity, for an earlier block may have been longer. The compiler is told that somebody reads it.
        self.0.resize(self.0.capacity(), T::default());
        self.0.fill(T::default());
        black_box(self.0.as_mut_slice());
    }
}
