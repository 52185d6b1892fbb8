//! A small call recorder that stores no card digit: how an application links cardhush-recorder.
//!
//!     recorder --listen 0.0.0.0:4000 --listen 0.0.0.0:4002 --out call-1
//!
//! One call, one UDP port a channel. Three threads, each with one thing to do, and a ring of fixed slots between each two:
//!
//!     sockets -- capture --ring--> scrub (owns the Session) --ring--> store -- one WAV a channel, stored.pcap, spans.jsonl
//!
//! Nothing that was not masked goes behind `scrub`, and nothing waits for a disk before it. SIGINT, SIGTERM or `--seconds` end the call: what waits for its
//! look-ahead is masked and stored as well. Exit 0: every packet that came is stored; 2: some are not, and standard error says how many and why; 1: it failed.

mod capture;
mod clock;
mod pcap;
mod ring;
mod scrub;
mod store;
mod wav;

use cardhush_recorder::{Formats, Payload, Session, SessionConfig};
use clap::Parser;
use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Slots between two threads: twenty seconds of two channels at 50 packets a second, 3 MiB.
const SLOTS: usize = 2_048;

/// Records the channels of one call without the card digits that are keyed or spoken in it
#[derive(Parser)]
struct Args {
    /// Where a channel's RTP comes in (once for each channel)
    #[arg(long, value_name = "ADDR:PORT", required = true)]
    listen: Vec<SocketAddr>,
    /// What a payload type is: PCMU, PCMA, CN, telephone-event, red or L16/RATE [default: 0=PCMU 8=PCMA 13=CN 101=telephone-event]
    #[arg(long, value_name = "TYPE=NAME", value_parser = payload)]
    payload: Vec<(u8, Payload)>,
    /// Do not listen for spoken digits: packets then wait 2 s at most, not 9
    #[arg(long)]
    no_spoken: bool,
    /// End the call after so many seconds
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Folder that is made for what is stored
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match record(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("recorder: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Records one call; whether every packet was stored.
fn record(args: &Args) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let formats = if args.payload.is_empty() { Formats::g711() } else { Formats::new(&args.payload)? };
    let mut config = SessionConfig::default();
    config.channels = args.listen.len().try_into()?;
    if args.no_spoken {
        config.spoken = None;
    }
    let clock = clock::Clock::start();
    let mut session = Session::new(&config, clock.start_us())?;
    let channels = args.listen.iter().map(|_| session.add(&formats)).collect::<Result<Vec<_>, _>>()?;
    let sockets = args.listen.iter().map(UdpSocket::bind).collect::<Result<Vec<_>, _>>()?;
    let ports = sockets.iter().map(|socket| Ok(socket.local_addr()?.port())).collect::<std::io::Result<Vec<_>>>()?;
    let mut store = store::Store::create(&args.out, formats, &ports)?;

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    for (channel, socket) in sockets.iter().enumerate() {
        eprintln!("channel {channel}: listening at {}", socket.local_addr()?);
    }

    let lost = AtomicU64::new(0);
    let end = args.seconds.map(|seconds| clock.after(Duration::from_secs(seconds)));
    let (captured, to_scrub) = rtrb::RingBuffer::new(SLOTS);
    let (scrubbed, to_store) = rtrb::RingBuffer::new(SLOTS);
    // Each thread ends when the one before it has let go of its ring: the last packet comes through before that.
    let (capture, scrub, store) = thread::scope(|scope| {
        let capture = scope.spawn(|| capture::capture(&sockets, &clock, end, &stop, &lost, captured));
        let scrub = scope.spawn(|| scrub::scrub(session, &channels, &clock, &lost, to_scrub, scrubbed));
        let stored = store.run(to_store);
        // Where nothing can be stored nothing need be captured.
        stop.store(true, Ordering::Relaxed);
        (capture.join(), scrub.join(), stored)
    });
    let (captured, scrubbed) = (capture.map_err(|_| "the capture thread failed")?, scrub.map_err(|_| "the scrubber thread failed")?);
    let stored = store?;
    captured?;
    eprintln!("stored {stored} packets; refused {}, lost {} that found a ring full", scrubbed.refused, scrubbed.lost);
    Ok(scrubbed.refused == 0 && scrubbed.lost == 0)
}

/// `TYPE=NAME`, as `a=rtpmap` of SDP has it.
fn payload(text: &str) -> Result<(u8, Payload), String> {
    let (number, name) = text.split_once('=').ok_or("TYPE=NAME is asked for")?;
    let number = number.parse().ok().filter(|number| *number < 128).ok_or("a payload type is 0 to 127")?;
    let payload = match name.to_ascii_lowercase().as_str() {
        "pcmu" => Payload::Pcmu,
        "pcma" => Payload::Pcma,
        "cn" => Payload::ComfortNoise,
        "telephone-event" => Payload::Event,
        "red" => Payload::Redundant,
        linear => {
            let rate = linear.strip_prefix("l16/").and_then(|rate| rate.parse().ok());
            Payload::L16 { rate_hz: rate.ok_or("the name is PCMU, PCMA, CN, telephone-event, red or L16/RATE")? }
        }
    };
    Ok((number, payload))
}
