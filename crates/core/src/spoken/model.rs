//! The digit model: checks a blob of weights once and then hands out its layers.
//!
//! First of the spoken stage: bytes, as `model/train/blob.py` writes and describes them -> [`Layer`]s for [`net`](super::net). The bytes are the
//! caller's for as long as the program runs, and are neither copied nor changed. Nothing is assumed of their alignment: numbers of more than one byte are put together
//! from bytes. Every offset, size and number is checked here, so that whatever the bytes are, the network only gives wrong answers.

use core::fmt;
use sha2::{Digest, Sha256};

use super::error::{Malformed, ModelError, Unsupported};

/// First bytes of every model.
pub const MAGIC: [u8; 8] = *b"CHDIGIT1";
/// Version of the format that is read.
pub const VERSION: u32 = 1;
/// Bytes of the header.
pub const HEADER: usize = 64;
/// Mel bands that go in, per frame of 10 ms.
pub const BANDS: usize = 40;
/// Numbers that come out per slot of 20 ms: 12 for a softmax over none, zero to nine, oh; then two for sigmoids, any digit and onset.
pub const OUTPUTS: usize = 14;
/// Most channels of a layer.
pub const MAX_CHANNELS: usize = 64;
/// Most blocks between first layer and head.
pub const MAX_BLOCKS: usize = 16;
/// Most slots that all blocks together look back.
pub const MAX_HISTORY: usize = 128;
/// Most slots between a sound and the slot that speaks of it.
pub const MAX_SHIFT: u32 = 48;
/// Largest scale and bias: with it no sum of the network leaves the range of `f32`.
pub const MAX_MAGNITUDE: f32 = 1e6;
/// Frames of 10 ms that the first layer sees.
pub const FIRST_TAPS: usize = 4;
/// Slots that a block sees.
pub const TAPS: usize = 3;

const ROW: usize = 32;
const DIGEST: usize = 32;

/// A network that hears digits: its weights, checked.
#[derive(Clone, Copy)]
pub struct Model {
    bytes: &'static [u8],
    channels: usize,
    blocks: usize,
    shift: u32,
}

/// The weights that come with cardhush. What is wrong with them stops the compiler, not the program.
const DIGITS: Model = match Model::laid_out(include_bytes!("../../model/digits.bin")) {
    Ok(model) => model,
    #[allow(clippy::panic, reason = "evaluated by the compiler alone")]
    Err(_) => panic!("model/digits.bin is not in order"),
};

impl Model {
    /// Checks a model.
    ///
    /// # Errors
    /// What is wrong with it: see [`ModelError`].
    pub fn from_bytes(bytes: &'static [u8]) -> Result<Self, ModelError> {
        let model = Self::laid_out(bytes)?;
        let found: [u8; DIGEST] = Sha256::digest(bytes.get(HEADER..).unwrap_or(&[])).into();
        let needed = model.digest();
        if found != needed {
            let start = |digest: [u8; DIGEST]| digest.first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
            return Err(ModelError::Malformed(Malformed::Digest { found: start(found), needed: start(needed) }));
        }
        Ok(model)
    }

    /// The model that comes with cardhush: English digits, see `model/digits.md`.
    #[must_use]
    pub const fn digits() -> Self {
        DIGITS
    }

    /// Slots of 20 ms between a sound and the slot that speaks of it.
    #[must_use]
    pub const fn shift(&self) -> u32 {
        self.shift
    }

    /// SHA-256 of the whole blob: the model's name in reports. Takes its time: not for the audio path.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.bytes).into()
    }

    /// SHA-256 of everything behind the header, as the header says.
    const fn digest(&self) -> [u8; DIGEST] {
        let Some((_, rest)) = self.bytes.split_at_checked(HEADER - DIGEST) else { return [0; DIGEST] };
        match rest.first_chunk() {
            Some(digest) => *digest,
            None => [0; DIGEST],
        }
    }

    /// Width of every layer but the last: 16 to [`MAX_CHANNELS`].
    pub(super) const fn channels(&self) -> usize {
        self.channels
    }

    /// Blocks between the first layer and the head: at most [`MAX_BLOCKS`].
    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Layer `index`: the first, the blocks, the head.
    pub(super) fn layer(&self, index: usize) -> Layer {
        let row = Row::read(self.bytes, index);
        let part = |at: usize, len: usize| self.bytes.get(at..).and_then(|rest| rest.get(..len)).unwrap_or(&[]);
        let floats = |at: usize| part(at, 4 * row.outputs as usize).as_chunks().0;
        Layer {
            weights: part(row.weights as usize, row.inputs as usize * row.taps as usize * row.outputs as usize),
            scales: floats(row.scales as usize),
            biases: floats(row.biases as usize),
            dilation: row.dilation as usize,
        }
    }

    /// Everything but the digest: sizes, shapes, places and numbers.
    const fn laid_out(bytes: &'static [u8]) -> Result<Self, ModelError> {
        let size = bytes.len();
        if size < HEADER {
            return Err(ModelError::Malformed(Malformed::Size { given: size, needed: HEADER }));
        }
        let found = match bytes.first_chunk() {
            Some(found) => *found,
            None => [0; 8],
        };
        if u64::from_le_bytes(found) != u64::from_le_bytes(MAGIC) {
            return Err(ModelError::Malformed(Malformed::Magic { found }));
        }
        let [version, needed, layers, bands, outputs, shift] =
            [word(bytes, 8), word(bytes, 12), word(bytes, 16), word(bytes, 20), word(bytes, 24), word(bytes, 28)];
        if version != VERSION {
            return Err(ModelError::Unsupported(Unsupported::Version { found: version }));
        }
        if needed as usize != size {
            return Err(ModelError::Malformed(Malformed::Size { given: size, needed: needed as usize }));
        }
        if bands as usize != BANDS {
            return Err(ModelError::Unsupported(Unsupported::Bands { found: bands }));
        }
        if outputs as usize != OUTPUTS {
            return Err(ModelError::Unsupported(Unsupported::Outputs { found: outputs }));
        }
        if shift > MAX_SHIFT {
            return Err(ModelError::Unsupported(Unsupported::Shift { found: shift }));
        }
        if layers < 2 || layers as usize > MAX_BLOCKS + 2 {
            return Err(ModelError::Unsupported(Unsupported::Layers { found: layers }));
        }
        let layers = layers as usize;
        if HEADER + ROW * layers > size {
            return Err(ModelError::Malformed(Malformed::Size { given: size, needed: HEADER + ROW * layers }));
        }
        let channels = Row::read(bytes, 0).outputs;
        if channels == 0 || !channels.is_multiple_of(16) || channels as usize > MAX_CHANNELS {
            return Err(ModelError::Unsupported(Unsupported::Channels { found: channels }));
        }
        let (mut layer, mut history) = (0, 0);
        while layer < layers {
            let row = Row::read(bytes, layer);
            if let Err(error) = row.check_shape(layer, layers, channels, &mut history) {
                return Err(error);
            }
            if let Err(error) = row.check_data(bytes, layer) {
                return Err(error);
            }
            layer += 1;
        }
        Ok(Self { bytes, channels: channels as usize, blocks: layers - 2, shift })
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.bytes, other.bytes) || self.bytes == other.bytes
    }
}

impl Eq for Model {}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Model { digest: ")?;
        for byte in self.digest() {
            write!(f, "{byte:02x}")?;
        }
        write!(f, ", bytes: {} }}", self.bytes.len())
    }
}

/// One layer's numbers, see `model/train/blob.py`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    /// i8 `[outputs][taps][inputs]`, the oldest tap first.
    pub weights: &'static [u8],
    /// f32 `[outputs]`, little-endian.
    pub scales: &'static [[u8; 4]],
    /// f32 `[outputs]`, little-endian.
    pub biases: &'static [[u8; 4]],
    /// Slots between two taps.
    pub dilation: usize,
}

impl Layer {
    /// A layer that does nothing.
    pub const NONE: Self = Self { weights: &[], scales: &[], biases: &[], dilation: 1 };
}

/// A row of the layer table.
struct Row {
    inputs: u32,
    outputs: u32,
    taps: u32,
    stride: u32,
    dilation: u32,
    weights: u32,
    scales: u32,
    biases: u32,
}

impl Row {
    const fn read(bytes: &[u8], index: usize) -> Self {
        let at = HEADER + ROW * index;
        Self {
            inputs: word(bytes, at),
            outputs: word(bytes, at + 4),
            taps: word(bytes, at + 8),
            stride: word(bytes, at + 12),
            dilation: word(bytes, at + 16),
            weights: word(bytes, at + 20),
            scales: word(bytes, at + 24),
            biases: word(bytes, at + 28),
        }
    }

    /// Whether the layer is of the form that its place asks for; adds the slots that it looks back to `history`.
    const fn check_shape(&self, layer: usize, layers: usize, channels: u32, history: &mut usize) -> Result<(), ModelError> {
        let (first, head) = (layer == 0, layer + 1 == layers);
        let taps = if first { FIRST_TAPS } else { TAPS } as u32;
        let asked = [
            ("inputs", self.inputs, if first { BANDS as u32 } else { channels }),
            ("outputs", self.outputs, if head { OUTPUTS as u32 } else { channels }),
            ("taps", self.taps, if head { 1 } else { taps }),
            ("stride", self.stride, if first { 2 } else { 1 }),
            ("dilation", self.dilation, if first || head { 1 } else { self.dilation }),
        ];
        let mut i = 0;
        while i < asked.len() {
            let (what, found, needed) = asked[i];
            if found != needed {
                return Err(ModelError::Unsupported(Unsupported::Shape { layer, what, found, needed }));
            }
            i += 1;
        }
        if !first && !head {
            if self.dilation == 0 || self.dilation as usize > (MAX_HISTORY - *history) / (TAPS - 1) {
                return Err(ModelError::Unsupported(Unsupported::Dilation { layer, found: self.dilation }));
            }
            *history += (TAPS - 1) * self.dilation as usize;
        }
        Ok(())
    }

    /// Whether the numbers of a layer of checked shape are where the row says, and can be calculated with.
    const fn check_data(&self, bytes: &[u8], layer: usize) -> Result<(), ModelError> {
        let (outputs, size) = (self.outputs as usize, bytes.len());
        let weights = outputs * self.taps as usize * self.inputs as usize;
        let parts = [
            ("weights", self.weights as usize, weights),
            ("scales", self.scales as usize, 4 * outputs),
            ("biases", self.biases as usize, 4 * outputs),
        ];
        let mut i = 0;
        while i < parts.len() {
            let (what, offset, len) = parts[i];
            if !offset.is_multiple_of(16) || offset > size || size - offset < len {
                return Err(ModelError::Malformed(Malformed::Place { layer, what, offset, len, size }));
            }
            let mut at = offset;
            while i > 0 && at < offset + len {
                let bits = word(bytes, at);
                let number = f32::from_bits(bits);
                if number.is_nan() || number.abs() > MAX_MAGNITUDE {
                    return Err(ModelError::Malformed(Malformed::Number { layer, what, bits }));
                }
                at += 4;
            }
            i += 1;
        }
        Ok(())
    }
}

/// The little-endian number at `at`; 0 where there are fewer than four bytes.
const fn word(bytes: &[u8], at: usize) -> u32 {
    let Some((_, rest)) = bytes.split_at_checked(at) else { return 0 };
    match rest.first_chunk() {
        Some(word) => u32::from_le_bytes(*word),
        None => 0,
    }
}
