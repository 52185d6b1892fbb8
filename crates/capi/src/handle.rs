//! Open handles: numbers that stand for objects, so that no pointer of a caller is ever read through to find out whether it is one.
//!
//! A handle is the place of an object in one table, and how often that place was given away before. What was never opened, was freed, is of another kind or
//! is in use by another thread is known by one load and one compare-and-swap. Places are handed out in turn, so that a number comes again only after all others
//! and 2^47 times round (2^15 where pointers have 32 bits). No lock, no allocation: the table lies in zeroed static memory, of which only what is used is ever touched.

use crate::status::{CARDHUSH_ERR_BUSY, CARDHUSH_ERR_HANDLE, CARDHUSH_ERR_HANDLES, Failure};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Bits of a handle that are its place.
const PLACE_BITS: u32 = if cfg!(miri) { 6 } else { 17 }; // Miri goes through the whole table again and again
const PLACES: usize = 1 << PLACE_BITS;
/// Flags of a place, below its count.
const BUSY: usize = 1;
const OPEN: usize = 2;
const KIND: usize = 4;
const FLAG_BITS: u32 = 3;
const MOST: usize = usize::MAX >> PLACE_BITS;

/// What a handle can stand for.
pub(crate) trait Object: Send {
    /// Whether it is of the second kind of two.
    const SECOND: bool;
}

struct Place {
    /// How often it was given away, and the flags.
    state: AtomicUsize,
    object: AtomicPtr<()>,
}

static TABLE: [Place; PLACES] = [const { Place { state: AtomicUsize::new(0), object: AtomicPtr::new(std::ptr::null_mut()) } }; PLACES];
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// An object that nobody else can use until it is given back.
pub(crate) struct Lent<T> {
    place: &'static Place,
    idle: usize,
    object: *mut T,
}

const fn open_state<T: Object>(count: usize) -> usize {
    count << FLAG_BITS | OPEN | if T::SECOND { KIND } else { 0 }
}

/// Opens a handle for an object, which the caller leaves in peace until [`Lent::close`] gives it back.
pub(crate) fn open<T: Object>(object: *mut T) -> Result<usize, Failure> {
    for _ in 0..PLACES {
        let index = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
        let Some(place) = TABLE.get(index) else { continue };
        let state = place.state.load(Ordering::Relaxed);
        if state & (OPEN | BUSY) != 0 || place.state.compare_exchange(state, state | BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            continue;
        }
        // Never 0, so that no handle is NULL.
        let count = (state >> FLAG_BITS) % MOST + 1;
        place.object.store(object.cast(), Ordering::Relaxed);
        place.state.store(open_state::<T>(count), Ordering::Release);
        return Ok(count << PLACE_BITS | index);
    }
    Err(Failure(CARDHUSH_ERR_HANDLES))
}

/// The object of a handle, for the one who asks alone.
pub(crate) fn lend<T: Object>(handle: usize) -> Result<Lent<T>, Failure> {
    let unknown = Failure(CARDHUSH_ERR_HANDLE);
    let place = TABLE.get(handle % PLACES).ok_or(unknown)?;
    let count = handle >> PLACE_BITS;
    if count == 0 {
        return Err(unknown);
    }
    let idle = open_state::<T>(count);
    match place.state.compare_exchange(idle, idle | BUSY, Ordering::Acquire, Ordering::Relaxed) {
        Ok(_) => Ok(Lent { place, idle, object: place.object.load(Ordering::Relaxed).cast() }),
        Err(state) if state == idle | BUSY => Err(Failure(CARDHUSH_ERR_BUSY)),
        Err(_) => Err(unknown),
    }
}

impl<T> Lent<T> {
    /// Frees the handle, and gives the object back to who opened it.
    pub fn close(mut self) -> *mut T {
        // Its count stays, so that the handle is never right again; given back like that when this is dropped.
        self.idle &= !(OPEN | KIND);
        // So that a leak checker misses what is not freed after this.
        self.place.object.store(std::ptr::null_mut(), Ordering::Relaxed);
        self.object
    }
}

impl<T> Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `open` was given a pointer to a T that nobody else uses, of the kind that was asked for; BUSY is ours.
        unsafe { &*self.object }
    }
}

impl<T> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.object }
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        self.place.state.store(self.idle, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(u32);
    struct Other;
    impl Object for One {
        const SECOND: bool = false;
    }
    impl Object for Other {
        const SECOND: bool = true;
    }

    #[test]
    fn a_handle_is_right_for_its_kind_while_it_is_open_and_for_one_at_a_time() {
        let object = Box::into_raw(Box::new(One(7)));
        let handle = open(object).unwrap();
        assert_eq!(lend::<Other>(handle).err(), Some(Failure(CARDHUSH_ERR_HANDLE)), "of another kind");
        let lent = lend::<One>(handle).unwrap();
        assert_eq!((lent.0, lend::<One>(handle).err()), (7, Some(Failure(CARDHUSH_ERR_BUSY))));
        drop(lent);
        let back = lend::<One>(handle).unwrap().close();
        assert_eq!((back, lend::<One>(handle).err()), (object, Some(Failure(CARDHUSH_ERR_HANDLE))));
        // SAFETY: closed, and ours.
        drop(unsafe { Box::from_raw(back) });
        for garbage in [0, 1, handle + 1, handle ^ PLACES, usize::MAX, PLACES - 1, PLACES] {
            assert_eq!(lend::<One>(garbage).err(), Some(Failure(CARDHUSH_ERR_HANDLE)), "{garbage:x}");
        }
    }

    #[test]
    fn threads_that_open_use_and_close_never_meet() {
        let turns = if cfg!(miri) { 20 } else { 20_000 };
        let work = |seed: u32| {
            for i in 0..turns {
                let handle = open(Box::into_raw(Box::new(One(seed + i)))).unwrap();
                assert_eq!(lend::<One>(handle).unwrap().0, seed + i);
                // SAFETY: closed, and made above.
                drop(unsafe { Box::from_raw(lend::<One>(handle).unwrap().close()) });
                assert!(lend::<One>(handle).is_err());
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|thread| drop(scope.spawn(move || work(thread * 1_000_000)))));
    }
}
