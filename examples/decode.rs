//! Prints the confirmed digits of raw audio, one a line: `on SAMPLE DIGIT`, where SAMPLE is the moment of the decision.
//!
//! `decode [FILE]` takes 16-bit little-endian samples, 8 kHz, one channel, from a file; without one, or at `-`, from standard input. It shows the
//! confirmed tier alone: the digits that a receiver after Q.24 accepts and a program may act on. What it prints is card data, if such was keyed.

use cardhush_core::{Analyzer, ChannelState, Config, Event, Linear16};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// Samples that are read at a time: any number gives the same lines.
const CHUNK: usize = 4_096;

fn main() -> ExitCode {
    let path = std::env::args_os().nth(1).filter(|path| path != "-");
    let source: io::Result<Box<dyn Read>> = match &path {
        Some(path) => File::open(path).map(|file| Box::new(file) as _),
        None => Ok(Box::new(io::stdin().lock())),
    };
    let done = source.map_err(Into::into).and_then(|mut source| decode(&mut source, &mut BufWriter::new(io::stdout().lock())));
    if let Err(error) = done {
        eprintln!("decode: {}: {error}", path.unwrap_or_else(|| "standard input".into()).display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Reads samples to the end and writes a line for each confirmed digit.
///
/// # Errors
/// Where reading or writing fails, or the audio ends within a sample.
fn decode(source: &mut impl Read, lines: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new(8_000, 1);
    config.spoken = None;
    let mut analyzer = Analyzer::new(&config, [ChannelState::new()])?;
    let mut written = Ok(());
    let mut tell = |event: Event| {
        if let Event::Keyed { digit, decided, .. } = event
            && written.is_ok()
        {
            written = writeln!(lines, "on {decided} {}", digit.reveal());
        }
    };
    let mut bytes = Vec::with_capacity(2 * CHUNK);
    loop {
        bytes.clear();
        source.by_ref().take(2 * CHUNK as u64).read_to_end(&mut bytes)?;
        let (samples, rest) = bytes.as_chunks::<2>();
        let chunk: Vec<i16> = samples.iter().map(|&sample| i16::from_le_bytes(sample)).collect();
        analyzer.push::<Linear16>(&chunk, &mut tell);
        if !rest.is_empty() {
            return Err("the audio ends within a sample: its bytes are odd in number".into());
        }
        if samples.len() < CHUNK {
            break;
        }
    }
    analyzer.finish(&mut tell);
    written?;
    Ok(lines.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardhush_testkit::rng::Rng;
    use cardhush_testkit::signal::to_i16;
    use cardhush_testkit::tone::{Tone, dial};

    /// A source that gives a byte at a time, as a slow pipe may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let count = to.len().min(1);
            self.0.read(&mut to[..count])
        }
    }

    #[test]
    fn prints_what_was_keyed_however_it_comes() {
        let call = dial("4111*0#D", &Tone::default(), 8_000, 300.0, &mut Rng::new(1));
        let raw: Vec<u8> = to_i16(&call.samples).into_iter().flat_map(i16::to_le_bytes).collect();
        let (mut whole, mut drips) = (Vec::new(), Vec::new());
        decode(&mut raw.as_slice(), &mut whole).unwrap();
        decode(&mut Drip(&raw), &mut drips).unwrap();
        assert_eq!(whole, drips);
        let text = String::from_utf8(whole).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
        assert_eq!(lines.iter().map(|line| line[2]).collect::<String>(), "4111*0#D");
        for (line, span) in lines.iter().zip(&call.spans) {
            let decided: usize = line[1].parse().unwrap();
            assert!(line[0] == "on" && span.contains(&decided), "decided at {decided}, keyed in {span:?}");
        }
    }

    #[test]
    fn half_a_sample_is_an_error() {
        assert!(decode(&mut [0u8; 3].as_slice(), &mut Vec::new()).is_err());
    }
}
