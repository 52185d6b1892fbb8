//! Any call through the live face of core, in any form, cut in any way: what holds for every input of `cardhush_core::Scrubber`.

use cardhush_core::{
    Alaw, Analyzer, ChannelState, Coding, Config, Event, Fill, Float32, Float64, Isa, KeyedConfig, Linear8, Linear16, Linear24, Linear32,
    Linking, Nearness, Redaction, Scrubber, Span, Ulaw,
};

/// What a call came to: the output from the first sample of the call to the last, and what was reported.
struct Outcome<C: Coding> {
    output: Vec<C::Unit>,
    events: Vec<Event>,
}

/// A span that a person asks for, once the first `after` chunks are in.
struct Mask {
    after: usize,
    channel: Option<u8>,
    span: Span,
}

type Heap<C> = Scrubber<C, Vec<ChannelState>, Vec<<C as Coding>::Unit>>;

fn scrubber<C: Coding>(config: &Config) -> Heap<C> {
    let storage = vec![C::SILENCE; Heap::<C>::storage_len(config).expect("a sound configuration")];
    Scrubber::new(config, vec![ChannelState::new(); config.channels.into()], storage).expect("a sound configuration")
}

/// Puts a call of so many channels through a scrubber, in these chunks, to the last sample that `finish` gives back. Before the call, silence
/// must come out, whatever was in the delay line.
fn scrub<C: Coding>(scrubber: &mut Heap<C>, channels: usize, call: &[C::Unit], chunks: &[u8], mask: Option<&Mask>) -> Outcome<C> {
    let (mut output, mut events) = (call.to_vec(), Vec::new());
    let mut end_of_chunk = cutter(chunks, channels);
    let (mut at, mut count) = (0, 0);
    while at < output.len() {
        if let Some(mask) = mask.filter(|mask| mask.after == count) {
            scrubber.mask(mask.channel, mask.span, &mut |event| events.push(event));
        }
        let end = end_of_chunk(at, output.len());
        scrubber.process(&mut output[at..end], &mut |event| events.push(event));
        (at, count) = (end, count + 1);
    }
    let latency = scrubber.latency() as usize * channels;
    let mut rest = vec![C::SILENCE; latency];
    let mut at = 0;
    while at < latency {
        let end = end_of_chunk(at, latency);
        scrubber.finish(&mut rest[at..end], &mut |event| events.push(event));
        at = end;
    }
    output.extend(rest);
    assert!(output.drain(..latency).all(|unit| unit == C::SILENCE), "something before the call's first sample");
    Outcome { output, events }
}

/// What an analyzer that nobody has used yet says of a call, when each half of it is said to be so near to keyed digits.
fn analyse(analyzer: &mut Analyzer<Vec<ChannelState>>, channels: u8, call: &[i16], chunks: &[u8], near: [Nearness; 2]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut end_of_chunk = cutter(chunks, channels.into());
    let middle = call.len() / 2 / usize::from(channels) * usize::from(channels);
    for ((mut at, len), near) in [(0, middle), (middle, call.len())].into_iter().zip(near) {
        (0..channels).for_each(|channel| analyzer.near(channel, near));
        while at < len {
            let end = end_of_chunk(at, len);
            analyzer.push::<Linear16>(&call[at..end], &mut |event| events.push(event));
            at = end;
        }
    }
    analyzer.finish(&mut |event| events.push(event));
    events
}

/// Where the next chunk ends: of these numbers of frames, over and over; all at once where there are none. Asked with its start and the end of
/// all units.
fn cutter(chunks: &[u8], channels: usize) -> impl FnMut(usize, usize) -> usize {
    let chunks = if chunks.iter().all(|frames| *frames == 0) { &[] } else { chunks };
    let mut lengths = chunks.iter().map(move |frames| usize::from(*frames) * channels).cycle();
    move |at, len| lengths.next().map_or(len, |units| len.min(at + units))
}

fn bytes_of<C: Coding>(units: &[C::Unit]) -> Vec<u8> {
    let mut bytes = vec![0; units.len() * C::BYTES];
    bytes.chunks_exact_mut(C::BYTES).zip(units).for_each(|(to, unit)| C::to_le_bytes(*unit, to));
    bytes
}

fn config(form: u8, look_ahead: u8, rate_hz: u32, channels: u8, spoken: bool) -> Config {
    let mut config = Config::new(rate_hz, channels);
    config.linking = if form & 1 == 0 { Linking::Linked } else { Linking::Own };
    config.fill = [Fill::ComfortNoise, Fill::Silence, Fill::Marker, Fill::ComfortNoise][usize::from(form >> 1 & 3)];
    config.isa = if form & 8 == 0 { Isa::Portable } else { Isa::detect() };
    config.spoken = config.spoken.filter(|_| spoken);
    let mut keyed = KeyedConfig::default();
    keyed.context = form & 16 == 0;
    config.keyed = (form & 96 != 96).then_some(keyed);
    config.look_ahead_ms = match look_ahead {
        255 => None,
        254 => Some(60_001),
        ms => Some(u32::from(ms) * 2),
    };
    config
}

const NEARNESS: [Nearness; 4] = [Nearness::Unknown, Nearness::Far, Nearness::Near, Nearness::Close];

/// A call of keyed digits and noise of one or two channels gives the same output and the same events however it is cut, and whatever was
/// heard before the reset: of a scrubber, or of an analyzer that was told how near keyed digits are, as one that looks again.
///
/// Input: form, look-ahead, number of tones with how near digits are and whether spoken ones are listened for; then of each tone its key, level, length and pause; then the chunks in frames.
///
/// # Panics
/// Where a cut or what was before makes a difference.
pub fn random_cuts(input: &[u8]) {
    let Some((&[form, look_ahead, count], rest)) = input.split_first_chunk() else {
        return;
    };
    let tones = usize::from(count % 8 + 1).min(rest.len() / 4);
    let (tones, chunks) = rest.split_at(tones * 4);
    let rate_hz = if form & 128 == 0 { 8_000 } else { 11_025 };
    let channels = 1 + (form >> 3 & 1);
    // Bit 3 is that of the channels here; that of the instruction set is bit 5.
    let config = config(form & 0b0001_0111 | form >> 2 & 8, look_ahead, rate_hz, channels, count & 128 != 0);
    if config.check().is_err() {
        return;
    }
    let call = keyed_call(tones, rate_hz, channels);
    // A call that breaks off is between the two, so that something of it is left everywhere.
    let broken_off = usize::from(chunks.first().copied().unwrap_or(0)) * 16 * usize::from(channels);
    let broken_off = &call[..broken_off.min(call.len())];
    if form & 64 != 0 {
        let near = [count >> 3, count >> 5].map(|near| NEARNESS[usize::from(near & 3)]);
        let mut analyzer = Analyzer::new(&config, vec![ChannelState::new(); channels.into()]).expect("a sound configuration");
        let whole = analyse(&mut analyzer, channels, &call, &[], near);
        analyzer.reset();
        analyzer.push::<Linear16>(broken_off, &mut |_| {});
        analyzer.reset();
        let cut = analyse(&mut analyzer, channels, &call, chunks, near);
        assert_eq!(whole, cut, "other events for other chunks, or after a reset, near digits");
        return;
    }
    let mut scrubber = scrubber::<Linear16>(&config);
    let whole = scrub(&mut scrubber, channels.into(), &call, &[], None);
    scrubber.reset();
    scrubber.process(&mut broken_off.to_vec(), &mut |_| {});
    scrubber.reset();
    let cut = scrub(&mut scrubber, channels.into(), &call, chunks, None);
    assert!(whole.output == cut.output, "another output for other chunks, or after a reset");
    assert_eq!(whole.events, cut.events, "other events for other chunks, or after a reset");
}

/// Tones on the first channel, the same a little later and much fainter on the second, with noise of a linear congruence on both.
fn keyed_call(tones: &[u8], rate_hz: u32, channels: u8) -> Vec<i16> {
    const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let mut line = Vec::new();
    for tone in tones.chunks_exact(4) {
        let turn = |hertz: f32| hertz * core::f32::consts::TAU / rate_hz as f32;
        let (low, high) = (turn(LOW[usize::from(tone[0] & 3)]), turn(HIGH[usize::from(tone[0] >> 2 & 3)]));
        let level = 0.5 * f32::powf(2.0, -f32::from(tone[1]) / 32.0);
        let samples = |length: u8| u32::from(length) * rate_hz / 2_000;
        line.extend((0..samples(tone[2])).map(|n| level * ((low * n as f32).sin() + (high * n as f32).sin())));
        line.extend((0..samples(tone[3])).map(|_| 0.0));
    }
    let mut state = 1_u32;
    let mut call = Vec::new();
    for n in 0..line.len() {
        for channel in 0..usize::from(channels) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as f32 / 65_536.0 - 0.5;
            let tone = if channel == 0 { line[n] } else { n.checked_sub(200).map_or(0.0, |before| line[before] * 0.01) };
            call.push(((tone + noise * 0.002) * 32_767.0) as i16);
        }
    }
    call
}

/// Any samples in any coding, under any configuration, with a mask by hand: sound values are taken and others refused, what is not reported
/// as masked comes out bit for bit, and of what was asked for nothing leaves in silence.
///
/// Input: form, look-ahead, rate (2 bytes, in 4 Hz), channels with whether spoken digits are listened for, coding, a chunk, and of the mask: chunks before it, channel, start, length (2
/// bytes each); then the samples.
///
/// # Panics
/// Where one of these does not hold.
pub fn any_config(input: &[u8]) {
    let Some((&[form, look_ahead, rate_0, rate_1, channels, coding, chunk, after, channel, start_0, start_1, len_0, len_1], call)) =
        input.split_first_chunk()
    else {
        return;
    };
    let config = config(form, look_ahead, u32::from(u16::from_le_bytes([rate_0, rate_1])) * 4, channels & 15, channels & 32 != 0);
    let start = u64::from(u16::from_le_bytes([start_0, start_1]));
    let span = Span::new(start, start + u64::from(u16::from_le_bytes([len_0, len_1])));
    let mask = Mask { after: after.into(), channel: (channel & 16 == 0).then_some(channel & 15), span };
    match coding & 7 {
        0 => check::<Linear8>(&config, call, chunk, &mask),
        1 => check::<Linear16>(&config, call, chunk, &mask),
        2 => check::<Linear24>(&config, call, chunk, &mask),
        3 => check::<Linear32>(&config, call, chunk, &mask),
        4 => check::<Float32>(&config, call, chunk, &mask),
        5 => check::<Float64>(&config, call, chunk, &mask),
        6 => check::<Alaw>(&config, call, chunk, &mask),
        _ => check::<Ulaw>(&config, call, chunk, &mask),
    }
}

fn check<C: Coding>(config: &Config, call: &[u8], chunk: u8, mask: &Mask) {
    let storage_len = Heap::<C>::storage_len(config);
    assert_eq!(storage_len.is_ok(), config.check().is_ok());
    if let Err(error) = storage_len {
        assert!(!error.to_string().is_empty());
        return;
    }
    let channels = usize::from(config.channels);
    let mut call: Vec<C::Unit> = call.chunks_exact(C::BYTES).map(C::from_le_bytes).collect();
    call.truncate(call.len() / channels * channels);
    let frames = (call.len() / channels) as u64;
    let Outcome { output, events } = scrub(&mut scrubber::<C>(config), channels, &call, &[chunk.max(1)], Some(mask));

    // The spans of a channel lie in the call, in order, and do not touch.
    let mut masked = vec![Vec::new(); channels];
    let mut exposed = masked.clone();
    for event in &events {
        match event {
            Event::Redacted(Redaction { channel, span, .. }) => {
                let spans: &mut Vec<Span> = &mut masked[usize::from(*channel)];
                assert!(!span.is_empty() && span.end <= frames, "a span outside of the call");
                assert!(spans.last().is_none_or(|last| last.end < span.start), "spans that touch or go back");
                spans.push(*span);
            }
            Event::Exposed { channel, span, .. } => exposed[usize::from(*channel)].push(*span),
            _ => {}
        }
    }

    let (before, after) = (bytes_of::<C>(&call), bytes_of::<C>(&output));
    assert_eq!(before.len(), after.len(), "samples were lost or made");
    for (index, (before, after)) in before.chunks_exact(C::BYTES).zip(after.chunks_exact(C::BYTES)).enumerate() {
        let (channel, sample) = (index % channels, (index / channels) as u64);
        assert!(before == after || masked[channel].iter().any(|span| span.contains(sample)), "a sample has changed outside of every span");
    }

    let chunks = frames.div_ceil(u64::from(chunk.max(1)));
    if (mask.after as u64) < chunks {
        for channel in (0..channels).filter(|channel| mask.channel.is_none_or(|wanted| usize::from(wanted) == *channel)) {
            for sample in mask.span.start..mask.span.end.min(frames) {
                let told = masked[channel].iter().chain(&exposed[channel]).any(|span| span.contains(sample));
                assert!(told, "a sample that was to be masked left in silence");
            }
        }
    }
}
