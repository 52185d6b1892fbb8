//! A packet capture of what is stored: the RTP packets as they came out, behind IPv4 and UDP headers that are made up but for the port of the channel.
//!
//! The classic form, microseconds, LINKTYPE_IPV4 (228): Wireshark and cardhush read it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A sender of RFC 5737 and its port: the real one is nobody's business here.
const FROM: ([u8; 4], u16) = ([192, 0, 2, 1], 5_004);
const TO: [u8; 4] = [127, 0, 0, 1];
const IP: u16 = 20;
const UDP: u16 = 8;

/// See the module.
pub struct Pcap(BufWriter<File>);

impl Pcap {
    /// An empty one.
    ///
    /// # Errors
    /// Where it is there already or cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create_new(path)?);
        file.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        file.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        file.write_all(&65_535_u32.to_le_bytes())?;
        file.write_all(&228_u32.to_le_bytes())?;
        Ok(Self(file))
    }

    /// A packet that came at `at_us` to `port`.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn packet(&mut self, at_us: u64, port: u16, rtp: &[u8]) -> io::Result<()> {
        let len = u16::try_from(rtp.len()).ok().and_then(|len| len.checked_add(IP + UDP)).ok_or(io::ErrorKind::InvalidInput)?;
        let mut ip = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        ip[2..4].copy_from_slice(&len.to_be_bytes());
        ip[12..16].copy_from_slice(&FROM.0);
        ip[16..20].copy_from_slice(&TO);
        let sum: u32 = ip.as_chunks::<2>().0.iter().map(|two| u32::from(u16::from_be_bytes(*two))).sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        ip[10..12].copy_from_slice(&sum.to_be_bytes());

        let record = [(at_us / 1_000_000) as u32, (at_us % 1_000_000) as u32, len.into(), len.into()];
        record.iter().try_for_each(|field| self.0.write_all(&field.to_le_bytes()))?;
        self.0.write_all(&ip)?;
        // The checksum may be left out (RFC 768).
        let udp = [FROM.1, port, len - IP, 0];
        udp.iter().try_for_each(|field| self.0.write_all(&field.to_be_bytes()))?;
        self.0.write_all(rtp)
    }

    /// What was written is on its way to the disk.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
