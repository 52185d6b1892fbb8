//! What lies in the rings: slots of one size, so that no packet is a reason to ask the allocator for anything.

use rtrb::Consumer;

/// Bytes of a slot: more than the session takes, so that a packet that was cut is refused by its length.
pub const SLOT: usize = 1_536;

/// A packet.
pub struct Slot {
    /// The place of its channel.
    pub channel: usize,
    /// When it came, in microseconds since the epoch.
    pub arrived_us: u64,
    /// Where it lies on its channel, in samples since the call began; known behind the session.
    pub position: u64,
    bytes: [u8; SLOT],
    len: usize,
}

/// What the scrubber tells the writer.
#[expect(clippy::large_enum_variant, reason = "slots of one size are the point")]
pub enum Settled {
    /// A packet that may be stored.
    Packet(Slot),
    /// Something that was found; without any digit.
    Told {
        /// The place of its channel.
        channel: usize,
        /// Samples of the channel since the call began, the end exclusive.
        start: u64,
        end: u64,
        /// What it is.
        what: &'static str,
        /// Why, of what was replaced or should have been.
        cause: Option<&'static str>,
    },
}

impl Default for Slot {
    fn default() -> Self {
        Self { channel: 0, arrived_us: 0, position: 0, bytes: [0; SLOT], len: 0 }
    }
}

impl Slot {
    /// A packet that came out of the session.
    pub fn new(channel: usize, arrived_us: u64, position: u64, packet: &[u8]) -> Self {
        let mut slot = Self { channel, arrived_us, position, len: packet.len().min(SLOT), ..Self::default() };
        slot.bytes.iter_mut().zip(packet).for_each(|(place, byte)| *place = *byte);
        slot
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Takes its bytes from a source that says how many it gave.
    pub fn fill<E>(&mut self, source: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<(), E> {
        self.len = source(&mut self.bytes)?.min(SLOT);
        Ok(())
    }
}

/// Takes the packets that lie in a ring now, each in its place, and wipes it: nothing unmasked is left behind in there.
pub fn drain(ring: &mut Consumer<Slot>, mut each: impl FnMut(&Slot)) {
    let Ok(mut chunk) = ring.read_chunk(ring.slots()) else { return };
    let (first, second) = chunk.as_mut_slices();
    for slot in first.iter_mut().chain(second) {
        each(slot);
        slot.bytes.fill(0);
        std::hint::black_box(&slot.bytes);
    }
    chunk.commit_all();
}
