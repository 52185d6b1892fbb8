//! [`Packet`]: what was captured, when, and where its bytes lie in the file.

use std::fmt;

use crate::link::LinkType;

/// A packet of a capture. Its bytes are not in `Debug`.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    /// Its number, from 1, as Wireshark counts: in pcapng files it also numbers entries of the systemd journal and custom blocks.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970; `None` where the file does not say (simple packet blocks).
    pub time_ns: Option<u64>,
    /// Where [`bytes`](Self::bytes) start in the file.
    pub offset: u64,
    /// Bytes that it had on the line; those behind the snap length were not captured.
    pub original_len: u32,
    /// What its bytes start with.
    pub link: LinkType,
    /// Index of the interface it was captured on, within its section; 0 in classic files.
    pub interface: u32,
    /// The bytes that were captured.
    pub bytes: &'a [u8],
}

impl Packet<'_> {
    /// Whether bytes of it were not captured.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.bytes.len() < self.original_len as usize
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, time_ns, offset, original_len, link, interface, bytes } = self;
        f.debug_struct("Packet")
            .field("number", number)
            .field("time_ns", time_ns)
            .field("offset", offset)
            .field("captured_len", &bytes.len())
            .field("original_len", original_len)
            .field("link", link)
            .field("interface", interface)
            .finish()
    }
}
