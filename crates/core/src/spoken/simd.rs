//! Where the instruction set is chosen: so far, every set runs the plain loops.

use super::mel::{Mel, SPAN};
use super::model::{BANDS, MAX_CHANNELS};
use super::net;
use crate::config::Isa;

/// See [`net::products`].
pub fn products(_isa: Isa, weights: &[u8], x: &[i16], sums: &mut [i32; MAX_CHANNELS]) {
    net::products(weights, x, sums);
}

/// See [`Mel::energies`].
pub fn energies(_isa: Isa, mel: &Mel, x: &[f32; SPAN]) -> [[f32; BANDS]; 2] {
    mel.energies(x)
}
