//! What a pcapng section says of one of its interfaces: the link type, the snap length, and the unit of its times.

use std::io::{Read, Seek};

use crate::error::{Malformed, PcapError};
use crate::link::LinkType;
use crate::order::Order;
use crate::source::Source;

const END_OF_OPTIONS: u16 = 0;
/// Unit of times: 10^-n s, or 2^-n s where the highest bit is set.
const IF_TSRESOL: u16 = 9;
/// Seconds to add to each time.
const IF_TSOFFSET: u16 = 14;

/// An interface of a section.
#[derive(Clone, Copy)]
pub(crate) struct Interface {
    pub link: LinkType,
    /// Most bytes of a packet that are captured; 0 where there is no limit.
    pub snap_len: u32,
    resolution: u8,
    offset_s: i64,
}

impl Interface {
    /// Reads the body of an interface description block, which ends at `end`.
    pub fn read<R: Read + Seek>(source: &mut Source<R>, order: Order, end: u64) -> Result<Self, PcapError> {
        let [link, _] = order.two_u16(source.array()?);
        let snap_len = order.u32(source.array()?);
        let mut interface = Self { link: LinkType(link), snap_len, resolution: 6, offset_s: 0 };
        while end.saturating_sub(source.at) >= 4 {
            let offset = source.at;
            let [code, len] = order.two_u16(source.array()?);
            let room = end - source.at;
            let next = source.at + u64::from(len).next_multiple_of(4);
            if next > end {
                return Err(Malformed::OptionPastBlock { offset, declared: len, room }.into());
            }
            match (code, len) {
                (END_OF_OPTIONS, _) => break,
                (IF_TSRESOL, 1) => [interface.resolution] = source.array()?,
                (IF_TSOFFSET, 8) => {
                    let bytes: [u8; 8] = source.array()?;
                    interface.offset_s = if order == Order::Little { i64::from_le_bytes(bytes) } else { i64::from_be_bytes(bytes) };
                }
                _ => {}
            }
            source.skip_to(next)?;
        }
        Ok(interface)
    }

    /// A time of a packet of this interface in nanoseconds since the epoch; the nearest that there is, where it lies outside of what 64 bits hold.
    pub fn time_ns(&self, high: u32, low: u32) -> u64 {
        const SECOND: u128 = 1_000_000_000;
        let units = u128::from(high) << 32 | u128::from(low);
        let exponent = u32::from(self.resolution & 0x7F);
        let ns = if self.resolution & 0x80 == 0 {
            // 10^39 units a second are more than 128 bits hold, and more than any number of units comes to a nanosecond.
            10_u128.checked_pow(exponent).map_or(0, |a_second| units * SECOND / a_second)
        } else {
            (units * SECOND) >> exponent
        };
        let offset_ns = i128::from(self.offset_s) * SECOND as i128;
        // Below 2^94 and 2^93: no overflow.
        u64::try_from((ns as i128 + offset_ns).max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_any_unit() {
        let time = |resolution, offset_s, units: u64| {
            Interface { link: LinkType(1), snap_len: 0, resolution, offset_s }.time_ns((units >> 32) as u32, units as u32)
        };
        assert_eq!(time(6, 0, 1_700_000_000_123_456), 1_700_000_000_123_456_000);
        assert_eq!(time(9, 0, 1_700_000_000_123_456_789), 1_700_000_000_123_456_789);
        assert_eq!(time(0, 0, 1_700_000_000), 1_700_000_000_000_000_000);
        assert_eq!(time(12, 0, 1_999), 1);
        assert_eq!(time(0x80 | 20, 0, 3 << 19), 1_500_000_000);
        assert_eq!(time(6, 3_600, 1), 3_600_000_001_000);
        assert_eq!(time(6, -1, 1_000_001), 1_000);
        assert_eq!((time(6, -2, 1), time(0, 0, u64::MAX), time(0x7F, 0, u64::MAX), time(0xFF, 0, u64::MAX)), (0, u64::MAX, 0, 0));
        assert_eq!((time(0, i64::MAX, u64::MAX), time(0, i64::MIN, 0)), (u64::MAX, 0));
    }
}
