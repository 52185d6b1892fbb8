//! The capture thread: packets from the sockets, stamped with the time at which they came, into a ring. It never waits for anything but packets.

use crate::clock::Clock;
use crate::ring::Slot;
use rtrb::Producer;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// How soon a wish to stop is heard while nothing comes.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Packets of one socket before the others have their turn.
const TURN: usize = 64;

/// Captures until `stop` or `end`; `lost` counts packets that found the ring full.
///
/// # Errors
/// Where a socket fails.
pub fn capture(
    sockets: &[UdpSocket],
    clock: &Clock,
    end: Option<Instant>,
    stop: &AtomicBool,
    lost: &AtomicU64,
    mut ring: Producer<Slot>,
) -> io::Result<()> {
    sockets.iter().try_for_each(|socket| socket.set_nonblocking(true))?;
    let mut waited: Vec<PollFd<'_>> = sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
    while !stop.load(Ordering::Relaxed) && end.is_none_or(|end| Instant::now() < end) {
        match poll(&mut waited, Some(&MOMENT)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for (channel, socket) in sockets.iter().enumerate() {
            for _ in 0..TURN {
                match receive(socket, channel, clock, &mut ring) {
                    Ok(true) => {}
                    Ok(false) => _ = lost.fetch_add(1, Ordering::Relaxed),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => break,
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(())
}

/// Receives a packet where it is to lie; false where the ring was full, and it is gone.
fn receive(socket: &UdpSocket, channel: usize, clock: &Clock, ring: &mut Producer<Slot>) -> io::Result<bool> {
    let Ok(mut chunk) = ring.write_chunk(1) else { return socket.recv(&mut [0]).map(|_| false) };
    for slot in chunk.as_mut_slices().0 {
        slot.fill(|bytes| socket.recv(bytes))?;
        (slot.channel, slot.arrived_us) = (channel, clock.now_us());
    }
    chunk.commit_all();
    Ok(true)
}
