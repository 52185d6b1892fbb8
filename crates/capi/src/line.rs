//! The scrubber of one stream, of whichever coding, and its events: all in one block of memory.

use crate::boundary::Poison;
use crate::config::cardhush_config;
use crate::event::{EVENTS_A_CHANNEL, Queue, cardhush_event};
use crate::handle::Object;
use crate::memory::{Block, Division, Piece};
use crate::pointer;
use crate::scrubber::CARDHUSH_MAX_FRAMES;
use crate::status::{CARDHUSH_ERR_ALIGNMENT, CARDHUSH_ERR_FINISHED, CARDHUSH_ERR_LENGTH, Failure};
use cardhush_core::{ChannelState, Coding, Config, Scrubber, Span, with_coding};

type Over<C> = Scrubber<C, &'static mut [ChannelState], &'static mut [<C as Coding>::Unit]>;
type Events = Queue<&'static mut [cardhush_event]>;

/// What a scrubber does, whatever its coding.
trait Scrub: Send {
    /// # Safety
    /// `samples` is aligned for a unit, and leads to `units` of them that nobody else uses.
    unsafe fn run(&mut self, samples: *mut u8, units: usize, finish: bool, events: &mut Events);
    fn latency(&self) -> u64;
    fn mask(&mut self, channel: Option<u8>, span: Span, events: &mut Events);
    fn signalled(&mut self, channel: u8, span: Span, events: &mut Events);
    fn arm(&mut self, armed: bool);
    fn reset(&mut self);
}

impl<C: Coding> Scrub for Over<C> {
    unsafe fn run(&mut self, samples: *mut u8, units: usize, finish: bool, events: &mut Events) {
        // SAFETY: the caller's promise; any bits are a unit of each coding.
        let pcm = unsafe { std::slice::from_raw_parts_mut(samples.cast::<C::Unit>(), units) };
        if finish { self.finish(pcm, &mut |event| events.take_in(event)) } else { self.process(pcm, &mut |event| events.take_in(event)) }
    }

    fn latency(&self) -> u64 {
        self.latency()
    }

    fn mask(&mut self, channel: Option<u8>, span: Span, events: &mut Events) {
        self.mask(channel, span, &mut |event| events.take_in(event));
    }

    fn signalled(&mut self, channel: u8, span: Span, events: &mut Events) {
        self.signalled(channel, span, &mut |event| events.take_in(event));
    }

    fn arm(&mut self, armed: bool) {
        if armed { self.arm() } else { self.disarm() }
    }

    fn reset(&mut self) {
        self.reset();
    }
}

/// How the samples of a stream are written.
#[derive(Clone, Copy)]
struct Form {
    channels: usize,
    unit_bytes: usize,
    unit_align: usize,
    /// The byte that silence consists of, in every coding.
    silence: u8,
}

/// See the module.
pub(crate) struct Line {
    scrubber: &'static mut dyn Scrub,
    pub events: Events,
    form: Form,
    /// Samples that came in.
    taken: u64,
    finished: bool,
    poisoned: bool,
    block: Block,
}

impl Object for Line {
    const SECOND: bool = false;
}

impl Poison for Line {
    fn is_spoilt(&self) -> bool {
        self.poisoned
    }

    fn spoil(&mut self) {
        self.poisoned = true;
        // What was being replaced has come out in part, and its event will never come.
        self.events.lose(self.form.channels, self.taken);
    }
}

/// Where the parts of a line lie.
struct Plan<C: Coding> {
    division: Division,
    line: Piece<Line>,
    scrubber: Piece<Over<C>>,
    states: Piece<ChannelState>,
    delay: Piece<C::Unit>,
    events: Piece<cardhush_event>,
}

impl<C: Coding> Plan<C> {
    fn new(config: &Config) -> Result<Self, Failure> {
        let (channels, mut division) = (usize::from(config.channels), Division::new());
        Ok(Self {
            line: division.piece(1)?,
            scrubber: division.piece(1)?,
            states: division.piece(channels)?,
            delay: division.piece(Over::<C>::storage_len(config)?)?,
            events: division.piece(channels * EVENTS_A_CHANNEL)?,
            division,
        })
    }

    /// Builds a line in a block.
    ///
    /// # Safety
    /// The block is divided by this plan, and used for nothing else.
    unsafe fn build(&self, config: &Config, block: Block) -> Result<*mut Line, Failure> {
        // SAFETY: pieces of this block, each taken once, and given up together.
        let (states, delay, events) = unsafe {
            (
                block.take(&self.states, ChannelState::new),
                block.take(&self.delay, || C::SILENCE),
                block.take(&self.events, Default::default),
            )
        };
        let scrubber = match Over::<C>::new(config, states, delay) {
            Ok(scrubber) => scrubber,
            Err(error) => {
                // SAFETY: nothing of it is used any more.
                unsafe { block.free() };
                return Err(error.into());
            }
        };
        let place = block.place(&self.scrubber);
        // SAFETY: within the block, aligned, and nobody else's.
        unsafe { place.write(scrubber) };
        // SAFETY: as above; it lives until the line is freed.
        let scrubber: &'static mut Over<C> = unsafe { &mut *place };
        let form = Form {
            channels: usize::from(config.channels),
            unit_bytes: size_of::<C::Unit>(),
            unit_align: align_of::<C::Unit>(),
            silence: silence::<C>(),
        };
        let events = Queue::new(events);
        let line = block.place(&self.line);
        // SAFETY: within the block, aligned, and nobody else's.
        unsafe { line.write(Line { scrubber, events, form, taken: 0, finished: false, poisoned: false, block }) };
        Ok(line)
    }
}

/// The byte that silence consists of: the only one of G.711 and 8 bits, and 0 in what is longer.
fn silence<C: Coding>() -> u8 {
    let mut bytes = [0; 8];
    C::to_le_bytes(C::SILENCE, &mut bytes);
    bytes[0]
}

impl Line {
    /// Bytes that a line of such a form takes.
    pub fn size(config: &Config, asked: &cardhush_config) -> Result<usize, Failure> {
        with_coding!(asked.sample_coding()?, C => Ok(Plan::<C>::new(config)?.division.size()))
    }

    /// A line in memory of the heap.
    pub fn new(config: &Config, asked: &cardhush_config) -> Result<*mut Self, Failure> {
        with_coding!(asked.sample_coding()?, C => {
            let plan = Plan::<C>::new(config)?;
            let block = plan.division.of_heap()?;
            // SAFETY: divided by this plan, and new.
            unsafe { plan.build(config, block) }
        })
    }

    /// A line in the caller's memory.
    ///
    /// # Safety
    /// `memory` leads to `size` bytes that nobody else uses until the line is freed.
    pub unsafe fn within(config: &Config, asked: &cardhush_config, memory: *mut u8, size: usize) -> Result<*mut Self, Failure> {
        with_coding!(asked.sample_coding()?, C => {
            let plan = Plan::<C>::new(config)?;
            // SAFETY: the caller's promise.
            let block = unsafe { plan.division.of_caller(memory, size) }?;
            // SAFETY: divided by this plan, and used by nobody else.
            unsafe { plan.build(config, block) }
        })
    }

    /// Overwrites and frees a line.
    ///
    /// # Safety
    /// `line` came from [`new`](Self::new) or [`within`](Self::within), and is not used any more.
    pub unsafe fn free(line: *mut Self) {
        // SAFETY: the caller's promise.
        let block = unsafe { (*line).block };
        // SAFETY: the scrubber was written there and is used by nobody else; it overwrites what it was lent.
        unsafe { std::ptr::drop_in_place((*line).scrubber) };
        // SAFETY: what is left in it has nothing to be dropped.
        unsafe { block.free() };
    }

    /// Scrubs `frames` frames in place; with `finish`, fills them with what is left of the call. Whatever goes wrong while the memory is known to be there, silence is what is left in it.
    ///
    /// # Safety
    /// `samples` leads to as many frames of the caller's.
    pub unsafe fn run(&mut self, samples: *mut u8, frames: usize, finish: bool) -> Result<(), Failure> {
        let Form { channels, unit_bytes, unit_align, silence } = self.form;
        if frames > CARDHUSH_MAX_FRAMES {
            return Err(Failure(CARDHUSH_ERR_LENGTH));
        }
        let samples = pointer::array(samples, frames * channels * unit_bytes)?;
        let result = if frames > 0 && samples.align_offset(unit_align) != 0 {
            Err(Failure(CARDHUSH_ERR_ALIGNMENT))
        } else if self.finished && !finish {
            Err(Failure(CARDHUSH_ERR_FINISHED))
        } else {
            crate::boundary::guarded(self, |line| {
                line.finished |= finish;
                line.taken += if finish { 0 } else { frames as u64 };
                let samples = if frames == 0 { std::ptr::without_provenance_mut(unit_align) } else { samples };
                // SAFETY: looked at above, and the caller's promise.
                unsafe { line.scrubber.run(samples, frames * channels, finish, &mut line.events) };
                Ok(())
            })
        };
        if result.is_err() {
            // SAFETY: the caller's promise.
            unsafe { samples.write_bytes(silence, frames * channels * unit_bytes) };
        }
        result
    }

    /// Delay in samples.
    pub fn latency(&self) -> u64 {
        self.scrubber.latency()
    }

    /// Masks a span of one channel, or of all; not once the call is over, for then all fates are settled.
    pub fn mask(&mut self, channel: Option<u8>, span: Span) -> Result<(), Failure> {
        self.goes_on()?;
        self.scrubber.mask(channel, span, &mut self.events);
        Ok(())
    }

    /// A key was pressed in a span of one channel, or of an unknown one.
    pub fn signalled(&mut self, channel: Option<u8>, span: Span) -> Result<(), Failure> {
        self.goes_on()?;
        // One that the call lacks stands for all.
        self.scrubber.signalled(channel.unwrap_or(u8::MAX), span, &mut self.events);
        Ok(())
    }

    /// The channel of this number, if there is one.
    pub fn channel(&self, number: u64) -> Option<u8> {
        u8::try_from(number).ok().filter(|channel| usize::from(*channel) < self.form.channels)
    }

    fn goes_on(&self) -> Result<(), Failure> {
        if self.finished { Err(Failure(CARDHUSH_ERR_FINISHED)) } else { Ok(()) }
    }

    /// Arms or disarms the call.
    pub fn arm(&mut self, armed: bool) {
        self.scrubber.arm(armed);
    }

    /// Forgets the call.
    pub fn reset(&mut self) {
        self.scrubber.reset();
        self.events.clear();
        (self.taken, self.finished) = (0, false);
    }
}
