//! Why a model was refused: [`Malformed`] (its own rules are broken) apart from [`Unsupported`] (in order, but too large or of another kind).

use super::model::{BANDS, HEADER, MAGIC, MAX_BLOCKS, MAX_CHANNELS, MAX_HISTORY, MAX_MAGNITUDE, MAX_SHIFT, OUTPUTS, VERSION};

/// A model that was refused, with the value and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes break the rules of the format.
    #[error("malformed model: {0}")]
    Malformed(Malformed),
    /// The bytes are in order, but of a kind that is not run.
    #[error("unsupported model: {0}")]
    Unsupported(Unsupported),
}

/// What is wrong with a malformed model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// More or fewer bytes than its header says, or fewer than a header has.
    #[error("{given} bytes given, {needed} needed (a header alone has {HEADER})")]
    Size {
        /// Bytes given.
        given: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// Not a digit model at all.
    #[error("starts with {found:02x?}: must be {MAGIC:02x?}")]
    Magic {
        /// The first eight bytes.
        found: [u8; 8],
    },
    /// The contents are not what was written.
    #[error("SHA-256 starts with {found:016x}: the header says {needed:016x}")]
    Digest {
        /// First eight bytes of the digest of the contents, big-endian.
        found: u64,
        /// The same of the digest in the header.
        needed: u64,
    },
    /// A layer's numbers are not where it says.
    #[error("layer {layer}: {len} bytes of {what} at {offset}: must start at a multiple of 16 within {size} bytes")]
    Place {
        /// The layer, from 0.
        layer: usize,
        /// `weights`, `scales` or `biases`.
        what: &'static str,
        /// Where they should start, in bytes.
        offset: usize,
        /// How many bytes they take.
        len: usize,
        /// Size of the whole in bytes.
        size: usize,
    },
    /// A scale or a bias is no number to calculate with.
    #[error("layer {layer}: one of its {what} has the bits {bits:#010x}: must be a number within +-{MAX_MAGNITUDE}")]
    Number {
        /// The layer, from 0.
        layer: usize,
        /// `scales` or `biases`.
        what: &'static str,
        /// The number's bits.
        bits: u32,
    },
}

/// What an unsupported model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Another version of the format.
    #[error("format version {found}: must be {VERSION}")]
    Version {
        /// The version that it names.
        found: u32,
    },
    /// Other features go in.
    #[error("{found} bands: must be {BANDS}")]
    Bands {
        /// Bands that it takes.
        found: u32,
    },
    /// Other numbers come out.
    #[error("{found} outputs: must be {OUTPUTS}")]
    Outputs {
        /// Outputs that it gives.
        found: u32,
    },
    /// It speaks of sounds that are too long ago.
    #[error("a shift of {found} slots: must be at most {MAX_SHIFT}")]
    Shift {
        /// Slots between a sound and what is said of it.
        found: u32,
    },
    /// Too many layers, or not even a first and a last one.
    #[error("{found} layers: must be 2 to {most}", most = MAX_BLOCKS + 2)]
    Layers {
        /// Layers that it has.
        found: u32,
    },
    /// A width that the inner loops do not know.
    #[error("{found} channels: must be a multiple of 16, at most {MAX_CHANNELS}")]
    Channels {
        /// Outputs of its first layer.
        found: u32,
    },
    /// A layer of another form than its place asks for.
    #[error("layer {layer}: {what} is {found}: must be {needed}")]
    Shape {
        /// The layer, from 0.
        layer: usize,
        /// `inputs`, `outputs`, `taps`, `stride` or `dilation`.
        what: &'static str,
        /// What it is.
        found: u32,
        /// What it must be.
        needed: u32,
    },
    /// The blocks look back further than there is room for.
    #[error("layer {layer}: dilation {found}: must be at least 1, and twice the sum of all at most {MAX_HISTORY}")]
    Dilation {
        /// The layer, from 0.
        layer: usize,
        /// Its dilation in slots.
        found: u32,
    },
}
