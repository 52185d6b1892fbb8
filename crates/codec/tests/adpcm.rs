//! IMA and Microsoft ADPCM in WAVE: decoded bit by bit as SoX does, blocks of a channel replaced and nothing else, and what was replaced is gone.
#![allow(clippy::expect_used, clippy::single_range_in_vec_init, reason = "a test's helpers may panic too, and a list of one span is meant")]

mod blocks;

use std::ops::Range;

use blocks::{
    KEYS, RATE_HZ, Wave, correlation, data, decode, digest, mutated, only_blocks_changed, open, opened, random_spans, recording, rewrite,
    survives, unit,
};
use cardhush_codec::CodecError;
use cardhush_testkit::{dft, rng::Rng, tone};

const IMA: u16 = 0x11;
const MS: u16 = 2;

/// What SoX 14.4.2 makes of the files (`sox -D FILE -t s16 -`; libsndfile 1.2.2 the same): `foreign_decoders_agree` compares again.
const DIGESTS: [(&str, u64); 4] = [("ima1.wav", IMA1), ("ima2.wav", IMA2), ("ms1.wav", MS1), ("ms2.wav", MS2)];
const IMA1: u64 = 0x1823_3353_b5ed_7e25;
const IMA2: u64 = 0x7957_1d20_07bf_d1aa;
const MS1: u64 = 0xef08_c877_b943_6d8d;
const MS2: u64 = 0xf1d8_b8ce_8913_88dc;

/// How far the second channel of the files with two is behind the first.
const LATER: usize = 1_000;

fn standard() -> Vec<u8> {
    [7i16, 256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232].iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A file of random samples with headers in order; the last block has this many bytes less.
fn random_file(tag: u16, channels: u16, rng: &mut Rng, short: usize) -> Wave {
    let c = usize::from(channels);
    let (block, frames) = match tag {
        IMA => (4 * c * (1 + 16), 16 * 8 + 1),
        _ => (7 * c + 60 * c, 60 * 2 + 2),
    };
    let count = 12;
    let mut bytes: Vec<u8> = (0..block * count).map(|_| rng.bits() as u8).collect();
    for block in bytes.chunks_mut(block) {
        match tag {
            IMA => (0..c).for_each(|channel| block[4 * channel + 2] %= 89),
            _ => (0..c).for_each(|channel| block[channel] %= 7),
        }
    }
    bytes.truncate(block * count - short);
    let mut extra = (frames as u16).to_le_bytes().to_vec();
    if tag == MS {
        extra.extend(standard());
    }
    Wave {
        tag,
        channels,
        rate_hz: RATE_HZ,
        block: block as u16,
        bits: 4,
        extra,
        fact: Some((frames * (count - 1)) as u32 + 1),
        data: bytes,
    }
}

/// The decoders once more, written from the standards' formulas with division and remainders, one sample at a time.
mod naive {
    pub fn ima(block: &[u8], channels: usize) -> Vec<Vec<i64>> {
        const INDEX: [i64; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];
        let frames = (block.len() / channels - 4) * 2 + 1;
        (0..channels)
            .map(|c| {
                let mut value = i64::from(i16::from_le_bytes([block[4 * c], block[4 * c + 1]]));
                let mut index = i64::from(block[4 * c + 2]);
                let mut out = vec![value];
                for n in 0..frames - 1 {
                    let byte = block[4 * channels + (n / 8) * 4 * channels + 4 * c + (n % 8) / 2];
                    let code = i64::from(if n % 2 == 0 { byte % 16 } else { byte / 16 });
                    let step = super::STEPS[index as usize];
                    let mut size = step / 8;
                    for (bit, part) in [(4, step), (2, step / 2), (1, step / 4)] {
                        size += if code / bit % 2 == 1 { part } else { 0 };
                    }
                    value = (value + if code >= 8 { -size } else { size }).clamp(-32_768, 32_767);
                    index = (index + INDEX[(code % 8) as usize]).clamp(0, 88);
                    out.push(value);
                }
                out
            })
            .collect()
    }

    pub fn ms(block: &[u8], channels: usize) -> Vec<Vec<i64>> {
        const PAIRS: [[f64; 2]; 7] = [[256., 0.], [512., -256.], [0., 0.], [192., 64.], [240., 0.], [460., -208.], [392., -232.]];
        const ADAPT: [f64; 16] = [230., 230., 230., 230., 307., 409., 512., 614., 768., 614., 512., 409., 307., 230., 230., 230.];
        let word = |at: usize| f64::from(i16::from_le_bytes([block[at], block[at + 1]]));
        (0..channels)
            .map(|c| {
                let pair = PAIRS[usize::from(block[c])];
                let mut step = word(channels + 2 * c);
                let (mut last, mut before) = (word(3 * channels + 2 * c), word(5 * channels + 2 * c));
                let mut out = vec![before as i64, last as i64];
                for n in (c..(block.len() - 7 * channels) * 2).step_by(channels) {
                    let byte = block[7 * channels + n / 2];
                    let code = if n % 2 == 0 { byte / 16 } else { byte % 16 };
                    let signed = f64::from(code) - if code >= 8 { 16.0 } else { 0.0 };
                    let sample = (((last * pair[0] + before * pair[1]) / 256.0).floor() + signed * step).clamp(-32_768.0, 32_767.0);
                    step = (step * ADAPT[usize::from(code)] / 256.0).floor().max(16.0);
                    (before, last) = (last, sample);
                    out.push(sample as i64);
                }
                out
            })
            .collect()
    }
}

/// The table of the standard as DVI4 of RFC 3551 prints it.
const STEPS: [i64; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157,
    173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707,
    1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
    15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

#[test]
fn decodes_to_the_bits_of_sox() {
    for (name, expected) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        let coding = if name.starts_with("ima") { "IMA ADPCM" } else { "MS ADPCM" };
        assert_eq!((coded.form().coding, coded.form().rate_hz, coded.joint()), (coding, RATE_HZ, false));
        assert!(coded.form().notes.is_empty(), "{:?}", coded.form().notes);
        let pcm = decode(&*coded, &bytes, 0).expect("decoded");
        assert_eq!(digest(&pcm), expected, "{name}: {:#018x}", digest(&pcm));
    }
}

#[test]
fn decodes_any_bits_as_the_formulas_say() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        for (tag, most) in [(IMA, 8), (MS, 2)] {
            let file = random_file(tag, 1 + rng.below(most) as u16, &mut rng, 0);
            let c = usize::from(file.channels);
            let bytes = file.bytes();
            let got = decode(&*opened(&bytes), &bytes, 0).expect("decoded");
            let mut expected: Vec<Vec<i64>> = vec![Vec::new(); c];
            for block in file.data.chunks(file.block.into()) {
                let channels = if tag == IMA { naive::ima(block, c) } else { naive::ms(block, c) };
                expected.iter_mut().zip(channels).for_each(|(all, part)| all.extend(part));
            }
            for (channel, expected) in expected.iter().enumerate() {
                let got: Vec<i64> = got.iter().skip(channel).step_by(c).map(|x| i64::from(*x)).collect();
                assert!(&got == expected, "seed {seed}, tag {tag}, channel {channel} of {c}");
            }
        }
    }
}

#[test]
fn begins_anywhere_with_the_same_bits() {
    let mut rng = Rng::new(7);
    for (name, _) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        let all = decode(&*coded, &bytes, 0).expect("decoded");
        let c = usize::from(coded.form().channels);
        for _ in 0..100 {
            let from = rng.below(all.len() / c + 1);
            assert!(decode(&*coded, &bytes, from as u64).expect("decoded") == all[from * c..], "{name} from {from}");
        }
        assert!(decode(&*coded, &bytes, u64::MAX).expect("decoded").is_empty());
    }
}

#[test]
fn writes_the_same_file_where_nothing_is_asked() {
    for (name, _) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        for spans in [vec![], vec![vec![]], vec![vec![500..500]], vec![vec![], vec![], vec![0..900]]] {
            assert!(rewrite(&*coded, &bytes, &spans, 0.1) == bytes);
            assert!(coded.changed(&spans).is_empty());
        }
    }
}

/// Channels without a span, and blocks without one, decode to what they were; of the rest nothing stays: any other bits in its place give the same
/// output.
#[test]
fn replaces_blocks_of_a_channel_and_nothing_else() {
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let (tag, most) = [(IMA, 8), (MS, 2)][rng.below(2)];
        let channels = 1 + rng.below(most) as u16;
        let c = usize::from(channels);
        let short = if tag == IMA { 4 * c * rng.below(16) } else { c * rng.below(60) };
        let file = random_file(tag, channels, &mut rng, short);
        let bytes = file.bytes();
        let coded = opened(&bytes);
        let frames = coded.form().frames;
        let block_frames = u64::from(u16::from_le_bytes([file.extra[0], file.extra[1]]));
        let spans: Vec<Vec<Range<u64>>> = (0..c).map(|_| if rng.below(3) == 0 { vec![] } else { random_spans(frames, &mut rng) }).collect();
        let out = rewrite(&*coded, &bytes, &spans, 0.003);
        only_blocks_changed(&bytes, &spans, &out, &*coded);

        let (before, after) = (decode(&*coded, &bytes, 0).expect("decoded"), decode(&*opened(&out), &out, 0).expect("decoded"));
        let gone = |channel: usize, frame: u64| {
            let block = frame / block_frames * block_frames..(frame / block_frames + 1) * block_frames;
            spans[channel].iter().any(|span| span.start < block.end && span.end > block.start)
        };
        for (at, (before, after)) in before.iter().zip(&after).enumerate() {
            let (channel, frame) = (at % c, (at / c) as u64);
            if gone(channel, frame) {
                // Fill of -50 dBFS, and what four bits miss of it.
                assert!(after.unsigned_abs() < 400, "seed {seed}: {after} at {frame}");
            } else {
                assert_eq!(before, after, "seed {seed}, tag {tag}, channel {channel} of {c}, frame {frame}");
            }
        }
        for (channel, spans) in spans.iter().enumerate() {
            for span in spans {
                let reach = coded.reach(channel as u8, span.clone());
                assert!(reach.start <= span.start && reach.end >= span.end && gone(channel, reach.start) && gone(channel, reach.end - 1));
                assert!(reach.start % block_frames == 0 && (reach.end % block_frames == 0 || reach.end == frames));
            }
        }

        // All of a block, where all of its channels go.
        let whole: Vec<_> = spans.iter().map(|_| spans[0].clone()).collect();
        let mut other = bytes.clone();
        for change in coded.changed(&whole) {
            for byte in &mut other[change.before.start as usize..change.before.end as usize] {
                *byte ^= rng.bits() as u8;
            }
        }
        // Headers in order, so that the other one can be opened as well.
        let first = bytes.len() - file.data.len() - (file.data.len() % 2);
        for at in (0..file.data.len()).step_by(file.block.into()) {
            let places = if tag == IMA { (0..c).map(|n| 4 * n + 2).collect::<Vec<_>>() } else { (0..c).collect() };
            for place in places {
                other[first + at + place] = bytes[first + at + place];
            }
        }
        assert!(
            rewrite(&*opened(&other), &other, &whole, 0.003) == rewrite(&*coded, &bytes, &whole, 0.003),
            "seed {seed}: the output depends on what was replaced"
        );
    }
}

#[test]
fn what_was_replaced_is_not_heard() {
    let (_, keys) = recording();
    for (name, _) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        let c = usize::from(coded.form().channels);
        let spans: Vec<Vec<Range<u64>>> = (0..c)
            .map(|channel| keys.iter().map(|span| (span.start + channel * LATER) as u64..(span.end + channel * LATER) as u64).collect())
            .collect();
        let rms = 0.003;
        let out = rewrite(&*coded, &bytes, &spans, rms);
        let (before, after) = (decode(&*coded, &bytes, 0).expect("decoded"), decode(&*opened(&out), &out, 0).expect("decoded"));
        for (channel, spans) in spans.iter().enumerate() {
            let [before, after] = [&before, &after].map(|x| x.iter().skip(channel).step_by(c).copied().collect::<Vec<_>>());
            for (key, span) in KEYS.into_iter().zip(spans) {
                let span = span.start as usize..span.end as usize;
                let (row, column) = tone::row_column(key).expect("a key");
                for hz in [tone::LOW_GROUP_HZ[row], tone::HIGH_GROUP_HZ[column]] {
                    let was = dft::sine_dbm0(&unit(&before[span.clone()]), hz, RATE_HZ);
                    let is = dft::sine_dbm0(&unit(&after[span.clone()]), hz, RATE_HZ);
                    // The fill has -44 dBm0 in all.
                    assert!(was > -11.0 && is < -50.0, "{name}, key: {was:.1} dBm0 before, {is:.1} after");
                }
                let corr = correlation(&before[span.clone()], &after[span.clone()]);
                assert!(corr.abs() < 0.1, "{name}: correlation {corr:.3}");
                let got = (unit(&after[span]).iter().map(|x| x * x).sum::<f64>() / 560.0).sqrt();
                assert!((20.0 * (got / f64::from(rms)).log10()).abs() < 1.5, "{name}: fill of RMS {got:.4}, asked {rms}");
            }
        }
    }
}

#[test]
fn silence_is_silent() {
    for (name, _) in DIGESTS {
        let bytes = data(name);
        let coded = opened(&bytes);
        let frames = coded.form().frames;
        let out = rewrite(&*coded, &bytes, &vec![vec![0..frames]; coded.form().channels.into()], 0.0);
        assert!(decode(&*opened(&out), &out, 0).expect("decoded").iter().all(|x| *x == 0), "{name}");
    }
}

#[test]
fn a_file_cut_anywhere_is_not_read() {
    for (name, _) in DIGESTS {
        let bytes = data(name);
        for cut in (0..bytes.len()).filter(|cut| *cut < 600 || cut % 41 == 0 || *cut + 200 > bytes.len()) {
            assert!(!matches!(open(&bytes[..cut]), Ok(Some(_))), "{name} cut at {cut}");
        }
        let error = open(&bytes[..9_000]).err().expect("refused");
        assert!(matches!(error, CodecError::Truncated { at: 9_000, .. }), "{error}");
    }
}

#[test]
fn a_streamed_header_is_read_to_the_end() {
    for (name, _) in DIGESTS {
        let bytes = data(name);
        let data_at = bytes.windows(4).position(|id| id == b"data").expect("data");
        let fact_at = bytes.windows(4).position(|id| id == b"fact").expect("fact");
        for open_length in [u32::MAX, 0, 0x7fff_ffff] {
            let mut streamed = bytes.clone();
            streamed[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
            streamed[data_at + 4..data_at + 8].copy_from_slice(&open_length.to_le_bytes());
            streamed[fact_at + 8..fact_at + 12].fill(0);
            let coded = opened(&streamed);
            assert_eq!(coded.form().frames, opened(&bytes).form().frames);
            assert!(coded.form().notes[0].contains("streamed header"));
            // Nothing but whole blocks tells a cut then.
            streamed.pop();
            assert!(matches!(open(&streamed), Err(CodecError::Truncated { .. })));
        }
    }
}

#[test]
fn refuses_by_name_what_decoders_take_differently() {
    let mut rng = Rng::new(3);
    let refused = |file: &Wave, says: &str| {
        let error = open(&file.bytes()).err().expect("refused");
        assert!(error.to_string().contains(says), "{error}");
    };
    for tag in [IMA, MS] {
        let good = random_file(tag, 2, &mut rng, 0);
        let like = |file: &Wave| Wave { extra: file.extra.clone(), data: file.data.clone(), ..*file };
        assert_eq!(opened(&good.bytes()).form().frames, 12 * if tag == IMA { 129 } else { 122 });
        refused(&Wave { channels: 9, ..like(&good) }, "9 channels");
        refused(&Wave { channels: 0, ..like(&good) }, "0 channels");
        refused(&Wave { bits: 3, ..like(&good) }, "3 bits");
        refused(&Wave { rate_hz: 0, ..like(&good) }, "0 Hz");
        refused(&Wave { block: good.block + 8, ..like(&good) }, "samples a block");
        refused(&Wave { block: 0, ..like(&good) }, "blocks of 0 bytes");
        let mut wrong = like(&good);
        wrong.data[usize::from(good.block) * 3 + if tag == IMA { 2 } else { 1 }] = 89;
        refused(&wrong, "89");
        // As many bytes as can be, so that a block is cut.
        let mut short = like(&good);
        short.fact = None;
        short.data.truncate(good.data.len() - 8);
        refused(&short, "ends within its audio");
        short.fact = Some(1);
        refused(&short, "ends within its audio");
    }
    let mut ms = random_file(MS, 1, &mut rng, 0);
    ms.extra[2] = 8;
    refused(&ms, "8 pairs of coefficients declared, 7 present");
    ms.extra[2] = 0;
    refused(&ms, "0 pairs");
}

/// What no chunk claims, or more than one could, may be audio that nobody looks at.
#[test]
fn refuses_what_may_hold_audio_besides() {
    let mut rng = Rng::new(4);
    let good = random_file(IMA, 1, &mut rng, 0).bytes();
    let with = |tail: &[u8]| {
        let mut bytes = [&good, tail].concat();
        let len = bytes.len() as u32 - 8;
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        open(&bytes).map(|coded| coded.expect("known").form().notes.len()).map_err(|e| e.to_string())
    };
    assert_eq!(with(b""), Ok(0));
    assert_eq!(with(b"LIST\x04\0\0\0INFO"), Ok(0));
    assert_eq!(with(b"odd \x03\0\0\0abc\0odd \x01\0\0\0a"), Ok(1));
    assert_eq!(with(&[0; 500]), Ok(1));
    assert_eq!(with(b"seven!!"), Ok(1));
    for (tail, says) in [
        (&b"data\x04\0\0\0abcd"[..], "a second `data`"),
        (b"fmt \x04\0\0\0abcd", "a second `fmt `"),
        (b"RIFF\x04\0\0\0WAVE", "a second `RIFF`"),
        (b"LIST\x08\0\0\0wavlabcd", "wavl"),
        (b"abcd\xff\xff\0\0abcd", "declares 65535 bytes"),
        (&[0x99; 44], "44 bytes to the end belong to no chunk"),
    ] {
        let error = with(tail).expect_err("refused");
        assert!(error.contains(says), "{error}");
    }
    // A form that is longer than the file was cut; one that is shorter is followed by its chunks.
    let mut form = good.clone();
    form[4] = form[4].wrapping_add(2);
    assert!(matches!(open(&form), Err(CodecError::Truncated { .. })));
    form[4] = form[4].wrapping_sub(4);
    assert_eq!(opened(&form).form().notes.len(), 1);
}

/// Coefficients count as they stand in the file, and fill finds its way with any of them.
#[test]
fn other_coefficients_are_honoured() {
    let mut rng = Rng::new(8);
    for pairs in [vec![[0i16, 0]], vec![[256, 0], [-256, 0]], vec![[32_767, 32_767], [-32_768, -32_768]]] {
        let mut file = random_file(MS, 2, &mut rng, 0);
        file.extra.truncate(2);
        file.extra.extend((pairs.len() as u16).to_le_bytes());
        file.extra.extend(pairs.iter().flatten().flat_map(|value| value.to_le_bytes()));
        let block = usize::from(file.block);
        file.data.chunks_mut(block).for_each(|block| block[..2].iter_mut().for_each(|number| *number %= pairs.len() as u8));
        let bytes = file.bytes();
        assert!(survives(&bytes, &mut rng));
        let coded = opened(&bytes);
        let out = rewrite(&*coded, &bytes, &[vec![0..1_464], vec![0..1_464]], 0.0);
        assert!(decode(&*coded, &out, 0).expect("decoded").iter().all(|x| *x == 0));
    }
}

#[test]
fn any_bytes_are_survived() {
    let mut read = 0;
    for seed in 0..1_500 {
        let mut rng = Rng::new(seed);
        let (tag, most) = [(IMA, 8), (MS, 2)][rng.below(2)];
        let channels = 1 + rng.below(most) as u16;
        let bytes = mutated(&random_file(tag, channels, &mut rng, 0).bytes(), &mut rng);
        read += usize::from(survives(&bytes, &mut rng));
    }
    println!("{read} of 1500 were read");
    assert!(read > 150);
}

/// Makes the files of `tests/data/blocks` where `CARDHUSH_WRITE_DATA` is set, and holds these decoders against SoX on them.
#[test]
#[ignore = "needs sox"]
fn foreign_decoders_agree() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/blocks");
    if std::env::var_os("CARDHUSH_WRITE_DATA").is_some() {
        let (x, _) = recording();
        let two: Vec<i16> = (0..x.len()).flat_map(|i| [x[i], if i < LATER { 0 } else { x[i - LATER] }]).collect();
        for (name, _) in DIGESTS {
            let coding = if name.starts_with("ima") { "ima-adpcm" } else { "ms-adpcm" };
            let (channels, samples) = if name.contains('2') { ("2", &two) } else { ("1", &x) };
            let path = folder.join(name);
            blocks::sox(
                &["-t", "s16", "-r", "8000", "-c", channels, "-", "-e", coding, path.to_str().expect("text")],
                blocks::to_bytes(samples),
            );
        }
    }
    for (name, _) in DIGESTS {
        let theirs = blocks::to_samples(&blocks::sox(&[folder.join(name).to_str().expect("text"), "-t", "s16", "-"], Vec::new()));
        println!("{name}: {} samples, {:#018x}", theirs.len(), digest(&theirs));
        let bytes = data(name);
        assert!(decode(&*opened(&bytes), &bytes, 0).expect("decoded") == theirs, "{name}");
    }
}
