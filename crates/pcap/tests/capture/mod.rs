//! Writers of captures, byte by byte from the drafts, that know nothing of the crate's readers; and packets made by `etherparse`.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs, and a test's helpers may panic too")]

use etherparse::{PacketBuilder, PacketBuilderStep, UdpHeader};

/// A packet as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time_ns: u64,
    pub original_len: u32,
    pub bytes: Vec<u8>,
}

impl Frame {
    pub fn whole(time_ns: u64, bytes: Vec<u8>) -> Self {
        Self { time_ns, original_len: bytes.len() as u32, bytes }
    }
}

/// A capture in the making.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub big: bool,
    pub bytes: Vec<u8>,
    /// Where the bytes of each packet were put.
    pub offsets: Vec<u64>,
    /// Where a file may end without being cut within anything.
    pub ends: Vec<usize>,
}

impl File {
    pub fn u16(&mut self, number: u16) {
        self.bytes.extend(if self.big { number.to_be_bytes() } else { number.to_le_bytes() });
    }

    pub fn u32(&mut self, number: u32) {
        self.bytes.extend(if self.big { number.to_be_bytes() } else { number.to_le_bytes() });
    }

    fn captured(&mut self, bytes: &[u8]) {
        self.offsets.push(self.bytes.len() as u64);
        self.bytes.extend(bytes);
    }

    /// A classic capture.
    pub fn pcap(big: bool, nanoseconds: bool, link: u32, frames: &[Frame]) -> Self {
        let mut file = Self { big, ..Self::default() };
        file.u32(if nanoseconds { 0xA1B2_3C4D } else { 0xA1B2_C3D4 });
        file.u16(2);
        file.u16(4);
        [0, 0, 65_535, link].into_iter().for_each(|number| file.u32(number));
        file.ends.push(file.bytes.len());
        for frame in frames {
            file.u32((frame.time_ns / 1_000_000_000) as u32);
            let ns = (frame.time_ns % 1_000_000_000) as u32;
            file.u32(if nanoseconds { ns } else { ns / 1_000 });
            file.u32(frame.bytes.len() as u32);
            file.u32(frame.original_len);
            file.captured(&frame.bytes);
            file.ends.push(file.bytes.len());
        }
        file
    }

    /// A pcapng capture of one section without interfaces.
    pub fn pcapng(big: bool) -> Self {
        let mut file = Self::default();
        file.section(big);
        file
    }

    /// A block, whose body `write` writes.
    pub fn block(&mut self, kind: u32, write: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.u32(kind);
        self.u32(0);
        write(self);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let len = (self.bytes.len() + 4 - start) as u32;
        self.bytes[start + 4..start + 8].copy_from_slice(&if self.big { len.to_be_bytes() } else { len.to_le_bytes() });
        self.u32(len);
        self.ends.push(self.bytes.len());
    }

    pub fn section(&mut self, big: bool) {
        self.big = big;
        self.block(0x0A0D_0D0A, |file| {
            file.u32(0x1A2B_3C4D);
            file.u16(1);
            file.u16(0);
            [u32::MAX, u32::MAX].into_iter().for_each(|number| file.u32(number));
        });
    }

    pub fn option(&mut self, code: u16, value: &[u8]) {
        self.u16(code);
        self.u16(value.len() as u16);
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// An interface description; times in units of 10^-`resolution` s, where that is told.
    pub fn interface(&mut self, link: u16, snap_len: u32, resolution: Option<u8>) {
        self.block(1, |file| {
            file.u16(link);
            file.u16(0);
            file.u32(snap_len);
            file.option(2, b"eth0");
            if let Some(resolution) = resolution {
                file.option(9, &[resolution]);
            }
            file.option(0, &[]);
        });
    }

    pub fn enhanced(&mut self, interface: u32, units: u64, frame: &Frame) {
        self.block(6, |file| {
            file.u32(interface);
            file.fields(units, frame);
            file.bytes.resize(file.bytes.len().next_multiple_of(4), 0xEE);
            file.option(1, b"a comment");
            file.option(0, &[]);
        });
    }

    pub fn obsolete(&mut self, interface: u16, units: u64, frame: &Frame) {
        self.block(2, |file| {
            file.u16(interface);
            file.u16(7);
            file.fields(units, frame);
        });
    }

    fn fields(&mut self, units: u64, frame: &Frame) {
        [(units >> 32) as u32, units as u32, frame.bytes.len() as u32, frame.original_len].into_iter().for_each(|number| self.u32(number));
        self.captured(&frame.bytes);
    }

    pub fn simple(&mut self, frame: &Frame) {
        self.block(3, |file| {
            file.u32(frame.original_len);
            file.captured(&frame.bytes);
        });
    }
}

pub const SOURCE: &str = "192.0.2.1:5004";
pub const DESTINATION: &str = "198.51.100.2:40000";
pub const SOURCE_6: &str = "[2001:db8::1]:5004";
pub const DESTINATION_6: &str = "[2001:db8::2]:40000";

/// The bytes of a packet that is finished.
pub fn written(builder: PacketBuilderStep<UdpHeader>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// A datagram in IPv4, without a link layer.
pub fn ipv4(payload: &[u8]) -> Vec<u8> {
    written(PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64).udp(5004, 40_000), payload)
}

/// A datagram in IPv6, without a link layer.
pub fn ipv6(payload: &[u8]) -> Vec<u8> {
    let [source, destination] = ["2001:db8::1", "2001:db8::2"].map(|ip| ip.parse::<std::net::Ipv6Addr>().unwrap().octets());
    written(PacketBuilder::ipv6(source, destination, 64).udp(5004, 40_000), payload)
}

/// An Ethernet header with these tags, before what is of type `ether_type`.
pub fn ethernet(tags: &[u16], ether_type: u16, behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x02; 12];
    for tag in tags {
        bytes.extend(tag.to_be_bytes());
        bytes.extend([0, 5]);
    }
    bytes.extend(ether_type.to_be_bytes());
    bytes.extend(behind);
    bytes
}
