//! The one door between C and the rest: finds the object of a handle, and lets no panic out.
//!
//! A panic is a defect of cardhush. The object is in an unknown state then, so it is poisoned: every later call says so and does nothing. Rust tells of a panic on
//! standard error, with its place in the source and its message; what hears digits is in core, which cannot panic.

use crate::handle::{self, Lent, Object};
use crate::status::{CARDHUSH_ERR_POISONED, CARDHUSH_OK, Failure, cardhush_status};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What can be spoilt by a defect.
pub(crate) trait Poison: Object {
    /// Whether it is.
    fn is_spoilt(&self) -> bool;
    /// From now on it is.
    fn spoil(&mut self);
}

/// Runs `body` on the object of a handle.
pub(crate) fn with<T: Poison>(handle: usize, body: impl FnOnce(&mut T) -> Result<(), Failure>) -> cardhush_status {
    Failure::status(handle::lend::<T>(handle).and_then(|mut object| guarded(&mut *object, body)))
}

/// Runs `body` on the object of a handle although it may be poisoned: for what no defect can have spoilt.
pub(crate) fn with_spoilt<T: Poison>(handle: usize, body: impl FnOnce(&mut T) -> Result<(), Failure>) -> cardhush_status {
    Failure::status(handle::lend::<T>(handle).and_then(|mut object| caught(|| body(&mut *object)).and_then(|result| result)))
}

/// Runs `body` on an object that was lent.
pub(crate) fn guarded<T: Poison>(object: &mut T, body: impl FnOnce(&mut T) -> Result<(), Failure>) -> Result<(), Failure> {
    if object.is_spoilt() {
        return Err(Failure(CARDHUSH_ERR_POISONED));
    }
    match caught(|| body(object)) {
        Ok(result) => result,
        Err(failure) => {
            object.spoil();
            Err(failure)
        }
    }
}

/// Runs `body`, for whom no object is there to be poisoned.
pub(crate) fn alone(body: impl FnOnce() -> Result<(), Failure>) -> cardhush_status {
    Failure::status(caught(body).and_then(|result| result))
}

/// Frees the handle of an object, and the object with `free`; NULL is no handle and is fine.
pub(crate) fn close<T: Poison>(handle: usize, free: impl FnOnce(*mut T)) -> cardhush_status {
    if handle == 0 {
        return CARDHUSH_OK;
    }
    let close = |object: Lent<T>| caught(|| free(object.close()));
    Failure::status(handle::lend::<T>(handle).and_then(close))
}

/// Fails as by a defect: what a caller does then can be rehearsed.
pub(crate) fn poison<T: Poison>(handle: usize) -> cardhush_status {
    match with::<T>(handle, |_| resume_unwind(Box::new(()))) {
        CARDHUSH_ERR_POISONED => CARDHUSH_OK,
        status => status,
    }
}

pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> Result<R, Failure> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        // Its drop might panic as well.
        std::mem::forget(payload);
        Failure(CARDHUSH_ERR_POISONED)
    })
}
