//! The packets of one channel that wait for their look-ahead, first in, first out.
//!
//! One block of bytes, taken from the allocator at set-up; a packet lies in it in one piece. What has come out is overwritten.

use crate::error::SessionError;
use cardhush_core::Span;
use std::collections::VecDeque;
use std::ops::Range;

/// A packet that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Where it lies.
    at: Range<usize>,
    /// When it came, in microseconds.
    pub arrived_us: u64,
    /// The caller's mark.
    pub token: u64,
    /// Position of its timestamp.
    pub position: u64,
    /// Samples that it has, its older blocks included; empty where it has none.
    pub span: Span,
    /// Parts that were not read, by their place: replaced whole.
    pub unread: u8,
}

/// See the module.
pub struct Store {
    bytes: Box<[u8]>,
    waiting: VecDeque<Waiting>,
    most: usize,
}

/// An empty vector with room for `len`: a call that finds no memory must not end the program that has others.
pub fn room<T>(len: usize) -> Result<Vec<T>, SessionError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(len).map_err(|_| SessionError::Memory { bytes: len.saturating_mul(size_of::<T>()) })?;
    Ok(memory)
}

/// Zeroed memory that the system has given already: a page that is only promised costs a microsecond when it is first written to, in the middle of a call.
pub fn at_hand<T: Copy + Default>(len: usize) -> Result<Box<[T]>, SessionError> {
    let mut memory = room(len)?;
    memory.resize(len, T::default());
    for place in std::hint::black_box(&mut memory).iter_mut() {
        *place = std::hint::black_box(T::default());
    }
    Ok(memory.into())
}

impl Waiting {
    /// A packet that came at an instant.
    pub fn new(arrived_us: u64, token: u64, position: u64) -> Self {
        Self { at: 0..0, arrived_us, token, position, span: Span::new(position, position), unread: 0 }
    }
}

impl Store {
    /// Room for so many bytes and packets.
    pub fn new(bytes: usize, packets: usize) -> Result<Self, SessionError> {
        Ok(Self { bytes: at_hand(bytes)?, waiting: room(packets)?.into(), most: packets })
    }

    /// Bytes of the packets that wait.
    pub fn held(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.at.len()).sum()
    }

    /// Bytes and packets that there is room for.
    pub const fn capacity(&self) -> (usize, usize) {
        (self.bytes.len(), self.most)
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether there is room for a packet of `len` bytes.
    pub fn has_room(&self, len: usize) -> bool {
        self.waiting.len() < self.most && self.room(len).is_some()
    }

    /// Takes a packet in; false where there is no room.
    pub fn push(&mut self, packet: &[u8], mut waiting: Waiting) -> bool {
        let Some(at) = self.room(packet.len()).filter(|_| self.waiting.len() < self.most) else { return false };
        let Some(place) = self.bytes.get_mut(at.clone()) else { return false };
        place.copy_from_slice(packet);
        waiting.at = at;
        self.waiting.push_back(waiting);
        true
    }

    /// The packet that came first.
    pub fn first(&mut self) -> Option<(&Waiting, &mut [u8])> {
        let waiting = self.waiting.front()?;
        Some((waiting, self.bytes.get_mut(waiting.at.clone())?))
    }

    /// Lets go of it.
    pub fn pop(&mut self) {
        if let Some(place) = self.waiting.pop_front().and_then(|waiting| self.bytes.get_mut(waiting.at)) {
            place.fill(0);
        }
    }

    /// A free stretch of `len` bytes behind the newest packet.
    fn room(&self, len: usize) -> Option<Range<usize>> {
        let (Some(first), Some(last)) = (self.waiting.front(), self.waiting.back()) else {
            return (len <= self.bytes.len()).then_some(0..len);
        };
        let (used, next) = (first.at.start, last.at.end);
        if next > used || (next == used && first.at.is_empty()) {
            // Free: from the newest to the end, and from the beginning to the oldest.
            if next + len <= self.bytes.len() {
                return Some(next..next + len);
            }
            return (len < used).then_some(0..len);
        }
        (next + len < used).then_some(next..next + len)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.bytes.fill(0);
        std::hint::black_box(&self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn push(store: &mut Store, packet: &[u8], token: u64) -> bool {
        store.push(packet, Waiting::new(0, token, 0))
    }

    proptest! {
        /// Against a queue of vectors.
        #[test]
        fn packets_come_out_as_they_went_in(steps in prop::collection::vec((any::<bool>(), 1_usize..60), 1..400)) {
            let (mut store, mut known) = (Store::new(256, 20).unwrap(), VecDeque::new());
            for (token, (push_it, len)) in (0_u64..).zip(steps) {
                if push_it {
                    let packet: Vec<u8> = (0..len).map(|i| (token as usize + i) as u8 | 1).collect();
                    if push(&mut store, &packet, token) {
                        known.push_back((token, packet));
                    } else {
                        prop_assert!(known.len() == 20 || store.held() + 2 * 60 > 256, "{} bytes held", store.held());
                    }
                } else if let Some((token, packet)) = known.pop_front() {
                    let (waiting, bytes) = store.first().unwrap();
                    prop_assert_eq!((waiting.token, &*bytes), (token, &packet[..]));
                    store.pop();
                }
                prop_assert_eq!(store.held(), known.iter().map(|(_, packet)| packet.len()).sum::<usize>());
            }
            while known.pop_front().is_some() {
                store.pop();
            }
            prop_assert!(store.is_empty() && store.bytes.iter().all(|byte| *byte == 0), "what has come out is overwritten");
        }
    }
}
