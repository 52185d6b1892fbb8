//! What a call looks like after masking: made of the output alone, and only if that is what the ledger says.

use super::png::data_uri;
use super::sound::{bands, envelope};
use crate::batch::path_below;
use crate::call::Call;
use crate::error::Error;
use crate::ledger::CallRecord;
use cardhush_core::Span;
use std::path::Path;

/// Parts of a timeline at most.
const PARTS: u64 = 360;
/// Seconds that are shown more closely, and how much of them before the first masked span.
const CLOSE_S: u64 = 6;
const BEFORE_MS: u64 = 800;
/// dB over full scale of the darkest shade, and between two.
const DARK_DB: f32 = -84.0;
const SHADE_DB: f32 = 5.0;

/// A scrubbed call of the ledger, to be shown.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its line.
    pub call: CallRecord,
    /// What it looks like, or why it is not shown.
    pub shown: Result<Picture, String>,
}

/// What an output looks like.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Samples a second.
    pub rate_hz: u32,
    /// Its length.
    pub frames: u64,
    /// Levels of each channel in equal parts, dB over full scale.
    pub envelope: Vec<Vec<f32>>,
    /// What was replaced, by channel.
    pub masked: Vec<Vec<Span>>,
    /// The channel and the part that are shown more closely.
    pub close: (u8, Span),
    /// Levels of that part over time (left to right) and pitch (upwards), a PNG in a data URI.
    pub levels: String,
}

impl Sample {
    /// Looks at the output of a call under the folder of outputs.
    #[must_use]
    pub fn new(call: &CallRecord, outputs: Option<&Path>) -> Self {
        let shown = outputs.ok_or_else(|| "no folder of outputs was given (--outputs)".to_owned()).and_then(|folder| picture(call, folder));
        Self { call: call.clone(), shown }
    }
}

/// The shade of a level.
pub fn shade(db: f32) -> u8 {
    ((db - DARK_DB) / SHADE_DB).clamp(0.0, 15.0) as u8
}

fn picture(call: &CallRecord, folder: &Path) -> Result<Picture, String> {
    // A ledger is somebody's file: it shall not send us elsewhere.
    let path = path_below(&call.path).ok_or("its path leads out of the folder of outputs")?;
    let told = |error: Error| format!("its output could not be read: {}", super::reason::kind(&call.path, &error.to_string()).1);
    let output = Call::open(&folder.join(path)).map_err(told)?;
    let digest = output.digest().map_err(told)?;
    if call.output.as_ref().and_then(|state| state.sha256) != Some(digest) {
        return Err("the file under the folder of outputs is not the output of the ledger: its SHA-256 differs".into());
    }
    let picture = of(call, &output).map_err(told)?;
    output.unchanged().map_err(told)?;
    Ok(picture)
}

fn of(record: &CallRecord, output: &Call) -> Result<Picture, Error> {
    let (rate_hz, frames) = (output.rate_hz(), output.frames());
    let of_channel = |channel: u32| {
        let spans = record.spans.iter().filter(|span| span.0 == channel);
        spans.map(|span| Span::new(span.1.min(frames), span.2.min(frames))).filter(|span| !span.is_empty()).collect()
    };
    let masked: Vec<Vec<Span>> = (0..output.channels().into()).map(of_channel).collect();
    // Where most was replaced, from a little before the first span on.
    let (channel, spans) = masked
        .iter()
        .enumerate()
        .max_by_key(|(number, spans)| (spans.iter().map(|span| span.len()).sum::<u64>(), usize::MAX - number))
        .unzip();
    let first = spans.and_then(|spans| spans.first()).map_or(0, |span| span.start);
    let length = CLOSE_S * u64::from(rate_hz);
    let start = first.saturating_sub(BEFORE_MS * u64::from(rate_hz) / 1_000).min(frames.saturating_sub(length));
    let (channel, within) = (channel.unwrap_or(0) as u8, Span::new(start, frames.min(start + length)));
    // What a codec changes round a fill was not replaced: there nothing is shown closely.
    let replaced = spans.filter(|_| output.coded().is_none()).map_or(&[][..], Vec::as_slice);
    let levels = bands(output, channel, within, replaced)?;
    let rows: Vec<Vec<u8>> =
        (0..7).rev().map(|band| levels.iter().map(|step| shade(step.get(band).copied().unwrap_or(DARK_DB))).collect()).collect();
    Ok(Picture { rate_hz, frames, envelope: envelope(output, PARTS)?, masked, close: (channel, within), levels: data_uri(&rows) })
}
