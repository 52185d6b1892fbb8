//! From what the detectors found to what is masked. Sees no audio; keeps no digit.

pub mod plan;
