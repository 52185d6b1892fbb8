//! Packet captures: the audio of their RTP streams scrubbed inside the packets, the digits of telephone-events and of SIP messages blanked.
//!
//! ```text
//! capture --survey--> flows, SIP digits --calls--> payloads --patch--> Beside (no name yet) --compare--> StagedCapture --publish--> the output
//! ```
//!
//! The output is the capture with bytes overwritten: of payloads where something is masked, of digits in signalling, and of the checksums over them. All else is
//! compared, byte by byte. Fails closed: where a stream is RTP and cannot be read, or a packet may hold what was not seen (fragments, SIP over TCP, tunnels),
//! there is no output.

mod calls;
mod flow;

use crate::beside::{Beside, Readers};
use crate::call::open;
use crate::error::{Error, doing};
use crate::settings::Settings;
use crate::stage::{Target, beside_input, in_place};
use crate::watch::{Step, Watch, tell};
use calls::{Calls, Found, Told};
use cardhush_pcap::sip::KeyForm;
use cardhush_pcap::{Datagram, Packet, PcapError, Reader, Unread};
use cardhush_recorder::{Payload, parts::STAR as STAR_EVENT};
use flow::{Flow, Survey, quoted_header, rtp_header};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, Metadata};
use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// What digits in letters become: what no card number has.
const STAR: u8 = b'*';
/// Packets between two looks at the watch and at silent calls.
const OFTEN: u64 = 4_096;
const BLOCK: usize = 256 * 1024;

/// One RTP stream of a capture, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Address and port that it comes from.
    pub source: String,
    /// Address and port that it goes to.
    pub destination: String,
    /// Its codings, as SDP names them.
    pub coding: String,
    /// Samples a second.
    pub rate_hz: u32,
    /// Its call, from 0: the streams of one are masked together.
    pub call: usize,
}

/// A span of a stream that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replaced {
    /// Its stream, from 0.
    pub stream: usize,
    /// First sample, counted from the instant of the capture's first packet.
    pub start: u64,
    /// The sample after the last.
    pub end: u64,
    /// A [`Cause`](cardhush_core::Cause)'s name, or `unread`: what came out of order by more than can be read, replaced whole.
    pub cause: &'static str,
}

/// A capture that was scrubbed and compared. Its output has no name yet; dropped, it is gone.
#[derive(Debug)]
pub struct StagedCapture {
    path: PathBuf,
    metadata: Metadata,
    /// `pcap` or `pcapng`.
    pub container: &'static str,
    /// Packets of the capture.
    pub packets: u64,
    /// Its RTP streams.
    pub streams: Vec<Stream>,
    /// What is replaced of them, in order.
    pub replaced: Vec<Replaced>,
    /// Digits in SIP messages that are blanked.
    pub signalled: u64,
    /// RTP packets in ICMP errors whose payload is blanked: they quote a part of one that was sent.
    pub quoted: u64,
    beside: Option<Beside>,
    replace: bool,
}

/// Whether a file is a packet capture, by how it begins.
///
/// # Errors
/// It cannot be read.
pub fn is_capture(path: &Path) -> Result<bool, Error> {
    let mut magic = [0; 4];
    let mut file = open(path)?;
    let count = file.read(&mut magic).map_err(doing("read", path))?;
    let known: [[u8; 4]; 5] =
        [[0xa1, 0xb2, 0xc3, 0xd4], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x4d, 0x3c, 0xb2, 0xa1], [0x0a, 0x0d, 0x0d, 0x0a]];
    Ok(count == 4 && known.contains(&magic))
}

/// Looks through a capture, writes its output and compares it.
///
/// # Errors
/// Whatever [`Error`] names; no output has appeared, and the input is as it was.
pub fn stage_capture(path: &Path, target: Target<'_>, settings: &Settings, watch: &mut Watch<'_>) -> Result<StagedCapture, Error> {
    let file = open(path)?;
    let metadata = file.metadata().map_err(doing("read", path))?;
    let (output, replace) = match target {
        Target::Nowhere | Target::Memory => (None, false),
        Target::InPlace => (Some(in_place(path, &metadata)?), true),
        Target::File { path: output, replace } => (Some(beside_input(path, output, replace)?), replace),
    };
    if settings.transcript.is_some() {
        return Err(Error::Capture {
            path: path.into(),
            why: "a transcript is of one call, and a capture may hold many: --transcript is for WAV files".into(),
        });
    }
    let beside = output.map(|output| Beside::new(output, Readers::Owner)).transpose()?;
    let mut job = Job { path, file: &file, total: metadata.len(), edits: BTreeMap::new(), signalled: 0, quoted: 0 };
    let (flows, begin_us, packets) = job.survey(watch)?;
    let replaced = job.listen(&flows, begin_us, settings, watch)?;
    let beside = beside.filter(|_| target != Target::InPlace || !job.edits.is_empty());
    if let Some(beside) = &beside {
        job.write(beside, watch)?;
        beside.resemble(&file, &metadata)?;
    }
    let container = job.reader()?.format().name();
    let streams = flows.iter().map(|flow| Stream {
        source: flow.ends.0.to_string(),
        destination: flow.ends.1.to_string(),
        coding: flow.coding.clone(),
        rate_hz: flow.formats.rate_hz(),
        call: flow.call,
    });
    let staged = StagedCapture {
        path: path.into(),
        metadata,
        container,
        packets,
        streams: streams.collect(),
        replaced,
        signalled: job.signalled,
        quoted: job.quoted,
        beside,
        replace,
    };
    staged.unchanged()?;
    Ok(staged)
}

/// One run over a capture.
struct Job<'a> {
    path: &'a Path,
    file: &'a File,
    total: u64,
    /// Bytes to be written, by their offset.
    edits: BTreeMap<u64, Vec<u8>>,
    signalled: u64,
    quoted: u64,
}

impl Job<'_> {
    fn reader(&self) -> Result<Reader<BufReader<&File>>, Error> {
        let mut file = self.file;
        file.seek(SeekFrom::Start(0)).map_err(doing("read", self.path))?;
        Reader::new(BufReader::with_capacity(BLOCK, file)).map_err(|source| Error::Pcap { path: self.path.into(), source })
    }

    /// Calls `each` with every packet; how many there are, and how many blocks of unknown kinds.
    fn walk(&self, mut each: impl FnMut(&Packet<'_>) -> Result<(), Error>) -> Result<(u64, u64), Error> {
        let mut reader = self.reader()?;
        let mut count = 0;
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) => each(&packet)?,
                Ok(None) => return Ok((count, reader.unknown_blocks())),
                Err(source) => return Err(Error::Pcap { path: self.path.into(), source }),
            }
            count += 1;
        }
    }

    /// Which streams there are, when the capture began, and how many packets it has; takes down what of its SIP messages is blanked.
    fn survey(&mut self, watch: &mut Watch<'_>) -> Result<(Vec<Flow>, u64, u64), Error> {
        let (mut survey, mut unseen, mut begin_us) = (Survey::default(), BTreeMap::<Unread, u64>::new(), None);
        let (mut edits, mut signalled, mut unread_keys) = (BTreeMap::new(), 0, 0);
        let (packets, unknown) = self.walk(|packet| {
            if packet.number % OFTEN == 0 {
                tell(watch, self.path, Step::Finding, packet.offset, self.total)?;
            }
            if begin_us.is_none() {
                begin_us = packet.time_ns.map(|ns| ns / 1_000);
            }
            let datagram = match Datagram::of(packet) {
                Ok(datagram) => datagram,
                Err(unread) => {
                    *unseen.entry(unread).or_default() += 1;
                    return Ok(());
                }
            };
            if let Some(message) = survey.see(packet, &datagram) {
                let keys = message.keys();
                unread_keys += keys.unread;
                let mut bytes = packet.bytes.to_vec();
                for key in keys.keys {
                    let star = if key.form == KeyForm::Text { STAR } else { STAR_EVENT };
                    signalled += key.range.len() as u64;
                    let fill = vec![star; key.range.len()];
                    datagram.replace(&mut bytes, key.range, &fill).map_err(|source| Error::Pcap { path: self.path.into(), source })?;
                }
                put(&mut edits, packet, &datagram, &bytes);
            }
            Ok(())
        })?;
        (self.edits, self.signalled) = (edits, signalled);
        // What may hold digits and was not seen.
        let grave = [Unread::SipOverTcp, Unread::Fragment, Unread::Encapsulated, Unread::LinkType, Unread::Malformed];
        let unseen: Vec<String> = grave.iter().filter_map(|kind| unseen.get(kind).map(|count| format!("{count} of {kind}"))).collect();
        if !unseen.is_empty() {
            return Err(Error::Capture {
                path: self.path.into(),
                why: format!("packets that cannot be read, and may hold digits: {}", unseen.join(", ")),
            });
        }
        if unread_keys > 0 {
            return Err(Error::Capture {
                path: self.path.into(),
                why: format!("{unread_keys} parts of SIP messages tell of keys in a form that cannot be read"),
            });
        }
        if unknown > 0 {
            return Err(Error::Capture {
                path: self.path.into(),
                why: format!("{unknown} pcapng blocks of unknown kinds, which may hold packets"),
            });
        }
        let (flows, unreadable) = survey.end();
        if let Some(one) = unreadable.first() {
            let others = if unreadable.len() > 1 { format!("; and {} more streams", unreadable.len() - 1) } else { String::new() };
            return Err(Error::Capture {
                path: self.path.into(),
                why: format!("RTP from {} to {}: {}{others}", one.ends.0, one.ends.1, one.why),
            });
        }
        Ok((flows, begin_us.unwrap_or(0), packets))
    }

    /// Puts every stream through its call's session; what is replaced of them.
    fn listen(&mut self, flows: &[Flow], begin_us: u64, settings: &Settings, watch: &mut Watch<'_>) -> Result<Vec<Replaced>, Error> {
        let names: HashMap<_, usize> = flows.iter().enumerate().map(|(i, flow)| (flow.ends, i)).collect();
        let mut calls = Calls::new(flows, settings, begin_us);
        let mut heard = Heard::default();
        // A packet without a time came when the one before it did.
        let mut now_us = begin_us;
        self.walk(|packet| {
            now_us = packet.time_ns.map_or(now_us, |ns| ns / 1_000);
            if packet.number % OFTEN == 0 {
                tell(watch, self.path, Step::Listening, packet.offset, self.total)?;
                calls.end(Some(now_us), |told| heard.take(told));
            }
            let Ok(datagram) = Datagram::of(packet) else { return Ok(()) };
            let Some(stream) = names.get(&(datagram.source, datagram.destination)) else { return Ok(()) };
            let payload = datagram.payload(packet.bytes);
            if datagram.quoted {
                let mut bytes = packet.bytes.to_vec();
                if let Some(flow) = flows.get(*stream) {
                    blank_quoted(&datagram, &mut bytes, flow).map_err(|source| Error::Pcap { path: self.path.into(), source })?;
                }
                heard.quoted += u64::from(bytes != packet.bytes);
                put(&mut heard.edits, packet, &datagram, &bytes);
                return Ok(());
            }
            if rtp_header(payload).is_none() {
                return Ok(());
            }
            heard.waiting.insert(packet.number, (packet.offset, packet.bytes.to_vec(), datagram.clone()));
            match calls.take(*stream, now_us, payload, packet.number, |told| heard.take(told)) {
                Ok(()) => Ok(()),
                Err(error) => {
                    let why = format!("packet {}, RTP from {} to {}: {error}", packet.number, datagram.source, datagram.destination);
                    Err(Error::Capture { path: self.path.into(), why })
                }
            }
        })?;
        calls.end(None, |told| heard.take(told));
        if !heard.waiting.is_empty() {
            let why = format!("{} packets did not come out of their calls", heard.waiting.len());
            return Err(Error::Capture { path: self.path.into(), why });
        }
        if heard.exposed > 0 {
            let why = format!("{} spans were found too late to be replaced", heard.exposed);
            return Err(Error::Capture { path: self.path.into(), why });
        }
        self.quoted = heard.quoted;
        self.edits.append(&mut heard.edits);
        let mut replaced: Vec<Replaced> = heard
            .found
            .into_iter()
            .map(|one| Replaced { stream: one.stream, start: one.span.start, end: one.span.end, cause: one.cause })
            .collect();
        replaced.sort_unstable();
        Ok(replaced)
    }

    /// Copies the capture with its edits, and compares the copy.
    fn write(&self, beside: &Beside, watch: &mut Watch<'_>) -> Result<(), Error> {
        let (mut from, mut to) = (self.file, beside.file());
        let mut block = vec![0; BLOCK];
        from.seek(SeekFrom::Start(0)).map_err(doing("read", self.path))?;
        let mut at = 0;
        loop {
            tell(watch, self.path, Step::Writing, at, self.total)?;
            let count = from.read(&mut block).map_err(doing("read", self.path))?;
            let Some(block) = block.get_mut(..count).filter(|block| !block.is_empty()) else { break };
            self.edit(at, block);
            to.write_all(block).map_err(doing("write", beside.target()))?;
            at += count as u64;
        }
        to.flush().map_err(doing("write", beside.target()))?;
        // Read back: what was written is the capture and its edits, and nothing else.
        from.seek(SeekFrom::Start(0)).map_err(doing("read", self.path))?;
        to.seek(SeekFrom::Start(0)).map_err(doing("read", beside.target()))?;
        let (mut written, mut at) = (vec![0; BLOCK], 0);
        loop {
            tell(watch, self.path, Step::Checking, at, self.total)?;
            let count = from.read(&mut block).map_err(doing("read", self.path))?;
            let (Some(block), Some(written)) = (block.get_mut(..count), written.get_mut(..count)) else { break };
            if block.is_empty() {
                break;
            }
            to.read_exact(written).map_err(doing("read", beside.target()))?;
            self.edit(at, block);
            if let Some(byte) = block.iter().zip(&*written).position(|(a, b)| a != b) {
                return Err(Error::Differs { path: beside.target().into(), offset: at + byte as u64 });
            }
            at += count as u64;
        }
        Ok(())
    }

    /// Overwrites the edits in a block of the capture that begins at `at`.
    fn edit(&self, at: u64, block: &mut [u8]) {
        let end = at + block.len() as u64;
        // An edit is a packet's at most, and none overlaps another.
        let before = at.saturating_sub(u64::from(cardhush_pcap::MAX_PACKET_BYTES));
        for (offset, bytes) in self.edits.range(before..end) {
            let (from, to) = ((*offset).max(at), (offset + bytes.len() as u64).min(end));
            if from < to {
                let (place, new) =
                    (block.get_mut((from - at) as usize..(to - at) as usize), bytes.get((from - offset) as usize..(to - offset) as usize));
                if let (Some(place), Some(new)) = (place, new) {
                    place.copy_from_slice(new);
                }
            }
        }
    }
}

/// What the sessions said so far.
#[derive(Default)]
struct Heard {
    /// Packets that are in a session, by their number.
    waiting: HashMap<u64, (u64, Vec<u8>, Datagram)>,
    edits: BTreeMap<u64, Vec<u8>>,
    found: Vec<Found>,
    exposed: usize,
    quoted: u64,
}

impl Heard {
    fn take(&mut self, told: Told<'_>) {
        match told {
            Told::Payload(number, payload) => {
                let Some((offset, mut bytes, datagram)) = self.waiting.remove(&number) else { return };
                let before = bytes.clone();
                // Of the same length as it went in: it fits.
                if datagram.replace(&mut bytes, 0..payload.len(), payload).is_ok() && bytes != before {
                    let span = datagram.span();
                    self.edits.insert(offset + span.start as u64, bytes.get(span).unwrap_or_default().to_vec());
                }
            }
            Told::Found(found) => self.found.push(found),
            Told::Exposed => self.exposed += 1,
        }
    }
}

/// Takes down what was changed of a packet.
fn put(edits: &mut BTreeMap<u64, Vec<u8>>, packet: &Packet<'_>, datagram: &Datagram, bytes: &[u8]) {
    let span = datagram.span();
    if bytes != packet.bytes {
        edits.insert(packet.offset + span.start as u64, bytes.get(span).unwrap_or_default().to_vec());
    }
}

/// Blanks the payload of an RTP packet that an ICMP error quotes: it is a part of one that was sent, and cannot be read by itself.
fn blank_quoted(datagram: &Datagram, bytes: &mut [u8], flow: &Flow) -> Result<(), PcapError> {
    let Some(header) = quoted_header(datagram.payload(bytes)) else { return Ok(()) };
    let silence = match flow.formats.of(header.payload_type) {
        Some(Payload::Pcma) => 0xd5,
        Some(Payload::Pcmu | Payload::Redundant) => 0xff,
        Some(Payload::Event) => STAR_EVENT,
        _ => 0,
    };
    let payload = header.payload.start..datagram.payload.len();
    let fill = vec![silence; payload.len()];
    datagram.replace(bytes, payload, &fill)
}

impl StagedCapture {
    /// Where the output will be; `None` where nothing is written.
    #[must_use]
    pub fn output(&self) -> Option<&Path> {
        self.beside.as_ref().map(Beside::target)
    }

    fn unchanged(&self) -> Result<(), Error> {
        let now = std::fs::metadata(&self.path).map_err(doing("read", &self.path))?;
        let same = now.len() == self.metadata.len() && now.modified().ok() == self.metadata.modified().ok();
        if same { Ok(()) } else { Err(Error::Changed { path: self.path.clone() }) }
    }

    /// Brings the output to the disk and gives it its name.
    ///
    /// # Errors
    /// The input changed, a file of that name appeared, or the disk fails.
    pub fn publish(self) -> Result<(), Error> {
        self.unchanged()?;
        self.beside.map_or(Ok(()), |beside| beside.publish(self.replace))
    }
}
