//! How many live channels one core takes: calls of two channels, a packet of 20 ms each, in real time, on one thread.
//!
//! `live_channels keyed|both CHANNELS [SECONDS]` (10). Packets of G.711 with steady babble and digits come spread evenly over 20 ms, and then all at once. For each the
//! time from its arrival until it was taken, read and what is settled of its call was handed out; the look-ahead is not counted. What waits because
//! others are at work counts, as does what else runs on the machine. A packet that takes longer than 20 ms misses its deadline.

use cardhush_benches::call::{CHUNK, RATE_HZ, Talk, call};
use cardhush_core::{Coding, Ulaw};
use cardhush_recorder::{ChannelId, Formats, Output, Session, SessionConfig};
use cardhush_testkit::sweep::Table;
use std::error::Error;
use std::time::{Duration, Instant};

const START_US: u64 = 1_700_000_000_000_000;
const PERIOD: Duration = Duration::from_millis(20);
/// Channels of one call.
const LEGS: usize = 2;
/// Seconds of the call that all channels have, each from another instant on.
const LENGTH_S: usize = 120;

struct Leg {
    call: usize,
    id: ChannelId,
    /// First byte of the audio that it sends.
    offset: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let stages = args.next().ok_or("live_channels keyed|both CHANNELS [SECONDS]")?;
    let channels: usize = args.next().ok_or("live_channels keyed|both CHANNELS [SECONDS]")?.parse()?;
    let seconds: usize = args.next().map_or(Ok(10), |arg| arg.parse())?;
    let audio: Vec<u8> = call(LENGTH_S, Talk::Steady).iter().map(|x| Ulaw::encode(f32::from(*x) / 32_768.0)).collect();
    let mut table = Table::new(
        &format!("{channels} live channels, {stages}, {seconds} s: ms from a packet's arrival until it was taken and read"),
        &["arrivals", "p50", "p99", "p99.9", "max", "deadlines missed", "busy %"],
    );
    for (name, spread) in [("spread", true), ("all at once", false)] {
        let (mut waits, busy) = run(&stages, channels, seconds, &audio, spread)?;
        waits.sort_unstable();
        let share = |of: f64| waits.get((of * waits.len() as f64) as usize).or(waits.last()).map_or(0.0, |ns| f64::from(*ns) / 1e6);
        let missed = waits.iter().filter(|ns| u128::from(**ns) > PERIOD.as_nanos()).count();
        let [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1.0].map(|of| format!("{:.3}", share(of)));
        table.row(&[&name, &p50, &p99, &p999, &max, &format!("{missed} of {}", waits.len()), &format!("{:.0}", 100.0 * busy)]);
    }
    print!("{table}");
    Ok(())
}

/// The wait of each packet in ns, and the share of the time in which the thread was at work.
fn run(stages: &str, channels: usize, seconds: usize, audio: &[u8], spread: bool) -> Result<(Vec<u32>, f64), Box<dyn Error>> {
    let mut config = SessionConfig::default();
    if stages == "keyed" {
        config.spoken = None;
    }
    let mut calls = Vec::new();
    let mut legs = Vec::new();
    for call in 0..channels.div_ceil(LEGS) {
        let mut session = Session::new(&config, START_US)?;
        for leg in 0..LEGS.min(channels - call * LEGS) {
            let offset = (call * LEGS + leg) * 7_919 * CHUNK % (audio.len() - CHUNK);
            legs.push(Leg { call, id: session.add(&Formats::g711())?, offset });
        }
        calls.push(session);
    }
    // A call's legs come one behind the other, the calls spread over the period.
    let rounds = seconds * 1_000 / PERIOD.as_millis() as usize;
    let warm = rounds / 5; // caches, and what the analysis learns first
    let mut waits = Vec::with_capacity(rounds * legs.len());
    let (mut packet, mut handed_out, mut busy) = (vec![0x80, 0], 0_usize, Duration::ZERO);
    packet.resize(12 + CHUNK, 0);
    let begin = Instant::now() + PERIOD;
    for round in 0..rounds {
        packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&((round * CHUNK) as u32).to_be_bytes());
        for (i, leg) in legs.iter().enumerate() {
            let at = PERIOD * round as u32 + if spread { PERIOD * i as u32 / legs.len() as u32 } else { Duration::ZERO };
            let due = begin + at;
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let (work, now_us) = (Instant::now(), START_US + (PERIOD * (round as u32 + 1)).as_micros() as u64);
            let from = (leg.offset + round * CHUNK) % (audio.len() - CHUNK);
            packet[12..].copy_from_slice(&audio[from..from + CHUNK]);
            let mut sink = |output: Output<'_>| handed_out += usize::from(matches!(output, Output::Packet(_)));
            let session = &mut calls[leg.call];
            session.receive(leg.id, now_us, &packet, 0, &mut sink)?;
            session.advance(now_us, &mut sink);
            let done = Instant::now();
            if round >= warm {
                waits.push(done.duration_since(due).as_nanos().min(u128::from(u32::MAX)) as u32);
                busy += done - work;
            }
        }
    }
    if handed_out == 0 && seconds > 9 {
        return Err("nothing was handed out: too short a run".into());
    }
    Ok((waits, busy.as_secs_f64() / (PERIOD * (rounds - warm) as u32).as_secs_f64()))
}

const _: () = assert!(RATE_HZ == 8_000);
