//! Claim: a tone on one channel masks its faint or delayed copy on the other, linked or not, and the copy masks nothing but itself.
//!
//! The caller keys; the agent's channel hears it, fainter and later, over its own noise of -65 dBm0. The calls are of 64 keys.

mod engine;

use cardhush_core::{Cause, Coding, Linear16, Linking, Redaction, Ulaw};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::sweep::Table;
use cardhush_testkit::tone::{Dialled, HIGH_GROUP_HZ, KEYS, LOW_GROUP_HZ, Tone};
use cardhush_testkit::{dft, line, signal, speech};
use engine::{RATE_HZ, covered, dial_freely, kept, keyed_alone, on, random_keys, two_looks};

const COUNT: usize = 64;
const LEVEL_DBM0: f64 = -13.0;
/// Share of a digit's energy that the referees let pass.
const MOST_KEPT: f64 = 0.02;

/// What the agent's channel hears of the caller's keys.
#[derive(Clone, Copy)]
struct Path {
    gain_db: f64,
    delay_ms: f64,
    /// Level of the agent's own speech.
    talks_dbm0: Option<f64>,
}

struct Call {
    keys: String,
    dialled: Dialled,
    /// The copies alone.
    copies: Vec<f64>,
    delay: usize,
    channels: [Vec<f64>; 2],
}

impl Call {
    fn new(path: Path) -> Self {
        let mut rng = Rng::new(4);
        let keys = random_keys(COUNT, &mut rng);
        let tone = Tone { level_dbm0: LEVEL_DBM0, twist_db: -2.0, on_ms: 90.0, off_ms: 160.0, ..Tone::default() };
        let mut dialled = dial_freely(&keys, &tone, RATE_HZ, &mut rng);
        dialled.rest(100.0, RATE_HZ);
        let delay = signal::samples(path.delay_ms, RATE_HZ);
        let copies = line::echo(&dialled.samples, delay, path.gain_db);
        let mut channels = [dialled.samples.clone(), copies.clone()];
        line::add_speech_shaped_noise(&mut channels[0], -36.0, RATE_HZ, &mut rng);
        line::add_white_noise(&mut channels[1], -65.0, &mut rng);
        if let Some(level_dbm0) = path.talks_dbm0 {
            let speech = speech::babble(copies.len(), level_dbm0, 0.3, RATE_HZ, &mut rng);
            channels[1].iter_mut().zip(speech).for_each(|(x, y)| *x += y);
        }
        Self { keys, dialled, copies, delay, channels }
    }

    fn masks<C: Coding>(&self, linking: Linking) -> Vec<Redaction> {
        let mut config = keyed_alone(RATE_HZ, 2);
        config.linking = linking;
        let [caller, agent] = &self.channels;
        let units: Vec<C::Unit> = caller.iter().zip(agent).flat_map(|(x, y)| [C::encode(*x as f32), C::encode(*y as f32)]).collect();
        two_looks::<C>(&config, &units)
    }

    /// Share of its energy that each tone keeps on the caller's channel, and each copy on the agent's.
    fn kept(&self, masks: &[Redaction]) -> [Vec<f64>; 2] {
        let frames = self.copies.len();
        [(0, &self.dialled.samples, 0), (1, &self.copies, self.delay)].map(|(channel, tones, late)| {
            let masked = covered(on(masks, channel), frames);
            self.dialled.spans.iter().map(|span| kept(tones, span.start + late..span.end + late, &masked)).collect()
        })
    }

    /// Keys that the strongest tone of each group tells, in what is left of the copies on the agent's channel.
    fn read(&self, masks: &[Redaction]) -> usize {
        let masked = covered(on(masks, 1), self.copies.len());
        let left: Vec<f64> = self.channels[1].iter().zip(masked).map(|(x, masked)| if masked { 0.0 } else { *x }).collect();
        let told = self.keys.chars().zip(&self.dialled.spans).filter(|(key, span)| {
            let window = &left[span.start + self.delay - 40..span.end + self.delay + 40];
            strongest(window) == *key
        });
        told.count()
    }
}

/// The key of the strongest tone of each group.
fn strongest(window: &[f64]) -> char {
    let power = |hz: f64| {
        let (re, im) = dft::bin(window, hz, RATE_HZ);
        re * re + im * im
    };
    let best = |group: [f64; 4]| (1..4).fold(0, |best, i| if power(group[i]) > power(group[best]) { i } else { best });
    KEYS[best(LOW_GROUP_HZ)][best(HIGH_GROUP_HZ)]
}

fn above_limit(shares: &[f64]) -> usize {
    shares.iter().filter(|share| **share > MOST_KEPT).count()
}

/// Copies above the agent's noise go whole. 8 dB below it (-60 dB) a few keep more of themselves than the limit, and nobody reads them.
#[test]
fn a_copy_is_masked() {
    let mut table = Table::new("Copies on a silent channel", &["linking", "gain dB", "delay ms", "coding", "over 2 %", "most", "read"]);
    for linking in [Linking::Linked, Linking::Own] {
        for (gain_db, delay_ms) in [-20.0, -40.0, -60.0].into_iter().flat_map(|gain| [5.0, 120.0, 290.0].map(|delay| (gain, delay))) {
            let call = Call::new(Path { gain_db, delay_ms, talks_dbm0: None });
            assert!(call.read(&[]) > COUNT * 9 / 10, "unmasked, this attacker reads the copies: {} of {COUNT}", call.read(&[]));
            for (coding, masks) in [("linear", call.masks::<Linear16>(linking)), ("mu-law", call.masks::<Ulaw>(linking))] {
                let [tones, copies] = call.kept(&masks);
                let most = copies.iter().copied().fold(0.0, f64::max);
                let (over, read) = (above_limit(&copies), call.read(&masks));
                table.row(&[
                    &format!("{linking:?}"),
                    &gain_db,
                    &delay_ms,
                    &coding,
                    &over,
                    &format!("{most:.3}"),
                    &format!("{read} of {COUNT}"),
                ]);
                let case =
                    format!("{linking:?}, {gain_db} dB after {delay_ms} ms, {coding}: {over} over the limit, most {most:.3}, {read} read");
                assert_eq!(above_limit(&tones), 0, "the tones themselves, {case}");
                assert!(over <= if gain_db > -60.0 { 0 } else { COUNT / 12 }, "{case}");
                // One of 16 by chance: 4 of 64; more than 12 in one case of 4,000.
                assert!(read <= 12, "{case}");
            }
        }
    }
    println!("{table}");
}

/// Under the agent's speech copies are found as far as they stand out of it; linked, those of bleed go with the tone itself.
///
/// Measured limit: of copies 17 dB below the speech, 120 ms late or not linked, half are missed.
#[test]
fn a_copy_under_speech_is_masked_where_it_is_linked() {
    let mut table = Table::new("Copies of -30 dB under speech of -22 dBm0", &["linking", "delay ms", "over 2 %"]);
    for (linking, delay_ms) in [(Linking::Linked, 5.0), (Linking::Own, 5.0), (Linking::Linked, 120.0), (Linking::Own, 120.0)] {
        let call = Call::new(Path { gain_db: -30.0, delay_ms, talks_dbm0: Some(-22.0) });
        let masks = call.masks::<Ulaw>(linking);
        let [tones, copies] = call.kept(&masks);
        table.row(&[&format!("{linking:?}"), &delay_ms, &format!("{} of {COUNT}", above_limit(&copies))]);
        assert_eq!(above_limit(&tones), 0);
        assert!(above_limit(&copies) == 0 || (linking, delay_ms) != (Linking::Linked, 5.0), "bleed, linked: {}", above_limit(&copies));
    }
    println!("{table}");
}

/// What the caller's channel loses does not depend on the copy; and the copy is named for what it is, to the latest echo of 300 ms.
#[test]
fn a_copy_is_never_linked_back() {
    let mut table =
        Table::new("Copies of -30 dB, linked", &["delay ms", "keyed on the agent's", "caller's ms a key beyond the tones' own"]);
    for delay_ms in [5.0, 30.0, 120.0, 200.0, 250.0, 290.0, 300.0] {
        let call = |gain_db| Call::new(Path { gain_db, delay_ms, talks_dbm0: None });
        let (with, without) = (call(-30.0).masks::<Linear16>(Linking::Linked), call(-200.0).masks::<Linear16>(Linking::Linked));
        let of = |masks: &[Redaction]| masks.iter().filter(|one| one.channel == 0).copied().collect::<Vec<_>>();
        let samples = |masks: &[Redaction]| covered(on(masks, 0), 1 << 20).into_iter().filter(|masked| *masked).count() as f64;
        let keyed = with.iter().filter(|one| one.channel == 1 && one.cause == Cause::Keyed).count();
        let beyond_ms = (samples(&with) - samples(&without)) / 8.0 / COUNT as f64;
        table.row(&[&delay_ms, &keyed, &format!("{beyond_ms:.1}")]);
        assert!(keyed == 0 && of(&with) == of(&without), "{delay_ms} ms: {keyed} keyed, {beyond_ms} ms beyond");
    }
    println!("{table}");
}
