//! The checks that every pointer of a caller passes, but for handles: not NULL, aligned for what it points to, and no more behind it than memory can hold.

use crate::status::{CARDHUSH_ERR_ALIGNMENT, CARDHUSH_ERR_LENGTH, CARDHUSH_ERR_NULL, Failure};

/// The pointer, if it can be read and written through.
pub(crate) fn checked<T>(pointer: *mut T) -> Result<*mut T, Failure> {
    if pointer.is_null() {
        return Err(Failure(CARDHUSH_ERR_NULL));
    }
    if !pointer.is_aligned() {
        return Err(Failure(CARDHUSH_ERR_ALIGNMENT));
    }
    Ok(pointer)
}

/// An array of `len`; NULL is an array of none.
pub(crate) fn array<T>(pointer: *mut T, len: usize) -> Result<*mut T, Failure> {
    if len == 0 {
        return Ok(std::ptr::dangling_mut());
    }
    let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize);
    let end = bytes.and_then(|bytes| pointer.addr().checked_add(bytes));
    let pointer = checked(pointer)?;
    end.map(|_| pointer).ok_or(Failure(CARDHUSH_ERR_LENGTH))
}

/// Writes a result; where it cannot be written, nothing happens. The check must have come before what cannot be taken back.
///
/// # Safety
/// `out` is [`checked`], and leads to memory of the caller.
pub(crate) unsafe fn give<T>(out: *mut T, value: T) {
    // SAFETY: the caller's promise. What was there is plain memory and needs no drop.
    unsafe { out.write(value) };
}
