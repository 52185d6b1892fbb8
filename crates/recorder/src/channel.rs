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
}
