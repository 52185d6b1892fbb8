//! `cardhush_session_`: the RTP packets of a call. In go packets as they come, out come the same packets, once nothing in them can be a card digit any more.
//!
//! After each `_receive`, `_advance` or `_finish`, packets are taken with `_next` and events with `_events`. Memory is taken from the heap by `_new` and `_add`, and by nothing else.

use crate::boundary::{self, Poison, close, poison, with, with_spoilt};
use crate::config::{self, cardhush_format, cardhush_session_config};
use crate::event::{CARDHUSH_ALL_CHANNELS, EVENTS_A_CHANNEL, Queue, cardhush_event};
use crate::handle::{self, Object};
use crate::memory::{Block, Division};
use crate::outbox::Outbox;
use crate::pointer;
use crate::status::{
    CARDHUSH_ERR_CHANNEL, CARDHUSH_ERR_FINISHED, CARDHUSH_ERR_LENGTH, CARDHUSH_ERR_PENDING, CARDHUSH_ERR_VALUE, CARDHUSH_NONE, Failure,
    cardhush_status,
};
use crate::versioned;
use cardhush_recorder::{ChannelId, MAX_PACKET, Output, Session, SessionConfig};
use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering};

/// A session. Opaque: a pointer to one is a number, and nothing lies behind it.
pub struct cardhush_session {
    _nothing: [u8; 0],
}

/// A packet that is settled: it may be stored.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cardhush_packet {
    /// The channel, as `cardhush_session_add` named it.
    pub channel: u64,
    /// The whole RTP packet: valid until the next call with this session that is not `_next` or `_events`.
    pub bytes: *const c_void,
    /// Its bytes.
    pub size: usize,
    /// Where its timestamp lies on the channel's timeline, in samples of the channel since `cardhush_session_origin_us`.
    pub position: u64,
    /// When it came, in microseconds since the epoch, as the caller said.
    pub arrived_us: u64,
    /// The mark that the caller gave it.
    pub token: u64,
    /// Not 0 where it holds nothing but keys and the session was set to `CARDHUSH_EVENTS_DROP`: not to be stored.
    pub dropped: u32,
    /// 0.
    pub reserved: [u32; 5],
}

/// A session with what waits for the caller.
struct Call {
    session: Session,
    outbox: Outbox,
    events: Queue<&'static mut [cardhush_event]>,
    /// What the names of its channels have in their upper bits, so that those of another session are none here.
    salt: u64,
    finished: bool,
    poisoned: bool,
    block: Block,
}

/// Bits of a channel's name in its session; above them lies the salt.
const NAME_BITS: u32 = 40;
/// What the next session gets.
static SALT: AtomicU32 = AtomicU32::new(1);

impl Object for Call {
    const SECOND: bool = true;
}

impl Poison for Call {
    fn is_spoilt(&self) -> bool {
        self.poisoned
    }

    fn spoil(&mut self) {
        self.poisoned = true;
    }
}

impl Call {
    /// A session in memory of the heap.
    fn new(config: &SessionConfig, start_us: u64) -> Result<*mut Self, Failure> {
        let session = Session::new(config, start_us)?;
        let mut division = Division::new();
        let (call, events) = (division.piece::<Self>(1)?, division.piece(usize::from(config.channels) * EVENTS_A_CHANNEL)?);
        let block = division.of_heap()?;
        // SAFETY: a piece of this block, taken once, and given up with it.
        let events = Queue::new(unsafe { block.take(&events, Default::default) });
        let salt = u64::from(SALT.fetch_add(1, Ordering::Relaxed)) << NAME_BITS;
        let place = block.place(&call);
        // SAFETY: within the block, aligned, and nobody else's.
        unsafe { place.write(Self { session, outbox: Outbox::default(), events, salt, finished: false, poisoned: false, block }) };
        Ok(place)
    }

    /// Overwrites and frees it.
    ///
    /// # Safety
    /// It came from [`new`](Self::new), and is not used any more.
    unsafe fn free(call: *mut Self) {
        // SAFETY: the caller's promise.
        let block = unsafe { (*call).block };
        // SAFETY: it was written there and is used by nobody else.
        unsafe { std::ptr::drop_in_place(call) };
        // SAFETY: nothing in it is used any more.
        unsafe { block.free() };
    }

    /// The caller's name of a channel.
    fn name(&self, id: ChannelId) -> u64 {
        id.to_bits() | self.salt
    }

    /// The channel of a name; of one that another session gave, it is none.
    fn id(&self, name: u64) -> ChannelId {
        ChannelId::from_bits(name ^ self.salt)
    }

    /// Calls `body` with the session and where its outputs go, if there is room for them.
    fn run<R>(&mut self, body: impl FnOnce(&mut Session, &mut dyn FnMut(Output<'_>)) -> R) -> Result<R, Failure> {
        if self.finished {
            return Err(Failure(CARDHUSH_ERR_FINISHED));
        }
        if !self.outbox.make_room() {
            return Err(Failure(CARDHUSH_ERR_PENDING));
        }
        let (outbox, events, salt) = (&mut self.outbox, &mut self.events, self.salt);
        Ok(body(&mut self.session, &mut |output| match output {
            Output::Packet(packet) => outbox.push(&packet, packet.channel.to_bits() | salt),
            Output::Event(event) => cardhush_event::of_session(event, salt).into_iter().for_each(|event| events.push(event)),
            _ => {}
        }))
    }
}

/// Opens a session for a call that begins at `start_us` microseconds since the epoch. `CARDHUSH_ERR_NULL`, `_ALIGNMENT`, `_STRUCT_SIZE`, `_CHANNELS`, `_WAIT`, `_LOOK_AHEAD`, `_VALUE`, `_MODEL`, `_NO_MEMORY`, `_HANDLES`, `_POISONED` (a defect; nothing was opened). Any thread.
/// Must hold: `config` leads to as many bytes as its `struct_size` says, and `session` to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_new(
    config: *const cardhush_session_config,
    start_us: u64,
    session: *mut *mut cardhush_session,
) -> cardhush_status {
    boundary::alone(|| {
        let out = pointer::checked(session)?;
        // SAFETY: the caller's promise.
        let asked = unsafe { versioned::read(config) }?;
        // SAFETY: the caller's promise.
        let config = unsafe { asked.session() }?;
        let call = Call::new(&config, start_us)?;
        match handle::open(call) {
            Ok(handle) => {
                // SAFETY: checked.
                unsafe { pointer::give(out, std::ptr::without_provenance_mut(handle)) };
                Ok(())
            }
            Err(failure) => {
                // SAFETY: made above, and nobody knows it.
                unsafe { Call::free(call) };
                Err(failure)
            }
        }
    })
}

/// Closes a session and overwrites all that it held; packets that were not taken are lost. NULL is fine. `CARDHUSH_ERR_HANDLE` (also: freed before), `_BUSY`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_free(session: *mut cardhush_session) -> cardhush_status {
    // SAFETY: what a handle of this kind stands for came from `Call::new`, and is nobody's once it is closed.
    close::<Call>(session.addr(), |call| unsafe { Call::free(call) })
}

/// A channel joins the call: `count` payload types at `formats`, or NULL and 0 for those of RFC 3551 (0, 8, 13) with events at 101. Its name goes to `channel`; names are never used twice.
/// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_NULL`, `_ALIGNMENT`, `_FULL`, `_FORMATS`, `_RATE`, `_VALUE`, `_NO_MEMORY`. One thread a session at a time; takes memory from the heap.
/// Must hold: `formats` leads to `count` of them, and `channel` to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_add(
    session: *mut cardhush_session,
    formats: *const cardhush_format,
    count: usize,
    channel: *mut u64,
) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let out = pointer::checked(channel)?;
        // SAFETY: the caller's promise.
        let formats = unsafe { config::formats(formats, count) }?;
        if call.finished {
            return Err(Failure(CARDHUSH_ERR_FINISHED));
        }
        let id = call.session.add(&formats)?;
        // Without room for what comes out of it, it does not join.
        call.outbox.fit(call.session.capacity()).inspect_err(|_| call.session.remove(id))?;
        // SAFETY: checked.
        unsafe { pointer::give(out, call.name(id)) };
        Ok(())
    })
}

/// A channel leaves the call: it takes nothing any more, and what waits of it comes out in its time. `CARDHUSH_ERR_CHANNEL` where there is none of that name; `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_remove(session: *mut cardhush_session, channel: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let id = call.id(channel);
        if !call.session.has(id) {
            return Err(Failure(CARDHUSH_ERR_CHANNEL));
        }
        call.session.remove(id);
        Ok(())
    })
}

/// Takes an RTP packet of `size` bytes that came on a channel at `now_us` microseconds since the epoch; `token` comes out with it. What is not taken will not come out, and must not be stored: it was not examined.
/// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_PENDING`, `_NULL`, `_CHANNEL`, `_PACKET`, `_RTCP`, `_PAYLOAD_TYPE`, `_ENCRYPTED`, `_LENGTH` (over 1,500 bytes), `_FLOODED`. One thread a session at a time; allocates nothing.
/// Must hold: `packet` leads to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_receive(
    session: *mut cardhush_session,
    channel: u64,
    now_us: u64,
    packet: *const c_void,
    size: usize,
    token: u64,
) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let packet = pointer::array(packet.cast::<u8>().cast_mut(), size)?;
        if size > MAX_PACKET {
            return Err(Failure(CARDHUSH_ERR_LENGTH));
        }
        // SAFETY: checked, and the caller's promise.
        let packet = unsafe { std::slice::from_raw_parts(packet, size) };
        let channel = call.id(channel);
        Ok(call.run(|session, mut sink| session.receive(channel, now_us, packet, token, &mut sink))??)
    })
}

/// It is `now_us`: reads what can be read, and gives out what is settled. To be called every 20 ms or so, or after every packet. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_FINISHED`, `_PENDING`. One thread a session at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_advance(session: *mut cardhush_session, now_us: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| call.run(|session, mut sink| session.advance(now_us, &mut sink)))
}

/// The call is over: gives out all that waits. Errors and threads as `cardhush_session_advance`.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_finish(session: *mut cardhush_session) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        call.run(|session, mut sink| session.finish(&mut sink))?;
        call.finished = true;
        Ok(())
    })
}

/// Takes the next packet that came out, those of each channel in the order in which they came; `CARDHUSH_NONE`, and nothing written, where none waits. To be called until it says so after each `_receive`, `_advance`
/// and `_finish`. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a session at a time; allocates nothing.
/// Must hold: `packet` leads to a place for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_next(session: *mut cardhush_session, packet: *mut cardhush_packet) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let out = pointer::checked(packet)?;
        let (ready, bytes) = call.outbox.take().ok_or(Failure(CARDHUSH_NONE))?;
        let packet = cardhush_packet {
            channel: ready.channel,
            bytes: bytes.as_ptr().cast(),
            size: bytes.len(),
            position: ready.position,
            arrived_us: ready.arrived_us,
            token: ready.token,
            dropped: ready.dropped.into(),
            reserved: [0; 5],
        };
        // SAFETY: checked.
        unsafe { pointer::give(out, packet) };
        Ok(())
    })
}

/// Fetches events, as `cardhush_scrubber_events` does.
/// Must hold: `events` leads to `capacity` places and `count` to one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_events(
    session: *mut cardhush_session,
    events: *mut cardhush_event,
    capacity: usize,
    count: *mut usize,
) -> cardhush_status {
    // SAFETY: the caller's promise.
    with_spoilt::<Call>(session.addr(), |call| unsafe { call.events.give(events, capacity, count) })
}

/// Writes to `ms` how long a packet waits at most until it comes out: the look-ahead, and the wait for those that are missing. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`, `_NULL`, `_ALIGNMENT`. One thread a session at a time.
/// Must hold: `ms` leads to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_latency_ms(session: *mut cardhush_session, ms: *mut u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let out = pointer::checked(ms)?;
        // SAFETY: checked.
        unsafe { pointer::give(out, call.session.latency_ms()) };
        Ok(())
    })
}

/// Writes to `us` when position 0 is, in microseconds since the epoch: 2 s before the call's begin. Errors and threads as `cardhush_session_latency_ms`.
/// Must hold: `us` leads to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cardhush_session_origin_us(session: *mut cardhush_session, us: *mut i64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        let out = pointer::checked(us)?;
        // SAFETY: checked.
        unsafe { pointer::give(out, call.session.origin_us()) };
        Ok(())
    })
}

/// From `now_us` on every run of spoken digits is masked: the agent asks for the card. What was said up to `wait_ms` before may go as well. `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_arm(session: *mut cardhush_session, now_us: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        call.session.arm(now_us);
        Ok(())
    })
}

/// From `now_us` on spoken digits are masked as the configuration says. Errors and threads as `cardhush_session_arm`.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_disarm(session: *mut cardhush_session, now_us: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        call.session.disarm(now_us);
        Ok(())
    })
}

/// Masks what was or will be said from `from_us` to `to_us`, microseconds since the epoch, on a channel or on `CARDHUSH_ALL_CHANNELS`; what of it has come out is told as exposed.
/// `CARDHUSH_ERR_CHANNEL` where there is no such channel: all are masked then, so that a wrong name leaves nothing in. `CARDHUSH_ERR_VALUE` where `to_us` is not behind `from_us`; `CARDHUSH_ERR_HANDLE`, `_BUSY`,
/// `_POISONED`, `_FINISHED`, `_PENDING`. One thread a session at a time; allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_mask(session: *mut cardhush_session, channel: u64, from_us: u64, to_us: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        if to_us <= from_us {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let id = call.id(channel);
        let known = channel != CARDHUSH_ALL_CHANNELS && call.session.has(id);
        call.run(|session, mut sink| session.mask(Some(id).filter(|_| known), from_us, to_us, &mut sink))?;
        if known || channel == CARDHUSH_ALL_CHANNELS { Ok(()) } else { Err(Failure(CARDHUSH_ERR_CHANNEL)) }
    })
}

/// A key was pressed on a channel from `from_us` to `to_us`, microseconds since the epoch, as signalling beside the packets tells (SIP INFO, the switch): masked with 40 ms round it whatever is heard, with the cause `event`, and
/// with `linked` on the other channels where they are linked. Errors and threads as those of `cardhush_session_mask`; a channel that there is not, and `CARDHUSH_ALL_CHANNELS`, stand for all of them, masked as `manual`.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_signalled(session: *mut cardhush_session, channel: u64, from_us: u64, to_us: u64) -> cardhush_status {
    with::<Call>(session.addr(), |call| {
        if to_us <= from_us {
            return Err(Failure(CARDHUSH_ERR_VALUE));
        }
        let id = call.id(channel);
        let known = channel != CARDHUSH_ALL_CHANNELS && call.session.has(id);
        call.run(|session, mut sink| match known {
            true => session.signalled(id, from_us, to_us, &mut sink),
            false => session.mask(None, from_us, to_us, &mut sink),
        })?;
        if known || channel == CARDHUSH_ALL_CHANNELS { Ok(()) } else { Err(Failure(CARDHUSH_ERR_CHANNEL)) }
    })
}

/// Spoils the session as a defect of cardhush would, as `cardhush_scrubber_poison` does: what waits in it does not come out.
/// `CARDHUSH_ERR_HANDLE`, `_BUSY`, `_POISONED`. One thread a session at a time.
#[unsafe(no_mangle)]
pub extern "C" fn cardhush_session_poison(session: *mut cardhush_session) -> cardhush_status {
    poison::<Call>(session.addr())
}
