//! Overwriting what held audio, for reset and drop of every state that keeps history.

use core::hint::black_box;

/// Overwrites `memory`, and keeps the compiler from leaving that out because nobody reads it again.
///
/// There is no safe volatile write of a slice. [`black_box`] on the slice makes the compiler assume that its contents are read afterwards, so the
/// writes must have happened; on every target with inline assembly it is an empty assembly block that takes the address. Copies that a move
/// of the value left behind on a stack are beyond its reach, so states are made in place and lent, not moved about.
#[inline(never)]
pub(crate) fn wipe<T: Copy>(memory: &mut [T], with: T) {
    memory.fill(with);
    seen(memory);
}

/// Keeps the compiler from leaving out what was written to `memory` last; see [`wipe`].
#[inline(always)]
pub(crate) fn seen<T: ?Sized>(memory: &mut T) {
    black_box(memory);
}
