//! The report: one JSON object a line, each with `"schema":1` and its `"type"`. See docs/report.md for every field.
//!
//! Says where something was found and what was done about it; never a digit, never audio, and never that a call is clean: every line that
//! judges a call says what was looked for in it.

use crate::call::{Call, Form};
use crate::capture::StagedCapture;
use crate::mask::Mask;
use crate::plan::{Confidence, Masked};
use cardhush_core::{Cause, Redaction, Span, SpokenConfig};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, Write};

/// Version of the lines; raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One line of a report.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Line {
    /// A span of one channel that was replaced, or is to be.
    Redaction {
        /// The call.
        path: String,
        /// Where.
        #[serde(flatten)]
        place: Place,
        /// `keyed`, `event`, `spoken`, `transcript`, `linked`, `echo` or `manual`; of a capture also `unread`.
        cause: &'static str,
        /// How sure it is; left out of streams and captures, whose spans are told before that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence: Option<Confidence>,
    },
    /// One RTP stream of a packet capture: what `channel` stands for in its lines.
    Stream {
        /// The capture.
        path: String,
        /// Its number, from 0.
        channel: u32,
        /// Address and port that it comes from.
        source: String,
        /// Address and port that it goes to.
        destination: String,
        /// Its codings, as SDP names them.
        coding: String,
        /// Samples a second, in Hz.
        rate_hz: u32,
        /// Its call, from 0.
        call: u32,
    },
    /// A span that left a stream before it could be replaced.
    Exposed {
        /// The call; `-` for standard input.
        path: String,
        /// Where.
        #[serde(flatten)]
        place: Place,
        /// Why it should have been replaced, as of a redaction.
        cause: &'static str,
    },
    /// What a file is (`inspect`).
    Inspect {
        /// The file.
        path: String,
        /// What it is.
        #[serde(flatten)]
        form: Form,
        /// Its chunks, in the order of the file.
        chunks: Vec<ChunkLine>,
    },
    /// One call and what became of it.
    File(Box<FileLine>),
    /// The whole run; the last line.
    Summary(Summary),
}

/// Where something is: a span of a channel, in samples and in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Place {
    /// Channel of a call, or stream of a capture, from 0.
    pub channel: u32,
    /// First sample.
    pub start: u64,
    /// The sample after the last.
    pub end: u64,
    /// `start` in seconds, to the microsecond.
    pub start_s: f64,
    /// `end` in seconds, to the microsecond.
    pub end_s: f64,
}

/// A chunk of a file.
#[derive(Clone, Debug, Serialize)]
pub struct ChunkLine {
    /// Its four characters.
    pub id: String,
    /// Byte of the file at which its contents start.
    pub offset: u64,
    /// Bytes of its contents.
    pub bytes: u64,
}

/// One call and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct FileLine {
    /// The call, as it was named.
    pub path: String,
    /// What was written; `null` if nothing was.
    pub output: Option<String>,
    /// What the file is; left out where that could not be read.
    #[serde(flatten)]
    pub form: Option<Form>,
    /// What a packet capture is; left out where the file is none.
    #[serde(flatten)]
    pub capture: Option<CaptureForm>,
    /// Redaction lines of this call.
    pub redactions: usize,
    /// Seconds replaced on each channel.
    pub masked_s: Vec<f64>,
    /// Seconds that left a stream unreplaced, over all channels.
    pub exposed_s: f64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it failed; `null` if it did not.
    pub error: Option<String>,
    /// What was looked for.
    #[serde(flatten)]
    pub examined: Examined,
    /// `cardhush`.
    pub tool: &'static str,
    /// Version of the tool.
    pub version: &'static str,
}

/// What a packet capture is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaptureForm {
    /// `pcap` or `pcapng`.
    pub container: &'static str,
    /// Its packets.
    pub packets: u64,
    /// Its RTP streams.
    pub streams: usize,
    /// Digits in SIP messages that were blanked, or would be.
    pub signalled: u64,
    /// RTP packets quoted in ICMP errors that were blanked, or would be.
    pub quoted: u64,
}

/// What became of a call. There is no `clean`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Outcome {
    /// What was found or asked for was replaced, and the output verified.
    #[serde(rename = "scrubbed")]
    Scrubbed,
    /// Samples that were to be replaced had left the stream before they could be: what was exposed is in the output.
    #[serde(rename = "exposed")]
    Exposed,
    /// Something was found, and nothing was written (`scan`, `verify`, `--dry-run`).
    #[serde(rename = "found")]
    Found,
    /// Nothing was found of what was looked for.
    #[serde(rename = "nothing found")]
    NothingFound,
    /// Not read to its end, or not written, or not as it was reported: see `error`.
    #[serde(rename = "failed")]
    Failed,
}

/// Sums over the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Calls given.
    pub files: u64,
    /// Calls with outcome `scrubbed`.
    pub scrubbed: u64,
    /// Calls with outcome `exposed`.
    pub exposed: u64,
    /// Calls with outcome `found`.
    pub found: u64,
    /// Calls with outcome `nothing found`.
    pub unchanged: u64,
    /// Calls with outcome `failed`.
    pub failed: u64,
    /// Redaction lines.
    pub spans: u64,
    /// Seconds replaced, over all channels.
    pub masked_s: f64,
    /// Seconds that left a stream unreplaced, over all channels.
    pub exposed_s: f64,
    /// What was looked for.
    #[serde(flatten)]
    pub examined: Examined,
}

/// What was looked for in a call. What was not says so, wherever a call is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examined {
    /// Keyed digits: `examined` or `not examined`.
    pub keyed: Cow<'static, str>,
    /// Spoken digits: the same.
    pub spoken: Cow<'static, str>,
    /// Which runs of spoken digits count: the preset's name, or `off`.
    pub policy: Cow<'static, str>,
    /// SHA-256 of the model that listened for spoken digits, in hexadecimal; `null` if none did.
    pub model: Option<String>,
    /// When the call was armed, as it was asked for: `FROM-TO` in seconds, `@` samples or `end`.
    pub armed: Vec<String>,
    /// Whether a transcript of the call was read.
    pub transcript: bool,
}

impl Examined {
    /// What an engine of these settings looks for.
    #[must_use]
    pub fn new(keyed: bool, spoken: Option<&SpokenConfig>, armed: &[Mask]) -> Self {
        let word = |examined| if examined { "examined" } else { "not examined" };
        Self {
            keyed: word(keyed).into(),
            spoken: word(spoken.is_some()).into(),
            policy: spoken.map_or("off", |spoken| spoken.preset.name()).into(),
            model: spoken.map(|spoken| spoken.model.hash().iter().map(|byte| format!("{byte:02x}")).collect()),
            armed: armed.iter().map(|one| format!("{}-{}", one.from, one.to)).collect(),
            transcript: false,
        }
    }
}

impl Line {
    /// Writes it, with its schema and a line feed.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Versioned<'a> {
            schema: u32,
            #[serde(flatten)]
            line: &'a Line,
        }
        serde_json::to_writer(&mut to, &Versioned { schema: SCHEMA, line: self })?;
        to.write_all(b"\n")
    }

    /// The line of one redaction of the call `path` at `rate_hz`.
    #[must_use]
    pub fn redaction(path: &str, rate_hz: u32, one: Redaction, confidence: Option<Confidence>) -> Self {
        Self::Redaction { path: path.into(), place: Place::new(one.channel.into(), one.span, rate_hz), cause: one.cause.name(), confidence }
    }

    /// The lines of a capture: its streams, then what is replaced of them.
    #[must_use]
    pub fn of_capture(path: &str, capture: &StagedCapture) -> Vec<Self> {
        let streams = capture.streams.iter().enumerate().map(|(number, one)| Self::Stream {
            path: path.into(),
            channel: number as u32,
            source: one.source.clone(),
            destination: one.destination.clone(),
            coding: one.coding.clone(),
            rate_hz: one.rate_hz,
            call: one.call as u32,
        });
        let rate_hz = |stream: usize| capture.streams.get(stream).map_or(8_000, |one| one.rate_hz);
        let redactions = capture.replaced.iter().map(|one| {
            let place = Place::new(one.stream as u32, Span::new(one.start, one.end), rate_hz(one.stream));
            Self::Redaction { path: path.into(), place, cause: one.cause, confidence: None }
        });
        streams.chain(redactions).collect()
    }

    /// The line of what a file is.
    #[must_use]
    pub fn inspect(path: &str, call: &Call) -> Self {
        let chunks = call.wav().map_or(&[][..], cardhush_wav::Wav::chunks).iter().map(|chunk| ChunkLine {
            id: chunk.id.to_string(),
            offset: chunk.offset,
            bytes: chunk.len,
        });
        Self::Inspect { path: path.into(), form: call.form(), chunks: chunks.collect() }
    }

    /// The line of one span that left the stream `path` at `rate_hz` unreplaced.
    #[must_use]
    pub fn exposed(path: &str, rate_hz: u32, channel: u8, span: Span, cause: Cause) -> Self {
        Self::Exposed { path: path.into(), place: Place::new(channel.into(), span, rate_hz), cause: cause.name() }
    }
}

impl Place {
    fn new(channel: u32, span: Span, rate_hz: u32) -> Self {
        Self { channel, start: span.start, end: span.end, start_s: seconds(span.start, rate_hz), end_s: seconds(span.end, rate_hz) }
    }
}

impl FileLine {
    /// A call that was read to its end: its form, and how much was found or replaced in it.
    #[must_use]
    pub fn done(path: &str, form: Form, masked: &Masked, outcome: Outcome, examined: &Examined) -> Self {
        let rate_hz = form.rate_hz;
        Self { form: Some(form), ..Self::blank(path, outcome, examined) }.counted(masked, rate_hz)
    }

    /// The same with how much was replaced of a call at `rate_hz`.
    #[must_use]
    pub fn counted(self, masked: &Masked, rate_hz: u32) -> Self {
        let masked_s = masked.samples.iter().map(|samples| seconds(*samples, rate_hz)).collect();
        Self { redactions: masked.spans, masked_s, ..self }
    }

    /// A capture that was read to its end.
    #[must_use]
    pub fn of_capture(path: &str, capture: &StagedCapture, examined: &Examined) -> Self {
        let found = !capture.replaced.is_empty() || capture.signalled > 0 || capture.quoted > 0;
        let outcome = match (found, capture.output()) {
            (false, _) => Outcome::NothingFound,
            (true, Some(_)) => Outcome::Scrubbed,
            (true, None) => Outcome::Found,
        };
        let form = CaptureForm {
            container: capture.container,
            packets: capture.packets,
            streams: capture.streams.len(),
            signalled: capture.signalled,
            quoted: capture.quoted,
        };
        let masked = capture.streams.iter().enumerate().map(|(number, stream)| {
            let samples = capture.replaced.iter().filter(|one| one.stream == number).map(|one| one.end - one.start).sum();
            seconds(samples, stream.rate_hz)
        });
        Self {
            output: capture.output().map(|output| output.display().to_string()),
            capture: Some(form),
            redactions: capture.replaced.len(),
            masked_s: masked.collect(),
            ..Self::blank(path, outcome, examined)
        }
    }

    /// A call that was not.
    #[must_use]
    pub fn failed(path: &str, error: String, examined: &Examined) -> Self {
        Self { error: Some(error), ..Self::blank(path, Outcome::Failed, examined) }
    }

    fn blank(path: &str, outcome: Outcome, examined: &Examined) -> Self {
        Self {
            path: path.into(),
            output: None,
            form: None,
            capture: None,
            redactions: 0,
            masked_s: Vec::new(),
            exposed_s: 0.0,
            outcome,
            error: None,
            examined: examined.clone(),
            tool: "cardhush",
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl Summary {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(examined: &Examined) -> Self {
        Self {
            files: 0,
            scrubbed: 0,
            exposed: 0,
            found: 0,
            unchanged: 0,
            failed: 0,
            spans: 0,
            masked_s: 0.0,
            exposed_s: 0.0,
            examined: examined.clone(),
        }
    }

    /// Counts one call in.
    pub fn count(&mut self, file: &FileLine) {
        self.files += 1;
        *match file.outcome {
            Outcome::Scrubbed => &mut self.scrubbed,
            Outcome::Exposed => &mut self.exposed,
            Outcome::Found => &mut self.found,
            Outcome::NothingFound => &mut self.unchanged,
            Outcome::Failed => &mut self.failed,
        } += 1;
        self.spans += file.redactions as u64;
        self.masked_s = micros(self.masked_s + file.masked_s.iter().sum::<f64>());
        self.exposed_s = micros(self.exposed_s + file.exposed_s);
    }
}

/// `samples` at `rate_hz` in seconds, to the microsecond.
#[must_use]
pub fn seconds(samples: u64, rate_hz: u32) -> f64 {
    micros(samples as f64 / f64::from(rate_hz.max(1)))
}

fn micros(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
