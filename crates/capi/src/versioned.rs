//! Structures that grow: each begins with `struct_size`, and new fields come at its end.
//!
//! A shorter one, of a program that was compiled for an older version, has the defaults for the rest; a longer one is taken as long as what this library does not know of it is zero, which stands for
//! what is recommended in every field. So that what was padding never becomes a field, each size is a multiple of eight bytes without any.

use crate::pointer;
use crate::status::{CARDHUSH_ERR_STRUCT_SIZE, Failure};

/// Largest `struct_size` that is looked at.
const MAX_STRUCT: usize = 4_096;

/// A structure that grows at its end.
pub(crate) trait Versioned: Copy {
    /// The recommended settings.
    const DEFAULT: Self;
    /// Bytes that the first version had. Those of later ones, once there are any, are taken beside it.
    const FIRST: usize;
    /// What is in `struct_size`.
    fn size(&mut self) -> &mut u32;
}

/// Writes the defaults to as much of a structure as the caller knows, and zeros to what only the caller knows.
///
/// # Safety
/// `config` leads to `struct_size` bytes.
pub(crate) unsafe fn initialise<T: Versioned>(config: *mut T, struct_size: usize) -> Result<(), Failure> {
    let place = pointer::checked(config)?;
    if !(T::FIRST..=MAX_STRUCT).contains(&struct_size) {
        return Err(Failure(CARDHUSH_ERR_STRUCT_SIZE));
    }
    let mut value = T::DEFAULT;
    *value.size() = struct_size as u32;
    // SAFETY: the caller's promise; every bit pattern of these structures is one of theirs.
    unsafe {
        place.cast::<u8>().write_bytes(0, struct_size);
        std::ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), place.cast::<u8>(), struct_size.min(size_of::<T>()));
    }
    Ok(())
}

/// Reads what the caller knows of a structure; the rest is as recommended.
///
/// # Safety
/// `config` leads to as many bytes as its first field says.
pub(crate) unsafe fn read<T: Versioned>(config: *const T) -> Result<T, Failure> {
    let place = pointer::checked(config.cast_mut())?.cast::<u8>().cast_const();
    // SAFETY: `struct_size` is the first field, and the pointer is aligned for the structure.
    let struct_size = unsafe { place.cast::<u32>().read() } as usize;
    if !(T::FIRST..=MAX_STRUCT).contains(&struct_size) {
        return Err(Failure(CARDHUSH_ERR_STRUCT_SIZE));
    }
    for i in size_of::<T>()..struct_size {
        // SAFETY: the caller's promise.
        if unsafe { place.add(i).read() } != 0 {
            return Err(Failure(CARDHUSH_ERR_STRUCT_SIZE));
        }
    }
    let mut value = T::DEFAULT;
    // SAFETY: the caller's promise; every bit pattern of these structures is one of theirs.
    unsafe { std::ptr::copy_nonoverlapping(place, (&raw mut value).cast::<u8>(), struct_size.min(size_of::<T>())) };
    Ok(value)
}
