//! Claim: outside of the reported spans every byte of the file is what it was, in every format; inside them nothing of a digit is left.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::{PCM, ULAW, WavFile, fmt_extensible};
use kit::{CODINGS, Call, Folder, redactions, without};

/// Scrubs a file and compares the two.
fn check(file: &WavFile, call: &Call, what: &str) {
    let folder = Folder::new();
    let before = file.to_bytes();
    folder.write("in.wav", &before);
    folder.run("scrub in.wav -o out.wav --report report.jsonl").exits(0);
    let after = folder.read("out.wav");
    let found = redactions(&folder.lines("report.jsonl"));
    for (channel, keys) in (0..call.channels.len()).flat_map(|channel| call.keys.iter().map(move |keys| (channel, keys))) {
        let covered = found.iter().any(|(on, span)| *on == channel && span.start <= keys.start && keys.end <= span.end);
        assert!(covered, "{what}: a digit at {keys:?} on channel {channel} is not covered");
    }
    assert_eq!(folder.read("in.wav"), before, "{what}: the input");
    assert_ne!(after, before, "{what}: nothing was replaced");
    assert!(without(after, file, &found) == without(before, file, &found), "{what}: a byte outside of the reported spans differs");
    folder.run("verify in.wav out.wav --report report.jsonl").exits(0);
    assert_eq!(folder.names(), ["in.wav", "out.wav", "report.jsonl"]);
}

#[test]
fn every_coding_and_rate() {
    for (at, (tag, bits, name)) in CODINGS.into_iter().enumerate() {
        let rate_hz = [8_000, 16_000, 44_100, 48_000, 11_025][at % 5];
        let call = Call::new(1 + at % 3, rate_hz);
        check(&call.wav(tag, bits), &call, &format!("{name} at {rate_hz} Hz"));
    }
}

#[test]
fn every_container() {
    let call = Call::new(2, 8_000);
    let plain = call.wav(PCM, 16);
    let odd = vec![(*b"bext", vec![7; 603]), (*b"LIST", b"INFOISFT\x03\0\0\0abc\0".to_vec()), (*b"vndr", vec![0xFF; 1])];
    check(&WavFile { form: *b"RF64", ..plain.clone() }, &call, "RF64");
    check(&WavFile { form: *b"BW64", after: odd.clone(), ..plain.clone() }, &call, "BW64 with chunks behind the data");
    check(&WavFile { first: odd.clone(), before: odd.clone(), after: odd, ..plain.clone() }, &call, "odd chunks everywhere");
    check(&WavFile { data_len: Some(0), form_len: Some(0), ..plain.clone() }, &call, "streamed with zeros");
    check(&WavFile { data_len: Some(u32::MAX), form_len: Some(u32::MAX), ..plain.clone() }, &call, "streamed with ones");
    check(&WavFile { fmt: fmt_extensible(PCM, 2, 8_000, 16, 16), ..plain }, &call, "extensible");
    let mut unfinished = call.wav(ULAW, 8);
    unfinished.data.push(0x55);
    check(&unfinished, &call, "a last frame that is unfinished");
}

#[test]
fn eight_channels_and_masks_by_hand() {
    let call = Call::new(8, 8_000);
    let file = call.wav(PCM, 24);
    let folder = Folder::new();
    folder.write("in.wav", file.to_bytes());
    folder.write("log", "# paused\n3:0.05-0.1\n*:@0-@100\n");
    folder.run("scrub in.wav -o out.wav --report report.jsonl --channels own --mask 7:@100-end --mask-file log --fill silence").exits(0);
    let found = redactions(&folder.lines("report.jsonl"));
    assert!(found.contains(&(3, 400..800)) && found.contains(&(5, 0..100)), "{found:?}");
    assert!(found.contains(&(7, 0..call.channels[7].len())), "{found:?}");
    assert!(without(folder.read("out.wav"), &file, &found) == without(file.to_bytes(), &file, &found));
    let at = file.data_at() + 500 * 24 + 3 * 3;
    assert_eq!(folder.read("out.wav")[at..at + 3], [0, 0, 0], "filled with silence");
}

#[test]
fn a_call_without_digits_comes_back_as_it_was() {
    let file = Call::without_digits(2, 8_000).wav(PCM, 16);
    let folder = Folder::new();
    folder.write("in.wav", file.to_bytes());
    let ran = folder.run("scrub in.wav -o out.wav --report report.jsonl").exits(0);
    assert!(folder.read("out.wav") == file.to_bytes());
    assert_eq!(folder.lines("report.jsonl")[0]["outcome"], "nothing found");
    assert!(
        ran.words().contains("nothing found; keyed digits were looked for, spoken ones were listened for (policy card)"),
        "{}",
        ran.words()
    );
    folder.run("scrub in.wav --in-place").exits(0);
    assert!(folder.read("in.wav") == file.to_bytes());
}
