//! The shipped call is what its README says: every key is masked on the customer's channel and, 12 ms later, on the agent's; what is read aloud is
//! left as it is, since nothing examines it yet.

use cardhush_core::{Analyzer, ChannelState, Config, Event, Span, Ulaw};
use cardhush_wav::Wav;
use serde_json::Value;
use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

/// The masked spans of both channels in the shipped call, as one look finds them.
fn masked(file: &mut File) -> Result<[Vec<Span>; 2], Box<dyn Error>> {
    let wav = Wav::parse(file)?;
    assert_eq!((wav.format().rate_hz, wav.format().channels), (8_000, 2));
    let mut bytes = vec![0; (wav.data().end - wav.data().start) as usize];
    file.seek(SeekFrom::Start(wav.data().start))?;
    file.read_exact(&mut bytes)?;
    let mut spans = [Vec::new(), Vec::new()];
    let mut keep = |event: Event| {
        if let Event::Redacted(redaction) = event {
            spans[usize::from(redaction.channel)].push(redaction.span);
        }
    };
    let mut analyzer = Analyzer::new(&Config::new(8_000, 2), vec![ChannelState::new(); 2])?;
    analyzer.push::<Ulaw>(&bytes, &mut keep);
    analyzer.finish(&mut keep);
    Ok(spans)
}

#[test]
fn keys_go_and_speech_stays() {
    let truth: Value = serde_json::from_reader(File::open(format!("{DATA}/call.json")).unwrap()).unwrap();
    let [agent, customer] = masked(&mut File::open(format!("{DATA}/call.wav")).unwrap()).unwrap();
    let delay = truth["echo_delay"].as_u64().unwrap();
    let (mut keyed, mut spoken) = (0, 0);
    for digit in truth["digits"].as_array().unwrap() {
        let span = Span::new(digit["start"].as_u64().unwrap(), digit["end"].as_u64().unwrap());
        if digit["kind"] == "keyed" {
            let echo = Span::new(span.start + delay, span.end + delay);
            let covers = |spans: &[Span], what: Span| spans.iter().any(|s| s.start <= what.start && what.end <= s.end);
            assert!(covers(&customer, span), "a key at {span:?} is not masked whole");
            assert!(covers(&agent, echo), "the echo of a key at {echo:?} is not masked whole");
            keyed += 1;
        } else {
            let touched: u64 = agent.iter().chain(&customer).map(|s| s.overlap(span).len()).sum();
            assert_eq!(touched, 0, "a word at {span:?} is touched");
            spoken += 1;
        }
    }
    assert_eq!((keyed, spoken), (21, 19));
}
