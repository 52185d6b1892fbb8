//! The name of a channel.

/// A channel of one session, from [`add`](crate::Session::add) on. Never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    pub(crate) slot: u8,
    pub(crate) number: u32,
}

impl ChannelId {
    /// The place of the channel among those of the session at one time, from 0: what reports call its channel.
    #[must_use]
    pub const fn slot(self) -> u8 {
        self.slot
    }

    /// The name as one number, for those who cannot hold it otherwise.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.number as u64) << 8 | self.slot as u64
    }

    /// The name of such a number. Of one that no session gave, it is nobody's.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        // What is beyond a name's 40 bits must not fall off, or it would be another's.
        let slot = if bits >> 40 == 0 { bits as u8 } else { u8::MAX };
        Self { slot, number: (bits >> 8) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_their_numbers() {
        for (slot, number) in [(0, 0), (7, 1), (3, u32::MAX)] {
            let id = ChannelId { slot, number };
            assert_eq!(ChannelId::from_bits(id.to_bits()), id);
            assert_ne!(ChannelId::from_bits(id.to_bits() | 1 << 40), id);
        }
    }
}
