//! One block of memory for everything of a scrubber or a scan, of the heap or of the caller.

use crate::pointer;
use crate::status::{CARDHUSH_ERR_LENGTH, CARDHUSH_ERR_MEMORY, CARDHUSH_ERR_NO_MEMORY, Failure};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::hint::black_box;

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    base: *mut u8,
    layout: Layout,
    owned: bool,
}

/// What a block is divided into, piece by piece.
pub(crate) struct Division {
    layout: Layout,
}

/// A piece of a block: `count` of `T`, `offset` bytes from its start.
pub(crate) struct Piece<T> {
    offset: usize,
    count: usize,
    of: std::marker::PhantomData<T>,
}

impl Division {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { layout: Layout::new::<()>() }
    }

    /// Adds a piece.
    pub fn piece<T>(&mut self, count: usize) -> Result<Piece<T>, Failure> {
        let long = Failure(CARDHUSH_ERR_LENGTH);
        let piece = Layout::array::<T>(count).map_err(|_| long)?;
        let (layout, offset) = self.layout.extend(piece).map_err(|_| long)?;
        self.layout = layout;
        Ok(Piece { offset, count, of: std::marker::PhantomData })
    }

    /// Bytes that are enough wherever they begin.
    pub fn size(&self) -> usize {
        self.layout.size() + self.layout.align() - 1
    }

    /// A block of the heap.
    pub fn of_heap(&self) -> Result<Block, Failure> {
        // SAFETY: the size is not 0, since every division has a piece.
        let base = unsafe { alloc_zeroed(self.layout) };
        if base.is_null() {
            return Err(Failure(CARDHUSH_ERR_NO_MEMORY));
        }
        Ok(Block { base, layout: self.layout, owned: true })
    }

    /// A block within the caller's memory, zeroed.
    ///
    /// # Safety
    /// `memory` leads to `size` bytes that nobody else uses as long as the block.
    pub unsafe fn of_caller(&self, memory: *mut u8, size: usize) -> Result<Block, Failure> {
        let memory = pointer::checked(memory)?;
        let skip = memory.align_offset(self.layout.align());
        if skip.checked_add(self.layout.size()).is_none_or(|needed| needed > size) {
            return Err(Failure(CARDHUSH_ERR_MEMORY));
        }
        // SAFETY: it is so long, as the caller promises and was just looked at.
        let base = unsafe { memory.add(skip) };
        let block = Block { base, layout: self.layout, owned: false };
        // SAFETY: nothing lies there yet.
        unsafe { block.wipe() };
        Ok(block)
    }
}

// SAFETY: a block is its owner's alone, on whichever thread.
unsafe impl Send for Block {}

impl Block {
    /// Where a piece lies.
    pub fn place<T>(&self, piece: &Piece<T>) -> *mut T {
        self.base.wrapping_add(piece.offset).cast()
    }

    /// A piece, each place of it filled with what `value` gives.
    ///
    /// # Safety
    /// The piece is one of this block's, and is taken once; what comes back is not used any more when the block is freed.
    pub unsafe fn take<T>(&self, piece: &Piece<T>, value: impl Fn() -> T) -> &'static mut [T] {
        let first = self.place(piece);
        for i in 0..piece.count {
            // SAFETY: within the piece, which is aligned and nobody else's.
            unsafe { first.wrapping_add(i).write(value()) };
        }
        // SAFETY: all places were written.
        unsafe { std::slice::from_raw_parts_mut(first, piece.count) }
    }

    /// Overwrites all of it, and gives it back to the heap if it came from there.
    ///
    /// # Safety
    /// Nothing in it is used any more.
    pub unsafe fn free(self) {
        // SAFETY: the caller's promise.
        unsafe { self.wipe() };
        if self.owned {
            // SAFETY: it was taken with this layout.
            unsafe { dealloc(self.base, self.layout) };
        }
    }

    /// # Safety
    /// Nothing in it is used any more.
    unsafe fn wipe(&self) {
        // SAFETY: the block is so long, and the caller's promise.
        unsafe { self.base.write_bytes(0, self.layout.size()) };
        // As if it were read: the compiler must not leave the writing out.
        black_box(self.base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_apart_and_aligned_wherever_the_memory_begins() {
        let mut division = Division::new();
        let (bytes, words, halves) =
            (division.piece::<u8>(3).unwrap(), division.piece::<u64>(5).unwrap(), division.piece::<u16>(7).unwrap());
        let size = division.size();
        for skip in 0..8 {
            let mut memory = vec![0xAA_u8; size + 16];
            let within = memory[skip..].as_mut_ptr();
            // SAFETY: there is so much.
            assert_eq!(unsafe { division.of_caller(within, 40) }.err(), Some(Failure(CARDHUSH_ERR_MEMORY)));
            // SAFETY: there is so much.
            let block = unsafe { division.of_caller(within, size) }.unwrap();
            // SAFETY: pieces of this block, each once.
            let (bytes, words, halves) = unsafe { (block.take(&bytes, || 1), block.take(&words, || u64::MAX), block.take(&halves, || 2)) };
            assert!(bytes.iter().all(|byte| *byte == 1) && words.iter().all(|word| *word == u64::MAX) && halves == [2; 7]);
            // SAFETY: not used any more.
            unsafe { block.free() };
            assert!(memory[skip + size..].iter().all(|byte| *byte == 0xAA) && memory[..skip].iter().all(|byte| *byte == 0xAA));
            assert!(memory.iter().filter(|byte| **byte == 0xAA).count() <= 16 + 7);
        }
        // SAFETY: not used.
        unsafe { division.of_heap().unwrap().free() };
        assert!(Division::new().piece::<u64>(usize::MAX / 4).is_err());
    }
}
