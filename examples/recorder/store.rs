//! The writer: what comes out of the session goes to disk as it is, and into one WAV a channel.

use crate::pcap::Pcap;
use crate::ring::{Settled, Slot};
use crate::wav::Wav;
use cardhush_core::g711;
use cardhush_recorder::parts::{Kind, MAX_PARTS, Part, parts};
use cardhush_recorder::rtp::Header;
use cardhush_recorder::{Formats, Payload};
use rtrb::Consumer;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(20);

/// See the module.
pub struct Store {
    formats: Formats,
    ports: Vec<u16>,
    wavs: Vec<Wav>,
    pcap: Pcap,
    /// A line for each span that was replaced, or that was not.
    spans: BufWriter<File>,
    samples: Vec<u8>,
}

impl Store {
    /// Makes `folder`, and in it `channel-0.wav` and so on, `stored.pcap` and `spans.jsonl`; nothing that is there is written over.
    ///
    /// # Errors
    /// Where that is not to be had.
    pub fn create(folder: &Path, formats: Formats, ports: &[u16]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let wav = |(channel, _)| Wav::create(&folder.join(format!("channel-{channel}.wav")), formats.rate_hz());
        Ok(Self {
            formats,
            ports: ports.to_vec(),
            wavs: ports.iter().enumerate().map(wav).collect::<io::Result<_>>()?,
            pcap: Pcap::create(&folder.join("stored.pcap"))?,
            spans: BufWriter::new(File::create_new(folder.join("spans.jsonl"))?),
            samples: Vec::with_capacity(2 * crate::ring::SLOT),
        })
    }

    /// Stores what comes until the ring has ended; how many packets.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn run(&mut self, mut from: Consumer<Settled>) -> io::Result<u64> {
        let mut packets = 0;
        loop {
            let ended = from.is_abandoned();
            while let Ok(one) = from.pop() {
                match one {
                    Settled::Packet(slot) => {
                        self.packet(&slot)?;
                        packets += 1;
                    }
                    Settled::Told { channel, start, end, what, cause } => self.told(channel, start, end, what, cause)?,
                }
            }
            if ended {
                break;
            }
            sleep(PAUSE);
        }
        self.wavs.iter_mut().try_for_each(Wav::finish)?;
        self.pcap.finish()?;
        self.spans.flush()?;
        Ok(packets)
    }

    fn packet(&mut self, slot: &Slot) -> io::Result<()> {
        let port = self.ports.get(slot.channel).copied().unwrap_or(0);
        self.pcap.packet(slot.arrived_us, port, slot.bytes())?;
        let Some(wav) = self.wavs.get_mut(slot.channel) else { return Ok(()) };
        // It was read by the session before.
        let Ok(header) = Header::read(slot.bytes()) else { return Ok(()) };
        let mut found: [Part; MAX_PARTS] = Default::default();
        let count = parts(slot.bytes(), header.payload, header.payload_type, &self.formats, &mut found).unwrap_or(0);
        for part in found.into_iter().take(count) {
            let Kind::Audio { payload, .. } = part.kind else { continue };
            let coded = slot.bytes().get(part.bytes).unwrap_or_default();
            self.samples.clear();
            match payload {
                Payload::Pcmu => self.samples.extend(coded.iter().flat_map(|code| g711::ulaw_to_linear(*code).to_le_bytes())),
                Payload::Pcma => self.samples.extend(coded.iter().flat_map(|code| g711::alaw_to_linear(*code).to_le_bytes())),
                _ => self.samples.extend(coded.as_chunks::<2>().0.iter().flat_map(|[high, low]| [*low, *high])),
            }
            wav.put(slot.position.saturating_sub(part.earlier.into()), &self.samples)?;
        }
        Ok(())
    }

    fn told(&mut self, channel: usize, start: u64, end: u64, what: &str, cause: Option<&str>) -> io::Result<()> {
        let why = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
        eprintln!("channel {channel}: {what}{why}, samples {start} to {end}");
        if what == "key" {
            return Ok(());
        }
        let cause = cause.map(|cause| format!(",\"cause\":\"{cause}\"")).unwrap_or_default();
        writeln!(self.spans, "{{\"type\":\"{what}\",\"channel\":{channel},\"start\":{start},\"end\":{end}{cause}}}")
    }
}
