//! Masks given by hand or by a pause/resume log: `CH:FROM-TO`, one a line in a file.
//!
//! `CH` is a channel from 0, as in the report, or `*` for all. `FROM` and `TO` are seconds (`12.5`) or, after an `@`, samples
//! (`@100000`); `TO` may be `end`. The span is half-open, and seconds are widened to whole samples. In files, blank lines and
//! lines that start with `#` are skipped. Source: what recorders log when a payment starts and stops.

use cardhush_core::Span;
use std::fmt;

/// A span that the caller wants masked, before it is known of what rate and length the call is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    /// Channel from 0; `None` for all.
    pub channel: Option<u8>,
    /// First instant.
    pub from: Instant,
    /// The instant after the last.
    pub to: Instant,
}

/// A point in a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instant {
    /// Seconds from the start; finite, not negative.
    Seconds(f64),
    /// Samples from the start.
    Sample(u64),
    /// After the last sample.
    End,
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.channel {
            Some(channel) => write!(f, "{channel}:{}-{}", self.from, self.to),
            None => write!(f, "*:{}-{}", self.from, self.to),
        }
    }
}

/// A mask that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MaskError {
    /// Not of the form `CH:FROM-TO`.
    #[error("mask `{text}`: must be CH:FROM-TO, for example 1:12.5-14.0 (seconds), *:@8000-@16000 (samples) or 0:90-end")]
    Form {
        /// What was given.
        text: String,
    },
    /// Nothing between its ends.
    #[error("mask `{text}`: ends before it starts")]
    Empty {
        /// What was given.
        text: String,
    },
    /// A line of a file that is no mask. What it says is not told: it may hold anything.
    #[error("line {line}: must be CH:FROM-TO with FROM before TO, for example 1:12.5-14.0 (seconds), *:@8000-@16000 (samples) or 0:90-end")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// A channel that the call does not have.
    #[error("mask for channel {channel}: the call has {channels} (0 is the first)")]
    Channel {
        /// What was asked for.
        channel: u8,
        /// What the call has.
        channels: u8,
    },
    /// A start after the call's end.
    #[error("mask from sample {start}: the call ends at {frames}; is it the right file?")]
    Beyond {
        /// Where the mask starts.
        start: u64,
        /// Samples a channel of the call.
        frames: u64,
    },
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds}"),
            Self::Sample(sample) => write!(f, "@{sample}"),
            Self::End => f.write_str("end"),
        }
    }
}

impl std::str::FromStr for Mask {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        let form = || MaskError::Form { text: text.into() };
        let (channel, range) = text.trim().split_once(':').ok_or_else(form)?;
        let (from, to) = range.split_once('-').ok_or_else(form)?;
        let channel = if channel.trim() == "*" { None } else { Some(channel.trim().parse().map_err(|_| form())?) };
        let mask = Self { channel, from: instant(from).ok_or_else(form)?, to: instant(to).ok_or_else(form)? };
        let ordered = match (mask.from, mask.to) {
            (Instant::Seconds(from), Instant::Seconds(to)) => from < to,
            (Instant::Sample(from), Instant::Sample(to)) => from < to,
            (Instant::End, _) => false,
            _ => true, // known once the rate is
        };
        if ordered { Ok(mask) } else { Err(MaskError::Empty { text: text.into() }) }
    }
}

impl Mask {
    /// The masks of a file's text.
    ///
    /// # Errors
    /// [`MaskError::Line`]: the first line that is no mask.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, MaskError> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(at, line)| line.parse().map_err(|_| MaskError::Line { line: at }))
            .collect()
    }

    /// The samples it names in a call of `frames` samples a channel at `rate_hz`; cut at the call's end.
    ///
    /// # Errors
    /// [`MaskError::Beyond`], [`MaskError::Channel`], [`MaskError::Empty`]: a mask that cannot be carried out is never dropped.
    pub fn span(&self, rate_hz: u32, channels: u8, frames: u64) -> Result<Span, MaskError> {
        if let Some(channel) = self.channel.filter(|&channel| channel >= channels) {
            return Err(MaskError::Channel { channel, channels });
        }
        let start = self.from.sample(rate_hz, frames, f64::floor);
        let end = self.to.sample(rate_hz, frames, f64::ceil);
        if start >= frames {
            return Err(MaskError::Beyond { start, frames });
        }
        if end <= start {
            return Err(MaskError::Empty { text: format!("@{start}-@{end}") });
        }
        Ok(Span::new(start, end.min(frames)))
    }
}

impl Instant {
    fn sample(self, rate_hz: u32, frames: u64, round: impl Fn(f64) -> f64) -> u64 {
        match self {
            // Half a millionth of a sample keeps 0.1 s at 8 kHz from becoming 801 samples by the error of the product.
            Self::Seconds(s) => {
                let exact = s * f64::from(rate_hz);
                if (exact - exact.round()).abs() < 5e-7 { exact.round() as u64 } else { round(exact) as u64 }
            }
            Self::Sample(sample) => sample,
            Self::End => frames,
        }
    }
}

fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'.'); // no sign, exponent, inf or nan
    match text.strip_prefix('@') {
        _ if text == "end" => Some(Instant::End),
        Some(sample) if plain(sample) => sample.parse().ok().map(Instant::Sample),
        None if plain(text) => text.parse().ok().map(Instant::Seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Span, MaskError> {
        text.parse::<Mask>()?.span(8_000, 2, 80_000)
    }

    #[test]
    fn seconds_and_samples_name_the_same_span() {
        assert_eq!(span("1:2.5-4"), Ok(Span::new(20_000, 32_000)));
        assert_eq!(span("1:@20000-@32000"), Ok(Span::new(20_000, 32_000)));
        assert_eq!(span("0:0.1-0.3"), Ok(Span::new(800, 2_400)));
        assert_eq!(span("*:9.99999-end"), Ok(Span::new(79_999, 80_000)));
        assert_eq!(span("0:9-700"), Ok(Span::new(72_000, 80_000)));
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused() {
        for text in ["", "1", "1:2", "x:1-2", "1:a-b", "1:-1-2", "1:1e3-2e3", "1:inf-end", "1:@1.5-@3", "256:1-2", "1:@-@2", "1:.-2"] {
            assert!(matches!(span(text), Err(MaskError::Form { .. })), "{text}: {:?}", span(text));
        }
        for text in ["1:2-2", "1:3-2", "1:end-end", "1:1-@8000"] {
            assert!(matches!(span(text), Err(MaskError::Empty { .. })), "{text}: {:?}", span(text));
        }
        assert_eq!(span("2:1-2"), Err(MaskError::Channel { channel: 2, channels: 2 }));
        assert_eq!(span("0:10-11"), Err(MaskError::Beyond { start: 80_000, frames: 80_000 }));
    }

    #[test]
    fn a_log_is_a_mask_a_line() {
        let masks = Mask::parse_lines("# paused for payment\n\n 0:1-2 \n*:@5-end\n").unwrap();
        assert_eq!(masks.len(), 2);
        assert_eq!(masks[1], Mask { channel: None, from: Instant::Sample(5), to: Instant::End });
        assert_eq!(Mask::parse_lines("0:1-2\npaused\n"), Err(MaskError::Line { line: 2 }));
        let error = Mask::parse_lines("card 4111222233334444\n").unwrap_err();
        assert!(!error.to_string().contains("4111"), "{error}");
    }
}
