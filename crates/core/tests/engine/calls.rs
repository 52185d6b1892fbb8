//! Calls and configurations at random, for what must hold for all of them.

use super::{Chunks, covered};
use cardhush_core::{Coding, Config, Fill, Isa, KeyedConfig, Linking, Span, SpokenConfig};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{Dialled, Tone};
use cardhush_testkit::{line, signal, speech};
use proptest::prelude::*;
use std::ops::Range;

/// Look-aheads in ms: none to speak of, a hop, a packet, two, and what the keyed stage can use.
pub const LOOK_AHEADS_MS: [Option<u32>; 6] = [Some(0), Some(4), Some(20), Some(40), Some(700), None];

/// Any configuration of one to three channels.
pub fn configs() -> impl Strategy<Value = Config> {
    let form = (prop::sample::select(&[8_000_u32, 8_000, 11_025, 16_000][..]), 1_u8..=3, prop::sample::select(&LOOK_AHEADS_MS[..]));
    let fill = prop::sample::select(&[Fill::ComfortNoise, Fill::Silence, Fill::Marker][..]);
    (form, fill, any::<bool>(), any::<bool>(), any::<[bool; 2]>()).prop_map(
        |((rate_hz, channels, look_ahead_ms), fill, linked, avx2, [context, spoken])| {
            let mut config = Config::new(rate_hz, channels);
            config.look_ahead_ms = look_ahead_ms;
            config.fill = fill;
            config.linking = if linked { Linking::Linked } else { Linking::Own };
            config.isa = if avx2 { Isa::detect() } else { Isa::Portable };
            let mut keyed = KeyedConfig::default();
            keyed.context = context;
            config.keyed = Some(keyed);
            config.spoken = spoken.then(SpokenConfig::default);
            config
        },
    )
}

/// Any cut: numbers of frames, over and over.
pub fn cuts() -> impl Strategy<Value = Chunks> {
    prop::collection::vec(prop_oneof![1_usize..8, 8_usize..400, Just(160), Just(4_000)], 1..12)
}

/// A call of about a second: keys of any level, length and pause on the first channel, faint and late on the others, over noise; then
/// speech-like sound.
pub struct RandomCall {
    /// The channels, full scale 1.0.
    pub channels: Vec<Vec<f64>>,
    /// The keys on the first channel.
    pub keys: Vec<Range<usize>>,
}

impl RandomCall {
    /// The call of a seed.
    pub fn new(seed: u64, config: &Config) -> Self {
        let (mut rng, rate_hz) = (Rng::new(seed), config.rate_hz);
        let mut dialled = Dialled::default();
        dialled.rest(rng.between(0.0, 150.0), rate_hz);
        for _ in 0..1 + rng.below(6) {
            let tone = Tone {
                level_dbm0: rng.between(-48.0, 0.0),
                twist_db: rng.between(-10.0, 8.0),
                low_offset_percent: rng.between(-2.5, 2.5),
                high_offset_percent: rng.between(-2.5, 2.5),
                on_ms: rng.between(8.0, 160.0),
                off_ms: rng.between(5.0, 200.0),
                ramp_ms: rng.between(0.0, 4.0),
                drop_ms: 0.0,
            };
            dialled.push(['1', '5', '9', '#', '0', 'A'][rng.below(6)], &tone, rate_hz, &mut rng);
        }
        let babble = speech::babble(signal::samples(rng.between(0.0, 400.0), rate_hz), -16.0, 0.3, rate_hz, &mut rng);
        let mut tones = dialled.samples;
        tones.extend(&babble);
        let mut channels = Vec::new();
        for channel in 0..config.channels {
            let delay = signal::samples(rng.between(0.0, 250.0), rate_hz);
            let mut samples = if channel == 0 { tones.clone() } else { line::echo(&tones, delay, rng.between(-60.0, -6.0)) };
            line::add_white_noise(&mut samples, rng.between(-75.0, -35.0), &mut rng);
            channels.push(samples);
        }
        Self { channels, keys: dialled.spans }
    }

    /// Samples of a channel.
    pub fn frames(&self) -> usize {
        self.channels[0].len()
    }

    /// Interleaved units.
    pub fn units<C: Coding>(&self) -> Vec<C::Unit> {
        (0..self.frames()).flat_map(|i| self.channels.iter().map(move |channel| C::encode(channel[i] as f32))).collect()
    }
}

/// Whether spans come in order and keep apart.
pub fn in_order(spans: &[Span]) -> bool {
    spans.iter().all(|span| !span.is_empty()) && spans.windows(2).all(|two| two[0].end < two[1].start)
}

/// Bytes of units as a file holds them.
pub fn bytes_of<C: Coding>(units: &[C::Unit]) -> Vec<u8> {
    let mut bytes = vec![0; units.len() * C::BYTES];
    bytes.chunks_exact_mut(C::BYTES).zip(units).for_each(|(to, unit)| C::to_le_bytes(*unit, to));
    bytes
}

/// The first sample of `channel` that has changed and is in none of `spans`.
pub fn touched<C: Coding>(config: &Config, before: &[C::Unit], after: &[C::Unit], channel: usize, spans: &[Span]) -> Option<usize> {
    let channels = usize::from(config.channels);
    let covered = covered(spans.iter().copied(), before.len() / channels);
    let (before, after) = (bytes_of::<C>(before), bytes_of::<C>(after));
    let at = |bytes: &[u8], i: usize| bytes[(i * channels + channel) * C::BYTES..][..C::BYTES].to_vec();
    (0..covered.len()).find(|i| !covered[*i] && at(&before, *i) != at(&after, *i))
}
