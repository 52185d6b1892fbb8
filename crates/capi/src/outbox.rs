//! Packets that came out of a session, until the caller takes them.
//!
//! In: packets, copied. Out: the same, by pointer, where they lie until the next call. Its memory is taken when a channel is added: twice what can wait
//! in the session, so that whoever takes everything between two calls, or all in a while, always finds room.

use crate::status::{CARDHUSH_ERR_NO_MEMORY, Failure};
use cardhush_recorder::Packet;

/// A packet that can be taken.
pub(crate) struct Ready {
    pub channel: u64,
    pub position: u64,
    pub arrived_us: u64,
    pub token: u64,
    pub dropped: bool,
    start: usize,
    end: usize,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    ready: Vec<Ready>,
    /// Those that were taken.
    taken: usize,
    /// What a session gives out at most in one call.
    most: (usize, usize),
}

impl Outbox {
    /// There is room for what a session of such a capacity gives out.
    pub fn fit(&mut self, (bytes, packets): (usize, usize)) -> Result<(), Failure> {
        let most = (self.most.0.max(bytes), self.most.1.max(packets));
        let none = |_| Failure(CARDHUSH_ERR_NO_MEMORY);
        self.ready.try_reserve_exact((2 * most.1).saturating_sub(self.ready.len())).map_err(none)?;
        let mut larger = Vec::new();
        larger.try_reserve_exact(2 * most.0).map_err(none)?;
        larger.extend_from_slice(&self.bytes);
        // What was held is overwritten, not left behind.
        self.wipe();
        (self.bytes, self.most) = (larger, most);
        Ok(())
    }

    /// Makes room for what one call gives out; false where too much waits to be taken.
    pub fn make_room(&mut self) -> bool {
        if self.taken == self.ready.len() {
            self.clear();
        }
        self.bytes.len() + self.most.0 <= self.bytes.capacity() && self.ready.len() + self.most.1 <= self.ready.capacity()
    }

    /// Takes a packet in.
    pub fn push(&mut self, packet: &Packet<'_>, channel: u64) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(packet.bytes);
        self.ready.push(Ready {
            channel,
            position: packet.position,
            arrived_us: packet.arrived_us,
            token: packet.token,
            dropped: packet.dropped,
            start,
            end: self.bytes.len(),
        });
    }

    /// The oldest that was not taken, with its bytes.
    pub fn take(&mut self) -> Option<(&Ready, &[u8])> {
        let ready = self.ready.get(self.taken)?;
        self.taken += 1;
        Some((ready, self.bytes.get(ready.start..ready.end)?))
    }

    fn clear(&mut self) {
        self.wipe();
        self.bytes.clear();
        self.ready.clear();
        self.taken = 0;
    }

    fn wipe(&mut self) {
        self.bytes.fill(0);
        std::hint::black_box(&self.bytes);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.clear();
    }
}
