//! Which library answers, and whether it is the one that a program was compiled for.

use crate::status::{CARDHUSH_ERR_ABI, CARDHUSH_OK, cardhush_status};
use std::ffi::{CStr, c_char};

/// The version of the binary interface that this header declares. It changes where a program that was compiled for an older one would go wrong, and the library's
/// soname (`libcardhush.so.1`) with it; new functions, new fields at the end of a structure that has a `struct_size`, and new values of what the library gives out do not change it.
pub const CARDHUSH_ABI: u32 = 1;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The library's version, as `0.1.0`: static text. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Whether this library serves programs that were compiled with a header of the given `CARDHUSH_ABI`: `CARDHUSH_OK` or `CARDHUSH_ERR_ABI`. To be asked
/// once, before anything else, by whoever loads the library at run time. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_check_abi(abi: u32) -> cardhush_status {
    if abi == CARDHUSH_ABI { CARDHUSH_OK } else { CARDHUSH_ERR_ABI }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_crates_and_one_abi_is_served() {
        assert_eq!(VERSION.to_str(), Ok(env!("CARGO_PKG_VERSION")));
        assert_eq!(
            [0, CARDHUSH_ABI, 2, u32::MAX].map(|abi| cardhush_check_abi(abi)),
            [CARDHUSH_ERR_ABI, CARDHUSH_OK, CARDHUSH_ERR_ABI, CARDHUSH_ERR_ABI]
        );
    }
}
