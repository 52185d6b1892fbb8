//! Pcapng: a walk over blocks, of which some hold a packet, some describe an interface, and the rest stay as they are.
//!
//! Source: draft-ietf-opsawg-pcapng. Every section has its own byte order and its own interfaces. The length of a section is not followed: blocks
//! are, to the end of the file. Each block must end with the length that it starts with, so that a wrong one is not followed far.

use std::io::{Read, Seek};

use crate::error::{Malformed, PcapError, Unsupported};
use crate::interface::Interface;
use crate::order::Order;
use crate::reader::{MAX_PACKET_BYTES, Record};
use crate::source::Source;

/// Most interfaces that a section may describe.
pub(crate) const MAX_INTERFACES: usize = 65_536;

/// Type of a section header, the same in both byte orders.
pub(crate) const SECTION: u32 = 0x0A0D_0D0A;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;
const INTERFACE: u32 = 1;
/// Obsolete, but written by tools of before 2008.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL: u32 = 9;
const SECRETS: u32 = 10;
/// Blocks of vendors, that a copy may hold or must not.
const CUSTOM: [u32; 2] = [0x0000_0BAD, 0x4000_0BAD];

/// Bytes of a block around its body: type and length before, length behind.
const AROUND: u32 = 12;
/// Bytes behind its body.
const TAIL: u64 = 4;

/// The section that the walk is in.
pub(crate) struct Ng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Blocks passed over whose types are not known.
    pub unknown_blocks: u64,
    /// Blocks passed over that Wireshark gives a number, as if they were packets.
    pub numbered_blocks: u64,
}

/// A block whose head was read: it is as long as its type needs, and the file is long enough for it.
#[derive(Clone, Copy)]
struct Block {
    offset: u64,
    kind: u32,
    len: u32,
}

impl Block {
    /// Where its body ends.
    fn end(self) -> u64 {
        self.offset + u64::from(self.len) - TAIL
    }

    /// Bytes of the body that a type of block has at least.
    const fn body(kind: u32) -> u32 {
        match kind {
            SECTION => 16,
            INTERFACE => 8,
            PACKET | ENHANCED_PACKET => 20,
            SIMPLE_PACKET => 4,
            _ => 0,
        }
    }

    /// Bytes of its body behind those.
    fn room(self) -> u32 {
        self.len - AROUND - Self::body(self.kind)
    }
}

impl Ng {
    /// Before the first section, which must be the first block.
    pub const fn new() -> Self {
        Self { order: Order::Little, interfaces: Vec::new(), unknown_blocks: 0, numbered_blocks: 0 }
    }

    /// The next packet, its bytes in `bytes`; `None` at the end of the file.
    pub fn next<R: Read + Seek>(&mut self, source: &mut Source<R>, bytes: &mut Vec<u8>) -> Result<Option<Record>, PcapError> {
        while source.left() > 0 {
            let block = self.block(source)?;
            let record = match block.kind {
                SECTION => {
                    section(source, block, self.order)?;
                    None
                }
                INTERFACE => {
                    if self.interfaces.len() >= MAX_INTERFACES {
                        return Err(Malformed::TooManyInterfaces.into());
                    }
                    self.interfaces.push(Interface::read(source, self.order, block.end())?);
                    None
                }
                ENHANCED_PACKET => {
                    let interface = self.order.u32(source.array()?);
                    Some(self.packet(source, block, interface, bytes)?)
                }
                PACKET => {
                    let [interface, _drops] = self.order.two_u16(source.array()?);
                    Some(self.packet(source, block, interface.into(), bytes)?)
                }
                SIMPLE_PACKET => Some(self.simple_packet(source, block, bytes)?),
                NAMES | STATISTICS | SECRETS => None,
                JOURNAL => {
                    self.numbered_blocks += 1;
                    None
                }
                _ => {
                    self.unknown_blocks += 1;
                    self.numbered_blocks += u64::from(CUSTOM.contains(&block.kind));
                    None
                }
            };
            source.skip_to(block.end())?;
            let tail = self.order.u32(source.array()?);
            if tail != block.len {
                return Err(Malformed::BlockTrailer { offset: block.offset, head: block.len, tail }.into());
            }
            if record.is_some() {
                return Ok(record);
            }
        }
        Ok(None)
    }

    /// Reads the head of a block, and of a section also its byte order.
    fn block<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<Block, PcapError> {
        source.need(AROUND.into())?;
        let offset = source.at;
        let kind: [u8; 4] = source.array()?;
        let len: [u8; 4] = source.array()?;
        if u32::from_be_bytes(kind) == SECTION {
            self.order = match u32::from_be_bytes(source.array()?) {
                BYTE_ORDER => Order::Big,
                magic if magic.swap_bytes() == BYTE_ORDER => Order::Little,
                magic => return Err(Malformed::ByteOrder { offset, magic }.into()),
            };
            self.interfaces.clear();
        }
        let (kind, len) = (self.order.u32(kind), self.order.u32(len));
        let needed = AROUND + Block::body(kind);
        if len < needed || !len.is_multiple_of(4) {
            return Err(Malformed::BlockLength { offset, kind, declared: len, needed }.into());
        }
        let left = source.len.saturating_sub(offset);
        if u64::from(len) > left {
            return Err(PcapError::Truncated { offset, needed: len.into(), left });
        }
        Ok(Block { offset, kind, len })
    }

    fn interface(&self, block: Block, interface: u32) -> Result<Interface, PcapError> {
        let found = usize::try_from(interface).ok().and_then(|index| self.interfaces.get(index)).copied();
        let interfaces = self.interfaces.len() as u32;
        found.ok_or_else(|| Malformed::NoInterface { offset: block.offset, interface, interfaces }.into())
    }

    /// What is behind the interface is the same in the enhanced and in the obsolete block.
    fn packet<R: Read + Seek>(
        &self,
        source: &mut Source<R>,
        block: Block,
        interface: u32,
        bytes: &mut Vec<u8>,
    ) -> Result<Record, PcapError> {
        let fields: [u8; 4 * 4] = source.array()?;
        let [high, low, captured_len, original_len] = self.order.words(&fields);
        let Interface { link, .. } = self.interface(block, interface)?;
        let time_ns = Some(self.interface(block, interface)?.time_ns(high, low));
        let offset = captured(source, block, captured_len, bytes)?;
        Ok(Record { time_ns, offset, original_len, link, interface })
    }

    /// A packet of the first interface, without a time; it is as long as it was, but for the snap length.
    fn simple_packet<R: Read + Seek>(&self, source: &mut Source<R>, block: Block, bytes: &mut Vec<u8>) -> Result<Record, PcapError> {
        let original_len = self.order.u32(source.array()?);
        let Interface { link, snap_len, .. } = self.interface(block, 0)?;
        let captured_len = if snap_len == 0 { original_len } else { original_len.min(snap_len) };
        let offset = captured(source, block, captured_len, bytes)?;
        Ok(Record { time_ns: None, offset, original_len, link, interface: 0 })
    }
}

/// Checks the version of a section.
fn section<R: Read + Seek>(source: &mut Source<R>, block: Block, order: Order) -> Result<(), PcapError> {
    match order.two_u16(source.array()?) {
        // 1.2 was written for a while, and is the same.
        [1, 0 | 2] => Ok(()),
        [major, minor] => Err(Unsupported::Version { format: "pcapng", offset: block.offset, major, minor }.into()),
    }
}

/// Reads the bytes of a packet, and tells where they start in the file.
fn captured<R: Read + Seek>(source: &mut Source<R>, block: Block, declared: u32, bytes: &mut Vec<u8>) -> Result<u64, PcapError> {
    let (offset, room) = (block.offset, block.room());
    if declared > MAX_PACKET_BYTES {
        return Err(Malformed::PacketTooLong { offset, declared }.into());
    }
    if declared > room {
        return Err(Malformed::PacketPastBlock { offset, declared, room }.into());
    }
    let offset = source.at;
    source.fill(bytes, declared)?;
    Ok(offset)
}
