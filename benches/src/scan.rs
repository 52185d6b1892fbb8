//! A whole call through the engine, as files and as live calls take it; what comes back keeps the work from being optimised away.

use crate::call::RATE_HZ;
use cardhush_core::{Analyzer, ChannelState, Config, ConfigError, Event, Fill, Isa, Linear16, Scrubber, Span, Suppressor};

/// Samples of a block of a file.
const BLOCK: usize = 8_192;

/// What the engine listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stages {
    /// Keyed digits.
    Keyed,
    /// Keyed and spoken ones.
    Both,
}

/// One channel at 8 kHz with the recommended settings of these stages.
fn config(isa: Isa, stages: Stages) -> Config {
    let mut config = Config::new(RATE_HZ, 1);
    config.spoken = config.spoken.filter(|_| stages == Stages::Both);
    config.isa = isa;
    config
}

/// A Scrubber of one channel, with all the look-ahead that the stages ask for.
///
/// # Errors
/// None that this configuration can meet.
pub fn scrubber(isa: Isa, stages: Stages) -> Result<Scrubber<Linear16, [ChannelState; 1], Vec<i16>>, ConfigError> {
    let config = config(isa, stages);
    let storage = vec![0; Scrubber::<Linear16, [ChannelState; 1], Vec<i16>>::storage_len(&config)?];
    Scrubber::new(&config, [ChannelState::new()], storage)
}

/// As a file is scrubbed: the Analyzer over all of it, then the fill on a copy, block by block. Gives the samples that were masked.
///
/// # Errors
/// None that this configuration can meet.
pub fn offline(audio: &[i16], isa: Isa, stages: Stages) -> Result<u64, ConfigError> {
    let mut spans = Vec::new();
    let mut keep = |event: Event| {
        if let Event::Redacted(redaction) = event {
            spans.push(redaction.span);
        }
    };
    let mut analyzer = Analyzer::new(&config(isa, stages), [ChannelState::new()])?;
    for block in audio.chunks(BLOCK) {
        analyzer.push::<Linear16>(block, &mut keep);
    }
    analyzer.finish(&mut keep);
    let mut suppressor = Suppressor::new(Fill::ComfortNoise, RATE_HZ, 0, 1);
    let mut copy = [0; BLOCK];
    for (block, first) in audio.chunks(BLOCK).zip((0u64..).step_by(BLOCK)) {
        let copy = &mut copy[..block.len()];
        copy.copy_from_slice(block);
        suppressor.apply::<Linear16>(copy, 1, first, &spans);
        std::hint::black_box(copy);
    }
    Ok(spans.into_iter().map(Span::len).sum())
}

/// As a live call goes: a copy of each chunk through the Scrubber with all the look-ahead that the stages ask for. Gives the samples that were masked.
///
/// # Errors
/// None that this configuration can meet.
pub fn live(audio: &[i16], chunk: usize, isa: Isa, stages: Stages) -> Result<u64, ConfigError> {
    let mut masked = 0;
    let mut count = |event: Event| {
        if let Event::Redacted(redaction) = event {
            masked += redaction.span.len();
        }
    };
    let mut scrubber = scrubber(isa, stages)?;
    let mut copy = vec![0; chunk];
    for chunk in audio.chunks(chunk) {
        let copy = &mut copy[..chunk.len()];
        copy.copy_from_slice(chunk);
        scrubber.process(copy, &mut count);
        std::hint::black_box(copy);
    }
    Ok(masked)
}
