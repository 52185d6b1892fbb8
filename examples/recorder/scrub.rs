//! The scrubber thread: owns the session. Packets go in as they came; packets that hold no card digit come out, and what was found.

use crate::clock::Clock;
use crate::ring::{Settled, Slot, drain};
use cardhush_recorder::{ChannelId, EventKind, Output, PacketError, Session};
use rtrb::{Consumer, Producer};
use std::mem::discriminant;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(10);

/// Packets that are not stored.
#[derive(Default)]
pub struct Short {
    /// Those that the session did not take.
    pub refused: u64,
    /// Those that found a ring full.
    pub lost: u64,
}

/// Scrubs until `from` has ended, then finishes the call. `lost` is what the capture thread counts.
pub fn scrub(
    mut session: Session,
    channels: &[ChannelId],
    clock: &Clock,
    lost: &AtomicU64,
    mut from: Consumer<Slot>,
    mut to: Producer<Settled>,
) -> Short {
    let mut short = Short::default();
    let mut unstored = 0;
    let mut last_error: Option<PacketError> = None;
    let mut sink = |output: Output<'_>| unstored += u64::from(!hand_on(&mut to, &output));
    loop {
        // Asked first: what came before the end is then in the ring.
        let ended = from.is_abandoned();
        drain(&mut from, |slot| {
            let Some(channel) = channels.get(slot.channel) else { return };
            if let Err(error) = session.receive(*channel, slot.arrived_us, slot.bytes(), 0, &mut sink) {
                short.refused += 1;
                if last_error.is_none_or(|last| discriminant(&last) != discriminant(&error)) {
                    eprintln!("channel {}: a packet is not taken: {error}", slot.channel);
                    last_error = Some(error);
                }
            }
        });
        session.advance(clock.now_us(), &mut sink);
        let so_far = lost.load(Ordering::Relaxed);
        if so_far != short.lost {
            eprintln!("the scrubber is too slow: {so_far} packets lost so far");
            short.lost = so_far;
        }
        if ended {
            break;
        }
        sleep(PAUSE);
    }
    session.finish(&mut sink);
    short.lost += unstored;
    short
}

/// Gives the writer what it may store or tell. While its ring is full the writer is waited for: what comes meanwhile waits in the ring before, where what is too
/// much is counted. False where there is no writer any more.
fn hand_on(ring: &mut Producer<Settled>, output: &Output<'_>) -> bool {
    let settled = match output {
        Output::Packet(one) if one.dropped => return true,
        Output::Packet(one) => Settled::Packet(Slot::new(usize::from(one.channel.slot()), one.arrived_us, one.position, one.bytes)),
        Output::Event(event) => {
            let (what, cause) = match event.kind {
                EventKind::Redacted(cause) => ("redaction", Some(cause.name())),
                EventKind::Exposed(cause) => ("exposed", Some(cause.name())),
                EventKind::Unread => ("unread", None),
                EventKind::Withheld => ("withheld", None),
                // An application that acts on keys asks the digit here, by `reveal`. This one does not.
                EventKind::Keyed(_) => ("key", None),
                _ => return true,
            };
            Settled::Told { channel: usize::from(event.channel.slot()), start: event.span.start, end: event.span.end, what, cause }
        }
        _ => return true,
    };
    while ring.is_full() && !ring.is_abandoned() {
        sleep(Duration::from_millis(1));
    }
    !ring.is_abandoned() && ring.push(settled).is_ok()
}
