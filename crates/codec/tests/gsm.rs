//! GSM 6.10, raw and in WAVE: decoded bit by bit as libgsm does, frames replaced and nothing else, and what was replaced is gone.
#![allow(clippy::expect_used, clippy::single_range_in_vec_init, reason = "a test's helpers may panic too, and a list of one span is meant")]

mod blocks;

use std::ops::Range;

use blocks::{
    KEYS, RATE_HZ, Wave, correlation, data, decode, digest, mutated, only_blocks_changed, open, opened, random_spans, recording, rewrite,
    survives, unit,
};
use cardhush_codec::CodecError;
use cardhush_testkit::{dft, rng::Rng, tone};

const FRAME: u64 = 160;
/// As `gsm` has it: frames that begin less than this behind a span go with it.
const CODER_MEMORY: u64 = 2 * 120 + 8 + 1;
/// As the module doc of `gsm` says.
const DECODER_MEMORY: u64 = 8 * FRAME;

/// What libgsm makes of the files, through `sox -D FILE -t s16 -` (SoX 14.4.2): `foreign_decoders_agree` compares again.
const DIGESTS: [(&str, u64); 3] = [("keys.gsm", GSM), ("random.gsm", RANDOM), ("keys-gsm.wav", WAV49)];
const GSM: u64 = 0x5bd6_e1a8_c831_8946;
const RANDOM: u64 = 0x86fd_34e8_e3f5_e760;
const WAV49: u64 = 0xe2d5_3f3a_8f99_653f;

/// Both packings.
const FILES: [&str; 2] = ["keys.gsm", "keys-gsm.wav"];

fn wave(data: Vec<u8>, fact: Option<u32>) -> Wave {
    Wave { tag: 0x31, channels: 1, rate_hz: RATE_HZ, block: 65, bits: 0, extra: vec![0x40, 1], fact, data }
}

fn touched(spans: &[Range<u64>], frame: u64) -> bool {
    spans.iter().any(|span| span.start < (frame + 1) * FRAME && span.end + CODER_MEMORY > frame * FRAME)
}

/// Where the bits of the frames lie: first byte of the audio, bits a frame, and whether the first bit of a byte is its lowest.
fn layout(name: &str, bytes: &[u8]) -> (usize, u64, bool) {
    match name {
        "keys.gsm" => (0, 264, false),
        _ => (bytes.windows(4).position(|id| id == b"data").expect("data") + 8, 260, true),
    }
}

fn bit(bytes: &[u8], (first, _, low_first): (usize, u64, bool), at: u64) -> u8 {
    let byte = bytes[first + (at / 8) as usize];
    if low_first { byte >> (at % 8) & 1 } else { byte >> (7 - at % 8) & 1 }
}

#[test]
fn decodes_to_the_bits_of_libgsm() {
    for (name, expected) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        assert_eq!((coded.form().coding, coded.form().rate_hz, coded.form().channels, coded.joint()), ("GSM 6.10", RATE_HZ, 1, false));
        let pcm = decode(&*coded, &bytes, 0).expect("decoded");
        assert_eq!(pcm.len() as u64, coded.form().frames);
        assert_eq!(digest(&pcm), expected, "{name}: {:#018x}", digest(&pcm));
    }
}

/// The same 260 bits a frame give the same samples however they are packed.
#[test]
fn both_packings_hold_the_same_recording() {
    let [raw, wav] = FILES.map(|name| {
        let bytes = data(name);
        decode(&*opened(&bytes), &bytes, 0).expect("decoded")
    });
    let both = raw.len().min(wav.len());
    assert!(both > 19_000 && raw[..both] == wav[..both]);
}

#[test]
fn begins_anywhere_with_the_same_bits() {
    let mut rng = Rng::new(7);
    for name in FILES {
        // Long enough that marks are thinned out.
        let long = data(name);
        let (first, ..) = layout(name, &long);
        let bytes = match name {
            "keys.gsm" => long[first..].repeat(30),
            _ => wave(long[first..first + 60 * 65].repeat(30), None).bytes(),
        };
        let coded = opened(&bytes);
        let all = decode(&*coded, &bytes, 0).expect("decoded");
        for _ in 0..12 {
            let from = rng.below(all.len() + 1);
            assert!(decode(&*coded, &bytes, from as u64).expect("decoded") == all[from..], "{name} from {from}");
        }
        assert!(decode(&*coded, &bytes, u64::MAX).expect("decoded").is_empty());
    }
}

#[test]
fn writes_the_same_file_where_nothing_is_asked() {
    for name in FILES {
        let bytes = data(name);
        let coded = opened(&bytes);
        for spans in [vec![], vec![vec![]], vec![vec![500..500]], vec![vec![], vec![0..900]]] {
            assert!(rewrite(&*coded, &bytes, &spans, 0.1) == bytes);
            assert!(coded.changed(&spans).is_empty());
        }
    }
}

/// Every bit of every frame that stays is kept, also in bytes that are shared; and of those that go nothing stays: any other bits in their place
/// give the same output.
#[test]
fn replaces_whole_frames_and_keeps_every_other_bit() {
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let name = FILES[rng.below(2)];
        let bytes = data(name);
        let coded = opened(&bytes);
        let spans = vec![random_spans(coded.form().frames, &mut rng)];
        let out = rewrite(&*coded, &bytes, &spans, 0.003);
        only_blocks_changed(&bytes, &spans, &out, &*coded);

        let at = layout(name, &bytes);
        let mut other = bytes.clone();
        for frame in 0..coded.form().frames / FRAME {
            let bits = frame * at.1..(frame + 1) * at.1;
            if !touched(&spans[0], frame) {
                let moved = bits.clone().find(|&n| bit(&bytes, at, n) != bit(&out, at, n));
                assert_eq!(moved, None, "seed {seed}: a bit of frame {frame} of {name}");
                continue;
            }
            for n in bits.skip(if at.2 { 0 } else { 4 }) {
                if rng.below(2) == 0 {
                    other[at.0 + (n / 8) as usize] ^= if at.2 { 1 << (n % 8) } else { 0x80 >> (n % 8) };
                }
            }
        }
        assert!(rewrite(&*opened(&other), &other, &spans, 0.003) == out, "seed {seed}: the output depends on what was replaced");
    }
}

#[test]
fn what_was_replaced_is_not_heard() {
    let (_, keys) = recording();
    for name in FILES {
        let bytes = data(name);
        let coded = opened(&bytes);
        let before = decode(&*coded, &bytes, 0).expect("decoded");
        let spans = vec![keys.iter().map(|span| span.start as u64..span.end as u64).collect::<Vec<_>>()];
        let rms = 0.003f32;
        let out = rewrite(&*coded, &bytes, &spans, rms);
        let after = decode(&*opened(&out), &out, 0).expect("decoded");
        for (key, span) in KEYS.into_iter().zip(&keys) {
            let (row, column) = tone::row_column(key).expect("a key");
            for hz in [tone::LOW_GROUP_HZ[row], tone::HIGH_GROUP_HZ[column]] {
                let was = dft::sine_dbm0(&unit(&before[span.clone()]), hz, RATE_HZ);
                let is = dft::sine_dbm0(&unit(&after[span.clone()]), hz, RATE_HZ);
                println!("{name} key {hz} Hz: {was:.1} dBm0 before, {is:.1} after");
                // The fill has -44 dBm0 in all; one frequency of it in 70 ms has less, but for one in thousands of times.
                assert!(was > -14.0 && is < -46.0);
            }
            let corr = correlation(&before[span.clone()], &after[span.clone()]);
            println!("{name} key: correlation {corr:.3}");
            assert!(corr.abs() < 0.1);
        }
    }
}

/// Prints how much of a replaced frame is heard behind it: the difference of both decodings, block by block of 20 ms, against the recording.
#[test]
fn how_far_a_replacement_is_heard() {
    let bytes = data("keys.gsm");
    let coded = opened(&bytes);
    let before = decode(&*coded, &bytes, 0).expect("decoded");
    let mut worst = [f64::NEG_INFINITY; 25];
    for frame in 5..90u64 {
        let span = frame * FRAME..frame * FRAME + 1;
        let out = rewrite(&*coded, &bytes, &[vec![span.clone()]], 0.003);
        let after = decode(&*coded, &out, 0).expect("decoded");
        let reach = coded.reach(0, span.clone());
        assert_eq!(reach.start, frame * FRAME);
        assert!(before[..reach.start as usize] == after[..reach.start as usize]);
        let behind = (reach.end - DECODER_MEMORY) as usize;
        for (number, worst) in worst.iter_mut().enumerate() {
            let part = behind + number * 160..behind + (number + 1) * 160;
            let power =
                |x: &mut dyn Iterator<Item = f64>| 10.0 * (x.map(|x| x * x).sum::<f64>() / 160.0 / 32_768f64.powi(2)).max(1e-12).log10();
            let heard = power(&mut before[part.clone()].iter().zip(&after[part]).map(|(a, b)| f64::from(*a) - f64::from(*b)));
            *worst = worst.max(heard);
        }
    }
    for (number, worst) in worst.iter().enumerate() {
        println!("{} ms behind: {worst:.1} dBFS", number * 20);
    }
    // Of this recording; `gsm_memory.rs` has others, in which it is more.
    let reach = (DECODER_MEMORY / FRAME) as usize;
    assert!(worst[..reach].iter().any(|worst| *worst > -30.0) && worst[reach..].iter().all(|worst| *worst < -45.0));
}

#[test]
fn asks_for_the_level_of_each_span_once() {
    let bytes = data("keys.gsm");
    let coded = opened(&bytes);
    let mut asked = Vec::new();
    let mut ask = |channel, start| {
        asked.push((channel, start));
        f32::NAN
    };
    let spans = [vec![100..1_000, 5_000..5_001, 5_002..9_000]];
    let mut to = std::io::Cursor::new(Vec::new());
    coded.rewrite(&mut std::io::Cursor::new(&bytes), &spans, &mut ask, &mut to).expect("written");
    // The second and the third begin in one frame.
    assert_eq!(asked, [(0, 100), (0, 5_000), (0, 5_002)]);
}

#[test]
fn a_file_cut_anywhere_is_not_read() {
    let raw = data("keys.gsm");
    for cut in 0..raw.len() {
        match open(&raw[..cut]) {
            Ok(Some(_)) => assert!(cut % 33 == 0 && cut >= 330, "cut at {cut}"),
            Ok(None) => assert!(cut < 330 || cut % 33 == 0, "cut at {cut}"),
            Err(e) => assert!(matches!(e, CodecError::Truncated { at, .. } if at == cut as u64), "cut at {cut}: {e}"),
        }
    }
    let wav = data("keys-gsm.wav");
    for cut in 0..wav.len() {
        assert!(!matches!(open(&wav[..cut]), Ok(Some(_))), "cut at {cut}");
    }
}

#[test]
fn raw_files_are_signed_to_the_end() {
    let mut bytes = data("keys.gsm");
    let at = 33 * 50;
    bytes[at] ^= 0x10;
    assert!(matches!(open(&bytes), Err(CodecError::Malformed { at: 1_650, .. })));
    // What fails at once is another format.
    bytes[33] ^= 0x10;
    assert!(matches!(open(&bytes), Ok(None)));
}

#[test]
fn refuses_other_forms_by_name() {
    let good = || wave(vec![0; 65 * 4], Some(1_280));
    assert_eq!(opened(&good().bytes()).form().frames, 1_280);
    for (bad, says) in [
        (Wave { channels: 2, ..good() }, "2 channels"),
        (Wave { channels: 0, ..good() }, "0 channels"),
        (Wave { rate_hz: 11_025, ..good() }, "11025 Hz"),
        (Wave { block: 66, ..good() }, "66 bytes"),
        (Wave { extra: vec![160, 0], ..good() }, "160 samples"),
    ] {
        let error = open(&bad.bytes()).err().expect("refused");
        assert!(matches!(error, CodecError::Unsupported { .. }) && error.to_string().contains(says), "{error}");
    }
    assert!(matches!(open(&Wave { tag: 0x32, ..good() }.bytes()), Ok(None)));
}

#[test]
fn a_short_last_block_counts_where_fact_says_so() {
    for (bytes, fact, frames) in [
        (65 + 33, Some(480), Some(480)),
        (65 + 33, Some(400), Some(480)),
        (65 + 33, None, None),
        (65 + 33, Some(320), None),
        (65 + 40, Some(640), None),
    ] {
        let file = wave(vec![0x5a; bytes], fact).bytes();
        assert_eq!(open(&file).ok().flatten().map(|coded| coded.form().frames), frames, "{bytes} bytes, fact {fact:?}");
        if frames.is_some() {
            assert!(survives(&file, &mut Rng::new(1)));
        }
    }
    // A pad byte that was counted, as SoX does.
    let padded = wave(vec![0; 66], Some(300)).bytes();
    let coded = opened(&padded);
    assert_eq!((coded.form().frames, coded.form().notes.len()), (320, 1));
}

#[test]
fn any_bytes_are_survived() {
    let mut read = 0;
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let bytes = mutated(&data(FILES[rng.below(2)]), &mut rng);
        read += usize::from(survives(&bytes, &mut rng));
        let whole = mutated(&wave((0..65 * 12).map(|_| rng.bits() as u8).collect(), Some(3_840)).bytes(), &mut rng);
        read += usize::from(survives(&whole, &mut rng));
        let noise: Vec<u8> = (0..660).map(|_| 0xd0 | rng.bits() as u8 & 15).collect();
        read += usize::from(survives(&noise, &mut rng));
    }
    println!("{read} of 1200 were read");
    assert!(read > 450);
}

/// Makes the files of `tests/data/blocks` where `CARDHUSH_WRITE_DATA` is set, and holds this decoder against SoX (libgsm) on them.
#[test]
#[ignore = "needs sox"]
fn foreign_decoders_agree() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/blocks");
    if std::env::var_os("CARDHUSH_WRITE_DATA").is_some() {
        let source = blocks::to_bytes(&recording().0);
        std::fs::write(
            folder.join("keys.gsm"),
            blocks::sox(&["-t", "s16", "-r", "8000", "-c", "1", "-", "-t", "gsm", "-"], source.clone()),
        )
        .expect("written");
        let wav = folder.join("keys-gsm.wav");
        blocks::sox(&["-t", "s16", "-r", "8000", "-c", "1", "-", "-e", "gsm-full-rate", wav.to_str().expect("text")], source);
        let mut rng = Rng::new(99);
        let random: Vec<u8> = (0..3_300).map(|at| if at % 33 == 0 { 0xd0 | rng.bits() as u8 & 15 } else { rng.bits() as u8 }).collect();
        std::fs::write(folder.join("random.gsm"), random).expect("written");
    }
    for (name, _) in DIGESTS {
        let theirs = blocks::to_samples(&blocks::sox(&[folder.join(name).to_str().expect("text"), "-t", "s16", "-"], Vec::new()));
        println!("{name}: {} samples, {:#018x}", theirs.len(), digest(&theirs));
        let bytes = data(name);
        assert!(decode(&*opened(&bytes), &bytes, 0).expect("decoded") == theirs, "{name}");
    }
}
