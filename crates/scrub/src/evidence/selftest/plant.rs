//! What is planted: keys that are computed, and digits that the shipped call's customer says, in the order of test numbers that payment companies publish; in a recording's quietest stretch.

use super::super::sound;
use crate::call::Call;
use crate::error::{Error, doing};
use crate::held::Held;
use cardhush_core::{Coding, Span, Ulaw};
use cardhush_wav::{SampleCoding, Wav, with_coding};
use serde::Deserialize;
use std::fs::File;
use std::io::{Cursor, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;

/// Published test numbers, which belong to nobody. One for each level of keys, which together have all ten, and one that is said.
const KEYED: [&[u8]; 3] = [b"378282246310005", b"6011000990139424", b"5555555555554444"];
const SAID: &[u8] = b"6011000990139424";
/// What the customer of the shipped call says: two test numbers, as its README tells.
const SHIPPED: &[u8] = b"3782822463100059046";

/// Tones of a row and a column (ITU-T Q.23), in Hz.
const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f64; 3] = [1_209.0, 1_336.0, 1_477.0];
/// How long a key sounds, and the pause behind it.
const ON_MS: u64 = 80;
const OFF_MS: u64 = 80;
/// The pauses of someone who reads aloud: behind each digit, and behind each fourth.
const BREATH_MS: u64 = 60;
const GROUP_MS: u64 = 350;
/// dBm0 of a full-scale sine in mu-law (G.711); A-law has 0.03 dB less.
const FULL_SCALE_DBM0: f64 = 3.17;

/// Digits that somebody says, at 8 kHz.
pub struct Voice {
    digits: Vec<Vec<f32>>,
}

/// What is to be planted, or was.
pub struct Planted {
    /// Samples to be added to a channel.
    pub samples: Held<f32>,
    /// Where each digit is among them, and of keys its two tones in Hz and their amplitude.
    pub digits: Vec<(Span, Option<[f64; 3]>)>,
}

/// What was planted, and where.
pub struct Placed {
    pub planted: Planted,
    pub channel: u8,
    /// The sample of the call that the first one is added to.
    pub start: u64,
}

/// What the list of a call's digits says.
#[derive(Deserialize)]
struct Truth {
    channel: usize,
    digits: Vec<TruthDigit>,
}

#[derive(Deserialize)]
struct TruthDigit {
    kind: String,
    start: usize,
    end: usize,
}

impl Voice {
    /// The digits that are read aloud in the call that ships with the source (`examples/data`), from its bytes and its list; `None` where they are not that call's.
    #[must_use]
    pub fn of_shipped_call(wav: &[u8], list: &str) -> Option<Self> {
        let mut file = Cursor::new(wav);
        let parsed = Wav::parse(&mut file).ok()?;
        let truth: Truth = serde_json::from_str(list).ok()?;
        let channels = usize::from(parsed.format().channels);
        if (parsed.format().coding, parsed.format().rate_hz) != (SampleCoding::Ulaw, 8_000) || truth.channel >= channels {
            return None;
        }
        let mut bytes = vec![0; (parsed.data().end - parsed.data().start) as usize];
        file.seek(SeekFrom::Start(parsed.data().start)).and_then(|_| file.read_exact(&mut bytes)).ok()?;
        let samples: Vec<f32> = bytes.iter().skip(truth.channel).step_by(channels).map(|unit| Ulaw::decode(*unit)).collect();
        let said: Vec<_> = truth.digits.iter().filter(|digit| digit.kind == "spoken").collect();
        let clip = |digit: u8| {
            let at = SHIPPED.iter().position(|said| *said == digit)?;
            let place = said.get(at)?;
            samples.get(place.start..place.end).map(<[f32]>::to_vec)
        };
        let digits = (b'0'..=b'9').map(clip).collect::<Option<Vec<_>>>()?;
        (said.len() == SHIPPED.len()).then_some(Self { digits })
    }
}

/// A card that is keyed.
pub fn keyed(rate_hz: u32, level_dbm0: i8) -> Planted {
    let ms = |ms: u64| u64::from(rate_hz) * ms / 1_000;
    let amplitude = 10_f64.powf((f64::from(level_dbm0) - FULL_SCALE_DBM0) / 20.0);
    let number = match level_dbm0 {
        -15.. => KEYED[0],
        -25..-15 => KEYED[1],
        _ => KEYED[2],
    };
    let mut planted = Planted { samples: Held::default(), digits: Vec::new() };
    planted.samples.empty_for(number.len() * ms(ON_MS + OFF_MS) as usize);
    for key in number {
        let place = if *key == b'0' { 10 } else { usize::from(key.saturating_sub(b'1')) };
        let (low, high) = (ROWS_HZ[place / 3 % 4], COLUMNS_HZ[place % 3]);
        let start = planted.samples.len() as u64;
        let turn = |hz: f64, at: u64| (std::f64::consts::TAU * hz * at as f64 / f64::from(rate_hz)).sin();
        planted.samples.extend((0..ms(ON_MS)).map(|at| (amplitude * (turn(low, at) + turn(high, at))) as f32));
        planted.digits.push((Span::new(start, planted.samples.len() as u64), Some([low, high, amplitude])));
        planted.rest(ms(OFF_MS));
    }
    planted
}

/// A card that is read aloud, in groups of four.
pub fn spoken(rate_hz: u32, voice: &Voice) -> Planted {
    let ms = |ms: u64| u64::from(rate_hz) * ms / 1_000;
    let mut planted = Planted { samples: Held::default(), digits: Vec::new() };
    let longest = voice.digits.iter().map(Vec::len).max().unwrap_or(0) as u64 * u64::from(rate_hz) / 8_000 + 1;
    planted.samples.empty_for(SAID.len() * (longest + ms(BREATH_MS + GROUP_MS)) as usize);
    for (at, digit) in SAID.iter().enumerate() {
        let Some(clip) = voice.digits.get(usize::from(digit.saturating_sub(b'0'))) else { continue };
        let start = planted.samples.len() as u64;
        planted.samples.extend(at_rate(clip, rate_hz));
        planted.digits.push((Span::new(start, planted.samples.len() as u64), None));
        planted.rest(ms(if at % 4 == 3 { GROUP_MS } else { BREATH_MS }));
    }
    planted
}

/// 8 kHz at a higher rate, along straight lines: what that adds above 4 kHz is faint and disturbs nobody.
fn at_rate(clip: &[f32], rate_hz: u32) -> impl Iterator<Item = f32> {
    let step = 8_000.0 / f64::from(rate_hz);
    (0..(clip.len() as f64 / step) as usize).map(move |at| {
        let (place, part) = ((at as f64 * step) as usize, (at as f64 * step).fract() as f32);
        let sample = |at: usize| clip.get(at).copied().unwrap_or(0.0);
        sample(place) * (1.0 - part) + sample(place + 1) * part
    })
}

impl Planted {
    fn rest(&mut self, samples: u64) {
        let len = self.samples.len() + samples as usize;
        self.samples.resize(len, 0.0);
    }

    /// Seconds that a recording must have: as long, with half a second on each side.
    pub fn needs_s(&self, rate_hz: u32) -> f64 {
        self.samples.len() as f64 / f64::from(rate_hz) + 1.0
    }

    /// Finds the quietest stretch of the last channel; `None` in a call that is too short.
    pub fn place(self, call: &Call) -> Result<Option<Placed>, Error> {
        let margin = u64::from(call.rate_hz()) / 2;
        let (length, frames) = (self.samples.len() as u64, call.frames());
        if frames < length + 2 * margin {
            return Ok(None);
        }
        let channel = call.channels().saturating_sub(1);
        let levels = sound::envelope(call, u64::MAX)?;
        let parts = levels.first().map_or(0, Vec::len).max(1);
        let part = frames.div_ceil(parts as u64).max(1);
        // All channels: their talk is heard on this one as an echo.
        let power = |at: usize| levels.iter().filter_map(|levels| levels.get(at)).map(|db| 10_f64.powf(f64::from(*db) / 10.0)).sum::<f64>();
        let needed = length.div_ceil(part) as usize + 1;
        let start = |at: usize| (at as u64 * part).clamp(margin, frames - margin - length);
        let loud = |at: &usize| (*at..*at + needed).map(power).sum::<f64>();
        let at = (0..parts.saturating_sub(needed).max(1)).min_by(|one, other| loud(one).total_cmp(&loud(other))).unwrap_or(0);
        Ok(Some(Placed { planted: self, channel, start: start(at) }))
    }
}

impl Placed {
    /// A span of what was planted, in the call's time.
    pub const fn span(&self, span: Span) -> Span {
        Span::new(self.start + span.start, self.start + span.end)
    }
}

/// Adds what is planted to the samples of a copy, which stand one by one from `data` on.
pub fn write(call: &Call, data: &Range<u64>, copy: &Path, placed: &Placed) -> Result<(), Error> {
    let format = call.format();
    let (frame, each) = (u64::from(format.frame_bytes()), usize::from(format.coding.bytes()));
    let channel = u64::from(placed.channel) * each as u64;
    let within = placed.span(Span::new(0, placed.planted.samples.len() as u64));
    let before = sound::samples(call, placed.channel, within)?;
    let mut file = File::options().write(true).open(copy).map_err(doing("write", copy))?;
    let sum = |index: u64| {
        let at = (index - within.start) as usize;
        before.get(at).copied().unwrap_or(0.0) + placed.planted.samples.get(at).copied().unwrap_or(0.0)
    };
    // As it was where nothing is added: not every coding gives a sample back as it was written.
    for (digit, _) in &placed.planted.digits {
        let span = placed.span(*digit);
        for index in span.start..span.end {
            let mut bytes = [0; 8];
            with_coding!(call.format().coding, C => C::to_le_bytes(C::encode(sum(index)), &mut bytes));
            let place = data.start + index * frame + channel;
            let sample = bytes.get(..each).unwrap_or_default();
            file.seek(SeekFrom::Start(place)).and_then(|_| file.write_all(sample)).map_err(doing("write", copy))?;
        }
    }
    Ok(())
}
