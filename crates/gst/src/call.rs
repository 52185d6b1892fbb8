//! One call: bytes and gaps in, buffers out with the timestamps that they came with, and what is told of them.
//!
//! In: the bytes of buffers, cut anywhere. Out: [`Output`]s, in the order in which they are to be posted and pushed; a span is told before the samples after it leave. Samples come out
//! [`latency`](Coded::latency) samples of the timeline later. A buffer that comes out holds audio of one stretch, and lasts 1 s at most.

use crate::coded::{Coded, engine};
use crate::error::Failure;
use crate::held::Held;
use crate::message::{self, Segment, Totals};
use crate::timeline::{Sound, Timeline};
use cardhush_core::{Config, Event, SampleCoding, Span};
use gst::{Buffer, BufferFlags, ClockTime, Structure};
use std::collections::VecDeque;

/// Frames that go through the engine between two looks at what came out.
const BLOCK: usize = 1_024;

/// What the element is to do next.
#[derive(Debug)]
pub enum Output {
    /// Post it as an element message.
    Tell(Structure),
    /// Post it as a warning.
    Warn(String),
    /// Push it.
    Event(gst::Event),
    /// Push it.
    Audio(Buffer),
}

/// What may change while a call goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Every run of spoken digits counts.
    pub armed: bool,
    /// All that comes is masked.
    pub mask: bool,
}

/// See the module. Dropped, it leaves no audio behind.
pub struct Call {
    engine: Box<dyn Coded>,
    timeline: Timeline,
    segment: Option<Segment>,
    rate_hz: u32,
    frame_bytes: usize,
    orders: Orders,
    /// Bytes of a frame that has begun, at the start of the block.
    begun: usize,
    /// Timestamp and flags of the next frame that goes in, where a buffer began with it.
    next: (Option<ClockTime>, BufferFlags),
    block: Held<u8>,
    /// Frames that come out before the call's first.
    lead: u64,
    ready: Option<Ready>,
    /// Events that wait, with their places on the timeline.
    waiting: VecDeque<(u64, gst::Event)>,
    told: Vec<Event>,
    totals: Totals,
}

/// A buffer to be.
struct Ready {
    first: Sound,
    end_pts: Option<ClockTime>,
    bytes: Vec<u8>,
}

impl Call {
    /// A call whose first sample has the number `number`.
    ///
    /// # Errors
    /// The engine does not take calls of this form.
    pub fn new(sample: SampleCoding, config: &Config, number: u64, segment: Option<Segment>) -> Result<Self, Failure> {
        let engine = engine(sample, config)?;
        let frame_bytes = usize::from(sample.bytes()) * usize::from(config.channels);
        Ok(Self {
            lead: engine.latency(),
            engine,
            timeline: Timeline::new(config.rate_hz, number),
            segment,
            rate_hz: config.rate_hz,
            frame_bytes,
            orders: Orders::default(),
            begun: 0,
            next: (None, BufferFlags::empty()),
            block: Held::new(BLOCK * frame_bytes),
            ready: None,
            waiting: VecDeque::new(),
            told: Vec::new(),
            totals: Totals::default(),
        })
    }

    /// A buffer came.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn take(
        &mut self,
        mut bytes: &[u8],
        pts: Option<ClockTime>,
        flags: BufferFlags,
        orders: Orders,
        out: &mut Vec<Output>,
    ) -> Result<(), Failure> {
        self.order(orders);
        let flags = flags & (BufferFlags::DISCONT | BufferFlags::RESYNC);
        let missing = self.timeline.missing(pts, flags.contains(BufferFlags::DISCONT));
        if missing > 0 || !flags.is_empty() {
            self.drop_begun(out);
        }
        if missing > 0 {
            self.pause(missing, out)?;
            self.timeline.resume(pts);
        }
        // What starts inside of a frame has no time of its own: a frame's is that of its first byte.
        if self.begun == 0 {
            self.next = (pts, flags);
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK * self.frame_bytes - self.begun));
            let held = self.begun + now.len();
            // Never shorter than `begun`, nor longer than the block.
            self.block.first(held).get_mut(self.begun..).unwrap_or_default().copy_from_slice(now);
            bytes = later;
            let whole = held - held % self.frame_bytes;
            if whole > 0 {
                let (pts, flags) = std::mem::replace(&mut self.next, (None, BufferFlags::empty()));
                self.timeline.push((whole / self.frame_bytes) as u64, pts, flags);
                let mut rest = [0; 64];
                let begun = held - whole;
                rest.iter_mut().zip(self.block.first(held).get(whole..).unwrap_or_default()).for_each(|(to, from)| *to = *from);
                self.exchange(whole, out)?;
                self.block.first(begun).iter_mut().zip(&mut rest).for_each(|(to, from)| *to = std::mem::take(from));
                std::hint::black_box(&mut rest);
                self.begun = begun;
            } else {
                self.begun = held;
            }
        }
        self.make_ready(out)
    }

    /// A GAP event came: nothing is there for so long.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn gap(&mut self, pts: ClockTime, duration: Option<ClockTime>, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.silent_until(pts, out)?;
        self.hold(event, out)?;
        if let Some(duration) = duration {
            self.silent_until(pts.saturating_add(duration), out)?;
        }
        self.make_ready(out)
    }

    /// An event has its place here.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn hold(&mut self, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.waiting.push_back((self.timeline.taken(), event));
        self.let_events_go(out)
    }

    /// The call is over: gives what is held. Returns the number of the sample that would come next, and what was told.
    ///
    /// # Errors
    /// Not everything that came in came out.
    pub(crate) fn finish(mut self, out: &mut Vec<Output>) -> Result<(u64, Totals), Failure> {
        self.drop_begun(out);
        let mut left = self.engine.latency();
        while left > 0 {
            let frames = left.min(BLOCK as u64);
            let len = frames as usize * self.frame_bytes;
            self.engine.finish(self.block.first(len), &mut self.told);
            self.tell(out);
            self.leave(len, out)?;
            left -= frames;
        }
        self.make_ready(out)?;
        let (taken, given) = (self.timeline.taken(), self.timeline.given());
        if taken != given || !self.waiting.is_empty() {
            return Err(Failure::Lost { taken, given });
        }
        Ok((self.timeline.number(), self.totals))
    }

    fn order(&mut self, orders: Orders) {
        if orders.armed != self.orders.armed {
            self.engine.arm(orders.armed);
        }
        self.orders = orders;
    }

    /// A frame whose rest does not come cannot be examined.
    fn drop_begun(&mut self, out: &mut Vec<Output>) {
        if self.begun > 0 {
            self.block.first(self.begun).fill(0);
            out.push(Output::Warn(format!("{} bytes are no whole frame of {}: left out", self.begun, self.frame_bytes)));
            self.begun = 0;
        }
    }

    fn silent_until(&mut self, pts: ClockTime, out: &mut Vec<Output>) -> Result<(), Failure> {
        let missing = self.timeline.missing(Some(pts), true);
        if missing > 0 {
            self.drop_begun(out);
            self.pause(missing, out)?;
            self.timeline.resume(Some(pts));
        }
        Ok(())
    }

    /// The analysis hears silence.
    fn pause(&mut self, mut frames: u64, out: &mut Vec<Output>) -> Result<(), Failure> {
        while frames > 0 {
            let now = frames.min(BLOCK as u64);
            let len = now as usize * self.frame_bytes;
            self.engine.silence(self.block.first(len));
            self.timeline.pause(now);
            self.exchange(len, out)?;
            frames -= now;
        }
        Ok(())
    }

    /// Sends so many bytes of the block, the newest of the timeline, through the engine, and what comes out on its way.
    fn exchange(&mut self, len: usize, out: &mut Vec<Output>) -> Result<(), Failure> {
        if self.orders.mask {
            let taken = self.timeline.taken();
            self.engine.mask(Span::new(taken - (len / self.frame_bytes) as u64, taken), &mut self.told);
        }
        self.engine.process(self.block.first(len), &mut self.told);
        self.tell(out);
        self.leave(len, out)
    }

    fn tell(&mut self, out: &mut Vec<Output>) {
        let segment = self.segment.as_ref();
        for event in self.told.drain(..) {
            let structure = match event {
                Event::Redacted(one) => {
                    self.timeline.place(one.span).map(|place| self.totals.redaction(one.channel, place, one.cause, segment))
                }
                Event::Exposed { channel, span, cause } => {
                    self.timeline.place(span).map(|place| self.totals.exposure(channel, place, cause, segment))
                }
                Event::Keyed { channel, decided, .. } => {
                    let last = decided.min(self.timeline.taken()).saturating_sub(1);
                    self.timeline.place(Span::new(last, last + 1)).map(|place| message::key(channel, place, segment))
                }
                _ => None,
            };
            out.extend(structure.map(Output::Tell));
        }
    }

    /// Takes what came out, the first `len` bytes of the block, to where it belongs.
    fn leave(&mut self, len: usize, out: &mut Vec<Output>) -> Result<(), Failure> {
        let early = self.lead.min((len / self.frame_bytes) as u64);
        self.lead -= early;
        let mut from = early as usize * self.frame_bytes;
        while from < len {
            self.let_events_go(out)?;
            let given = self.timeline.given();
            let room = u64::from(self.rate_hz) - self.ready.as_ref().map_or(0, |ready| (ready.bytes.len() / self.frame_bytes) as u64);
            let event = self.waiting.front().map_or(u64::MAX, |(at, _)| *at);
            let until = (given + room.min(((len - from) / self.frame_bytes) as u64)).min(event);
            let Some(piece) = self.timeline.leave(until) else {
                return Err(Failure::Lost { taken: self.timeline.taken(), given: given + ((len - from) / self.frame_bytes) as u64 });
            };
            let to = from + piece.frames as usize * self.frame_bytes;
            if piece.sound.is_none_or(|sound| sound.begins.is_some()) {
                self.make_ready(out)?;
            }
            if let Some(sound) = piece.sound {
                let bytes = self.block.first(to).get(from..).unwrap_or_default();
                let ready = self.ready.get_or_insert_with(|| Ready { first: sound, end_pts: None, bytes: Vec::new() });
                ready.bytes.extend_from_slice(bytes);
                ready.end_pts = sound.end_pts;
                if ready.bytes.len() / self.frame_bytes >= self.rate_hz as usize {
                    self.make_ready(out)?;
                }
            }
            from = to;
        }
        self.let_events_go(out)
    }

    fn let_events_go(&mut self, out: &mut Vec<Output>) -> Result<(), Failure> {
        while self.waiting.front().is_some_and(|(at, _)| *at <= self.timeline.given()) {
            self.make_ready(out)?;
            out.extend(self.waiting.pop_front().map(|(_, event)| Output::Event(event)));
        }
        Ok(())
    }

    /// The buffer that was being put together is whole.
    fn make_ready(&mut self, out: &mut Vec<Output>) -> Result<(), Failure> {
        let Some(Ready { first, end_pts, bytes }) = self.ready.take() else { return Ok(()) };
        let (len, frames) = (bytes.len(), (bytes.len() / self.frame_bytes) as u64);
        let mut buffer = Buffer::from_mut_slice(bytes);
        let head = buffer.get_mut().ok_or(Failure::Unwritable(len))?;
        head.set_pts(first.pts);
        head.set_duration(first.pts.zip(end_pts).map(|(pts, end)| end.saturating_sub(pts)));
        head.set_offset(first.number);
        head.set_offset_end(first.number + frames);
        head.set_flags(first.begins.unwrap_or(BufferFlags::empty()));
        out.push(Output::Audio(buffer));
        Ok(())
    }
}
