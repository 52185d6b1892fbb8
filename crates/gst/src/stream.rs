//! What flows through the element's pads: calls, one after the other.
//!
//! A call begins with the first buffer and ends with what its audio cannot go on behind: other caps, another segment, another stream, the end. What is held then leaves first. In: buffers and
//! events in their order. Out: [`Output`]s.

use crate::call::{Call, Orders, Output};
use crate::coded::RAW;
use crate::error::Failure;
use crate::message::Totals;
use crate::settings::Settings;
use cardhush_core::SampleCoding;
use gst::{Buffer, CapsRef, ClockTime};

/// What the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    sample: SampleCoding,
    rate_hz: u32,
    channels: u8,
}

/// See the module. `Default` is a stream that has not started.
#[derive(Default)]
pub struct Stream {
    settings: Settings,
    form: Option<Form>,
    segment: Option<gst::Segment>,
    call: Option<Call>,
    /// Number of the next call's first sample.
    number: u64,
    totals: Totals,
    /// Something failed: nothing is passed on any more.
    broken: bool,
}

impl Stream {
    /// A stream that starts with these settings.
    ///
    /// # Errors
    /// Nothing can come of them.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        settings.check()?;
        Ok(Self { settings, ..Self::default() })
    }

    /// Delay of the output, exactly so many samples; before the caps are known, as at 8 kHz.
    #[must_use]
    pub fn latency(&self) -> ClockTime {
        let rate_hz = self.form.map_or(cardhush_core::config::ANALYSIS_RATE_HZ, |form| form.rate_hz);
        let samples = self.settings.config(rate_hz, 1).latency();
        // Upwards, so that what is promised is kept.
        ClockTime::from_nseconds((samples * 1_000_000_000).div_ceil(rate_hz.into()))
    }

    /// A buffer came.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn take(&mut self, buffer: &Buffer, orders: Orders, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| {
            Settings { armed: orders.armed, ..stream.settings }.check()?;
            if stream.call.is_none() {
                let Form { sample, rate_hz, channels } = stream.form.ok_or(Failure::Caps("audio came before them"))?;
                let segment = stream.segment.as_ref().and_then(|segment| segment.downcast_ref::<ClockTime>()).cloned();
                stream.call = Some(Call::new(sample, &stream.settings.config(rate_hz, channels), stream.number, segment)?);
            }
            let bytes = buffer.map_readable().map_err(|_| Failure::Unreadable(buffer.size()))?;
            stream.call.as_mut().ok_or(Failure::Broken)?.take(&bytes, buffer.pts(), buffer.flags(), orders, out)
        })
    }

    /// A GAP event came.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn gap(&mut self, pts: ClockTime, duration: Option<ClockTime>, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        if self.call.is_none() {
            return self.pass(event, out);
        }
        self.guard(|stream| stream.call.as_mut().ok_or(Failure::Broken)?.gap(pts, duration, event, out))
    }

    /// An event came that has its place among the buffers, and changes nothing here.
    ///
    /// # Errors
    /// Nothing after it can be passed on.
    pub fn pass(&mut self, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| {
            let Some(call) = &mut stream.call else {
                out.push(Output::Event(event));
                return Ok(());
            };
            call.hold(event, out)
        })
    }

    /// Caps came.
    ///
    /// # Errors
    /// They are none of ours, or nothing after them can be passed on.
    pub fn caps(&mut self, caps: &CapsRef, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| {
            let form = Some(form_of(caps)?);
            if form != stream.form {
                stream.end_call(out)?;
                stream.form = form;
            }
            Ok(())
        })?;
        self.pass(event, out)
    }

    /// A segment came.
    ///
    /// # Errors
    /// It plays backwards, or nothing after it can be passed on.
    pub fn segment(&mut self, segment: &gst::Segment, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| {
            if segment.rate() < 0.0 {
                return Err(Failure::Backwards(segment.rate()));
            }
            if stream.segment.as_ref() != Some(segment) {
                stream.end_call(out)?;
                stream.segment = Some(segment.clone());
            }
            Ok(())
        })?;
        self.pass(event, out)
    }

    /// The call ends here; `event` says so, and more may follow.
    ///
    /// # Errors
    /// Not everything that came in came out.
    pub fn drain(&mut self, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| stream.end_call(out))?;
        out.push(Output::Event(event));
        Ok(())
    }

    /// The stream ends here.
    ///
    /// # Errors
    /// Not everything that came in came out.
    pub fn end(&mut self, event: gst::Event, out: &mut Vec<Output>) -> Result<(), Failure> {
        self.guard(|stream| {
            stream.end_call(out)?;
            let exposed = stream.totals.exposed();
            if let Some(form) = stream.form.filter(|_| exposed > 0) {
                let s = exposed as f64 / f64::from(form.rate_hz);
                out.push(Output::Warn(format!("{s:.3} s over all channels left before they could be masked: raise look-ahead")));
            }
            out.push(Output::Tell(stream.totals.summary(stream.number)));
            Ok(())
        })?;
        out.push(Output::Event(event));
        Ok(())
    }

    /// Forgets the call, and overwrites what was held of it.
    pub fn flush(&mut self) {
        let Self { settings, form, broken, .. } = *self;
        *self = Self { settings, form, broken, ..Self::default() };
    }

    /// What is held leaves.
    fn end_call(&mut self, out: &mut Vec<Output>) -> Result<(), Failure> {
        if let Some(call) = self.call.take() {
            let (number, totals) = call.finish(out)?;
            self.number = number;
            self.totals.add(totals);
        }
        Ok(())
    }

    /// Once something has failed, nothing is passed on.
    fn guard(&mut self, step: impl FnOnce(&mut Self) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.broken {
            return Err(Failure::Broken);
        }
        // Until the step has come to its end: a panic leaves it set.
        self.broken = true;
        let done = step(self);
        self.broken = done.is_err();
        if done.is_err() {
            self.call = None;
        }
        done
    }
}

/// What caps say of the samples. Its limits are those of the pads' templates; the engine checks them once more.
fn form_of(caps: &CapsRef) -> Result<Form, Failure> {
    let structure = caps.structure(0).ok_or(Failure::Caps("they are empty"))?;
    let sample = match structure.name().as_str() {
        "audio/x-mulaw" => Some(SampleCoding::Ulaw),
        "audio/x-alaw" => Some(SampleCoding::Alaw),
        "audio/x-raw" if structure.get::<&str>("layout").is_ok_and(|layout| layout != "interleaved") => None,
        "audio/x-raw" => {
            let format = structure.get::<&str>("format").map_err(|_| Failure::Caps("no format"))?;
            RAW.into_iter().find(|(name, _)| *name == format).map(|(_, sample)| sample)
        }
        _ => None,
    };
    let number = |name| structure.get::<i32>(name).ok().and_then(|number| u32::try_from(number).ok());
    Ok(Form {
        sample: sample.ok_or(Failure::Caps("neither interleaved raw audio nor G.711"))?,
        rate_hz: number("rate").ok_or(Failure::Caps("no rate"))?,
        channels: number("channels").and_then(|channels| channels.try_into().ok()).ok_or(Failure::Caps("no number of channels"))?,
    })
}
