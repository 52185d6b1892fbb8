//! The masked tier: no digit that an attacker could read keeps more than 2 % of its energy, offline, whatever a line does to it.
//!
//! Goes beyond what a receiver is asked to recognise (`keyed_confirmed.rs`): a listener reads what a receiver rejects. Each condition is
//! 128 keys at random phases and places, in 16-bit linear and after mu-law, with both looks that a file gets.

mod engine;

use cardhush_core::{Coding, Linear16, Span, Ulaw};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::sweep::Table;
use cardhush_testkit::tone::Tone;
use cardhush_testkit::{line, speech};
use engine::{RATE_HZ, covered, dial_freely, kept, keyed_alone, on, random_keys, two_looks};

const KEYS: usize = 128;
/// Share of a digit's energy that the referees let pass.
const MOST_KEPT: f64 = 0.02;

/// What a condition came to.
struct Outcome {
    /// Digits that keep more than [`MOST_KEPT`] of their energy, and the most that one keeps.
    readable: usize,
    most_kept: f64,
    /// Masked ms outside of the tones, per digit.
    other_ms: f64,
}

/// What a line adds to the tones.
type Line<'a> = &'a dyn Fn(&mut [f64], &mut Rng);

fn outcome<C: Coding>(tone: &Tone, lost_percent: usize, spoil: Line<'_>) -> Outcome {
    let mut rng = Rng::new(2);
    let keys = random_keys(KEYS, &mut rng);
    let mut dialled = dial_freely(&keys, tone, RATE_HZ, &mut rng);
    for packet in dialled.samples.chunks_mut(160).filter(|_| rng.below(100) < lost_percent) {
        packet.fill(0.0);
    }
    let mut line = dialled.samples.clone();
    spoil(&mut line, &mut rng);
    let call: Vec<C::Unit> = line.iter().map(|x| C::encode(*x as f32)).collect();
    let masked = covered(on(&two_looks::<C>(&keyed_alone(RATE_HZ, 1), &call), 0), call.len());
    let tones = covered(dialled.spans.iter().map(|span| Span::new(span.start as u64, span.end as u64)), call.len());
    let shares: Vec<f64> = dialled.spans.iter().map(|span| kept(&dialled.samples, span.clone(), &masked)).collect();
    let other = masked.iter().zip(&tones).filter(|(masked, tone)| **masked && !**tone).count();
    Outcome {
        readable: shares.iter().filter(|share| **share > MOST_KEPT).count(),
        most_kept: shares.iter().copied().fold(0.0, f64::max),
        other_ms: other as f64 * 1e3 / f64::from(RATE_HZ) / KEYS as f64,
    }
}

/// Both codings of a condition, printed as a row each.
fn judge(table: &mut Table, name: &str, tone: &Tone, lost_percent: usize, spoil: Line<'_>) -> [Outcome; 2] {
    let outcomes = [outcome::<Linear16>(tone, lost_percent, spoil), outcome::<Ulaw>(tone, lost_percent, spoil)];
    for (coding, one) in ["linear", "mu-law"].iter().zip(&outcomes) {
        let readable = format!("{} of {KEYS}", one.readable);
        table.row(&[&name, coding, &readable, &format!("{:.3}", one.most_kept), &format!("{:.1}", one.other_ms)]);
    }
    outcomes
}

fn table(title: &str) -> Table {
    Table::new(title, &["condition", "coding", "over 2 %", "most kept", "other ms a digit"])
}

/// Holds a condition: no digit is readable, and no more than the referees' 40 ms beside each goes.
fn hold(table: &mut Table, name: &str, tone: &Tone, lost_percent: usize, spoil: Line<'_>) {
    for (coding, one) in ["linear", "mu-law"].iter().zip(judge(table, name, tone, lost_percent, spoil)) {
        assert_eq!(one.readable, 0, "{name}, {coding}: one keeps {:.3} of its energy", one.most_kept);
        assert!(one.other_ms < 40.0, "{name}, {coding}: {:.1} ms of other audio a digit", one.other_ms);
    }
}

fn clean(_: &mut [f64], _: &mut Rng) {}

fn shaped(level_dbm0: f64) -> impl Fn(&mut [f64], &mut Rng) {
    move |x, rng| line::add_speech_shaped_noise(x, level_dbm0, RATE_HZ, rng)
}

fn white(level_dbm0: f64) -> impl Fn(&mut [f64], &mut Rng) {
    move |x, rng| line::add_white_noise(x, level_dbm0, rng)
}

fn babble(level_dbm0: f64) -> impl Fn(&mut [f64], &mut Rng) {
    move |x, rng| {
        let speech = speech::babble(x.len(), level_dbm0, 0.3, RATE_HZ, rng);
        x.iter_mut().zip(speech).for_each(|(x, y)| *x += y);
    }
}

#[test]
fn whatever_the_sender() {
    let (mut table, base) = (table("Senders"), Tone::default());
    for level_dbm0 in [0.0, -20.0, -36.0, -45.0] {
        hold(&mut table, &format!("{level_dbm0} dBm0 a tone"), &Tone { level_dbm0, ..base }, 0, &clean);
    }
    hold(&mut table, "-45 dBm0 over noise of -65", &Tone { level_dbm0: -45.0, ..base }, 0, &white(-65.0));
    for percent in [2.5, -2.5] {
        hold(&mut table, &format!("{percent} % off"), &base.with_offset_percent(percent), 0, &shaped(-37.0));
    }
    for twist_db in [8.0, -12.0] {
        hold(&mut table, &format!("twist of {twist_db} dB"), &Tone { level_dbm0: -16.0, twist_db, ..base }, 0, &clean);
    }
    for on_ms in [10.0, 15.0, 20.0, 30.0] {
        let fragment = Tone { on_ms, off_ms: 200.0, ramp_ms: 4.0, ..base };
        hold(&mut table, &format!("fragment of {on_ms} ms"), &fragment, 0, &shaped(-32.0));
        hold(&mut table, &format!("tone of {on_ms} ms"), &Tone { on_ms, off_ms: 80.0, ..base }, 0, &shaped(-37.0));
    }
    println!("{table}");
}

#[test]
fn whatever_the_line() {
    let (mut table, base) = (table("Lines"), Tone::default());
    // Two tones of -10 dBm0 have -7 together.
    hold(&mut table, "white noise, 10 dB below", &base, 0, &white(-17.0));
    hold(&mut table, "white noise, 3 dB below", &base, 0, &white(-10.0));
    hold(&mut table, "babble, 10 dB below", &base, 0, &babble(-17.0));
    hold(&mut table, "babble, as loud", &base, 0, &babble(-7.0));
    hold(&mut table, "hum, 50 Hz, -10 dBm0", &base, 0, &|x, _| line::add_hum(x, 50.0, -10.0, RATE_HZ));
    hold(&mut table, "dial tone as loud", &Tone { level_dbm0: -15.0, ..base }, 0, &|x, _| line::add_dial_tone(x, -15.0, RATE_HZ));
    hold(&mut table, "DC of 8,000 of 32,768", &base, 0, &|x, _| line::add_dc(x, 8_000.0 / 32_768.0));
    hold(&mut table, "clipped by 20 dB", &Tone { level_dbm0: -3.0, ..base }, 0, &|x, _| line::overdrive(x, 20.0));
    hold(&mut table, "interrupted for 10 ms", &Tone { on_ms: 100.0, off_ms: 60.0, drop_ms: 10.0, ..base }, 0, &clean);
    hold(&mut table, "5 % of packets lost", &Tone { on_ms: 100.0, off_ms: 100.0, ..base }, 5, &clean);
    println!("{table}");
}

/// Beyond the limits that are promised: printed, and held to nothing but that there is an end to them.
#[test]
fn how_far_it_goes() {
    let (mut table, base) = (table("Beyond"), Tone::default());
    for level_dbm0 in [-50.0, -55.0, -60.0] {
        judge(&mut table, &format!("{level_dbm0} dBm0 a tone"), &Tone { level_dbm0, ..base }, 0, &clean);
    }
    for percent in [3.0, -3.0, 3.5, -3.5, 4.5] {
        judge(&mut table, &format!("{percent} % off"), &base.with_offset_percent(percent), 0, &clean);
    }
    for twist_db in [10.0, 12.0, -14.0, -16.0] {
        judge(&mut table, &format!("twist of {twist_db} dB"), &Tone { level_dbm0: -16.0, twist_db, ..base }, 0, &clean);
    }
    for on_ms in [9.0, 8.0, 6.0] {
        judge(&mut table, &format!("tone of {on_ms} ms"), &Tone { on_ms, ..base }, 0, &clean);
    }
    for above_db in [1.0, 0.0, -1.0] {
        judge(&mut table, &format!("white noise, {above_db} dB below"), &base, 0, &white(-7.0 - above_db));
    }
    let no_pair = judge(&mut table, "5 % off", &base.with_offset_percent(5.0), 0, &clean);
    println!("{table}");
    assert!(no_pair.iter().all(|one| one.readable == KEYS), "tones that are none of Q.23's are left alone");
}
