//! Memory that holds audio: overwritten before it is given back.

use std::hint::black_box;

/// A block of fixed length. Dropped, it is zeros.
pub(crate) struct Held<T: Copy + Default>(Box<[T]>);

impl<T: Copy + Default> Held<T> {
    pub fn new(len: usize) -> Self {
        Self(vec![T::default(); len].into_boxed_slice())
    }

    /// The first `len` elements, or all.
    pub fn first(&mut self, len: usize) -> &mut [T] {
        let len = len.min(self.0.len());
        self.0.get_mut(..len).unwrap_or_default()
    }
}

impl<T: Copy + Default> Drop for Held<T> {
    fn drop(&mut self) {
        self.0.fill(T::default());
        // The compiler is told that somebody reads it.
        black_box(&mut self.0);
    }
}
