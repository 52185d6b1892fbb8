//! Claim: what is heard depends on the samples alone: not on how they were cut, nor on the instruction set, nor on the silence in front of them; and
//! a slot comes as soon as its last sample is in.

use cardhush_core::spoken::{Params, SLOT, Slot, Spotter};
use cardhush_core::{Isa, Model};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::speech::babble;
use cardhush_testkit::sweep::Table;

fn talk(seconds: usize, pauses: f64, seed: u64) -> Vec<f32> {
    babble(seconds * 8_000, -20.0, pauses, 8_000, &mut Rng::new(seed)).into_iter().map(|x| x as f32).collect()
}

fn hear(isa: Isa, pieces: impl IntoIterator<Item = impl AsRef<[f32]>>) -> Vec<Slot> {
    let (params, mut spotter, mut slots) = (Params::new(isa, Model::digits()), Spotter::new(), Vec::new());
    for piece in pieces {
        spotter.push(&params, piece.as_ref(), &mut |slot| slots.push(slot));
    }
    slots
}

fn bits(slots: &[Slot]) -> Vec<(u32, u32, bool)> {
    slots.iter().map(|slot| (slot.any.to_bits(), slot.onset.to_bits(), slot.active)).collect()
}

#[test]
fn any_cut_gives_the_same_slots() {
    for seed in 1..=3 {
        let audio = talk(8, 0.4, seed);
        let whole = hear(Isa::detect(), [&audio]);
        assert_eq!(whole.len(), audio.len() / SLOT);
        assert!(whole.iter().any(|slot| slot.any > 0.0), "seed {seed}");
        let mut rng = Rng::new(seed);
        for longest in [1, 3, 160, 256, 5_000] {
            let (mut pieces, mut rest) = (Vec::new(), &audio[..]);
            while !rest.is_empty() {
                let (piece, later) = rest.split_at((1 + rng.below(longest)).min(rest.len()));
                pieces.push(piece);
                rest = later;
            }
            assert_eq!(bits(&hear(Isa::detect(), pieces)), bits(&whole), "seed {seed}, pieces of up to {longest}");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_slots() {
    for seed in 1..=3 {
        let audio = talk(8, 0.3, 100 + seed);
        assert_eq!(bits(&hear(Isa::Portable, [&audio])), bits(&hear(Isa::detect(), [&audio])), "seed {seed}");
    }
}

#[test]
fn a_slot_comes_with_its_last_sample() {
    let audio = talk(2, 0.0, 1);
    let (params, mut spotter) = (Params::new(Isa::Portable, Model::digits()), Spotter::new());
    for (n, sample) in audio.iter().enumerate() {
        let mut slots = 0;
        spotter.push(&params, &[*sample], &mut |_| slots += 1);
        assert_eq!(slots, usize::from(n % SLOT == SLOT - 1), "sample {n}");
    }
}

/// Digital silence is as if the call had not begun, however long it lasts and however the gate came to be shut.
#[test]
fn after_silence_everything_is_heard_as_at_the_start_of_a_call() {
    let audio = talk(3, 0.0, 3);
    let alone = hear(Isa::detect(), [&audio]);
    for seconds in [1, 10] {
        let late = hear(Isa::detect(), [&vec![0.0; seconds * 8_000], &audio]);
        assert_eq!(bits(&late[seconds * 50..]), bits(&alone), "{seconds} s of silence");
        assert!(late[..seconds * 50].iter().all(|slot| *slot == Slot::SILENT));
    }
    let again = hear(Isa::detect(), [&audio, &vec![0.0; 80_000], &audio]);
    assert_eq!(bits(&again[150 + 500..]), bits(&alone), "10 s of silence after talk");
    // Long after the last sound nothing is said any more.
    assert!(again[150 + 70..650].iter().all(|slot| *slot == Slot::SILENT));
}

#[test]
fn a_reset_forgets_the_call() {
    let (first, second) = (talk(3, 0.0, 4), talk(3, 0.0, 5));
    let (params, mut spotter, mut slots) = (Params::new(Isa::detect(), Model::digits()), Spotter::new(), Vec::new());
    spotter.push(&params, &first[..first.len() - 77], &mut |_| {});
    spotter.reset();
    spotter.push(&params, &second, &mut |slot| slots.push(slot));
    assert_eq!(bits(&slots), bits(&hear(Isa::detect(), [&second])));
}

/// Samples that `coding` never gives, so that a caller of this stage alone cannot spoil more than what they lie in.
#[test]
fn no_sample_makes_a_posterior_that_is_no_number() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-40, 8.0] {
        let mut audio = talk(2, 0.0, 6);
        audio[4_000..4_400].fill(odd);
        for slot in hear(Isa::detect(), [&audio]) {
            assert!((0.0..=1.0).contains(&slot.any) && (0.0..=1.0).contains(&slot.onset), "{odd}: {slot:?}");
        }
    }
}

#[test]
fn a_channel_costs_at_most_18_kib() {
    let mut table = Table::new("Bytes of the spoken stage's ears", &["what", "bytes"]);
    table.row(&[&"a channel", &size_of::<Spotter>()]);
    table.row(&[&"tables of a call", &size_of::<Params>()]);
    println!("{table}");
    assert!(size_of::<Spotter>() <= 18 * 1024 && size_of::<Params>() <= 8 * 1024);
}
