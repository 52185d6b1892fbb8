//! Claims: whatever byte of a ledger, an output or an original is changed, it is found, and named; a ledger that was cut off is gone on with; lines cannot be left out, moved or written by others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush_scrub::batch::{Batch, Found, Search, Shard, Where, run};
use cardhush_scrub::ledger::{Against, Key, Ledger, Problem, PublicKey, Verification, verify_ledger};
use cardhush_scrub::{Settings, Tree};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{self, Tone};
use cardhush_testkit::{signal, wav};
use std::fs;
use std::path::{Path, PathBuf};

struct Archive {
    folder: tempfile::TempDir,
    public: PublicKey,
}

impl Archive {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Twelve calls, every third keyed, and two files that are none; scrubbed by one run.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("in/deep")).unwrap();
        for i in 0..12_u64 {
            let mut rng = Rng::new(i);
            let digits = if i % 3 == 0 { "4111#" } else { "" };
            let keys = Tone { level_dbm0: -13.0, on_ms: 70.0, off_ms: 90.0, ..Tone::default() };
            let mut samples = tone::dial(digits, &keys, 8_000, 200.0, &mut rng).samples;
            samples.resize(8_000, 0.0);
            let name = if i % 2 == 0 { format!("in/{i}.wav") } else { format!("in/deep/{i}.wav") };
            let data = signal::to_i16(&samples).into_iter().flat_map(i16::to_le_bytes).collect();
            fs::write(root.join(name), wav::WavFile::new(wav::fmt(1, 1, 8_000, 16), data).to_bytes()).unwrap();
        }
        fs::write(root.join("in/note.txt"), "not a call").unwrap();
        fs::write(root.join("in/cut.wav"), &fs::read(root.join("in/0.wav")).unwrap()[..5_000]).unwrap();
        let key = Key::generate().unwrap();
        key.write(&root.join("key")).unwrap();
        let archive = Self { public: key.public(), folder };
        archive.scrub(archive.key());
        archive
    }

    fn key(&self) -> Option<Key> {
        Some(Key::read(&self.path("key")).unwrap())
    }

    fn scrub(&self, key: Option<Key>) {
        let mut settings = Settings::default();
        settings.spoken = None;
        let to = Where::Folder(self.path("out"));
        let batch = Batch { settings, to, jobs: 2, memory: 0, shard: Shard::default(), sync: false, force: false };
        let mut ledger = Ledger::open(&self.path("ledger.jsonl"), key).unwrap();
        let found = Search::default().folder(&self.path("in"));
        let ran = run(&batch, found, Some(&mut ledger), &|| false, &mut |_| ()).unwrap();
        assert!(ran.totals.balance() && ran.totals.found == 14 && ran.totals.scrubbed == 4 && ran.totals.refused == 2, "{ran:?}");
    }

    /// What is wrong with it: the paths that are named, or `ledger`.
    fn verify(&self) -> (Verification, Vec<String>) {
        let (originals, outputs) = (Some(Tree::Folder(self.path("in"))), Some(Tree::Folder(self.path("out"))));
        let against = Against { originals, outputs, key: Some(self.public), ..Against::default() };
        let mut named = Vec::new();
        let found = verify_ledger(&[self.path("ledger.jsonl")], &against, &|| false, &mut |problem| {
            named.push(match problem {
                Problem::File { path, .. } => (*path).to_owned(),
                _ => "ledger".into(),
            });
        });
        (found.unwrap(), named)
    }
}

/// Every file under a folder, by its path below it.
fn files(folder: &Path) -> Vec<String> {
    Search::default().folder(folder).map(|one| one.unwrap().relative).collect()
}

fn tamper(count: u64) {
    let archive = Archive::new();
    let (found, named) = archive.verify();
    assert!(named.is_empty() && found.signed && found.files == 14, "{found:?} {named:?}");
    let outputs = files(&archive.path("out"));
    assert_eq!(outputs.len(), 12);
    let mut rng = Rng::new(1);
    let mut kinds = [0; 3];
    for turn in 0..count {
        let kind = rng.below(3);
        let pick = |rng: &mut Rng| outputs[rng.below(outputs.len())].clone();
        let (path, name) = match kind {
            0 => (archive.path("ledger.jsonl"), "ledger".to_owned()),
            1 => {
                let name = pick(&mut rng);
                (archive.path("out").join(&name), name)
            }
            _ => {
                let name = pick(&mut rng);
                (archive.path("in").join(&name), name)
            }
        };
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        let at = rng.below(bytes.len());
        changed[at] ^= 1 << rng.below(8);
        fs::write(&path, &changed).unwrap();
        let (_, named) = archive.verify();
        assert!(named.contains(&name), "turn {turn}: byte {at} of {} was changed, and {named:?} was named", path.display());
        fs::write(&path, bytes).unwrap();
        kinds[kind] += 1;
    }
    println!("{count} single bits changed ({kinds:?} in ledger, outputs, originals): all found, each named");
    assert!(archive.verify().1.is_empty());
}

#[test]
fn a_thousand_changed_bytes_are_found_and_named() {
    tamper(1_000);
}

#[test]
fn lines_cannot_be_left_out_moved_or_forged() {
    let archive = Archive::new();
    let path = archive.path("ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let write = |lines: &[&str]| fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let mut moved = lines.clone();
    moved.swap(2, 3);
    let mut without = lines.clone();
    without.remove(4);
    // The end as well: what is behind the last seal is told, and so is that there is none, and a ledger of nothing.
    let short = &lines[..lines.len() - 1];
    for wrong in [&moved[..], &without, short, &[]] {
        write(wrong);
        assert_eq!(archive.verify().1, ["ledger"]);
    }
    write(&lines);
    assert!(archive.verify().1.is_empty());
    // Another's key signs another ledger.
    fs::remove_file(&path).unwrap();
    archive.scrub(Some(Key::generate().unwrap()));
    assert_eq!(archive.verify().1, ["ledger"]);
    fs::remove_file(&path).unwrap();
    archive.scrub(None);
    assert_eq!(archive.verify().1, ["ledger"], "not signed at all");
    // A signed one is not gone on with without its key.
    write(&lines);
    assert!(Ledger::open(&path, None).is_err());
    // What has no line is no output.
    fs::write(archive.path("out/stranger.wav"), "x").unwrap();
    fs::copy(archive.path("in/cut.wav"), archive.path("out/cut.wav")).unwrap();
    let mut named = archive.verify().1;
    named.sort();
    assert_eq!(named, ["cut.wav", "stranger.wav"]);
}

/// Lines whose run was cut off before the outputs had their names: each is looked at before anything is sealed, whatever the next run is about.
#[test]
fn lines_that_did_not_come_true_are_told_before_anything_is_sealed() {
    let archive = Archive::new();
    let (path, out) = (archive.path("ledger.jsonl"), archive.path("out"));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // As if killed before the last seal, with all outputs there: whatever the next run does otherwise, they are what their lines say.
    fs::write(&path, lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    fs::create_dir_all(archive.path("nothing")).unwrap();
    let mut otherwise = Settings::default();
    (otherwise.spoken, otherwise.fill) = (None, cardhush_core::Fill::Silence);
    let batch = Batch {
        settings: otherwise,
        to: Where::Folder(archive.path("elsewhere")),
        jobs: 1,
        memory: 0,
        shard: Shard::default(),
        sync: false,
        force: false,
    };
    let mut ledger = Ledger::open(&path, archive.key()).unwrap();
    run(&batch, Search::default().folder(&archive.path("nothing")), Some(&mut ledger), &|| false, &mut |_| ()).unwrap();
    drop(ledger);
    let (found, named) = archive.verify();
    assert!(named.is_empty() && found.totals.scrubbed == 4 && found.totals.failed == 0, "{found:?} {named:?}");
    // As if killed before the last seal, with one output without its name and one as it was before.
    fs::write(&path, lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    fs::remove_file(out.join("0.wav")).unwrap();
    fs::copy(archive.path("in/6.wav"), out.join("6.wav")).unwrap();
    // Another folder is treated first.
    fs::create_dir_all(archive.path("more")).unwrap();
    fs::copy(archive.path("in/2.wav"), archive.path("more/other.wav")).unwrap();
    let mut settings = Settings::default();
    settings.spoken = None;
    let batch = Batch { settings, to: Where::Folder(out), jobs: 2, memory: 0, shard: Shard::default(), sync: false, force: false };
    let mut ledger = Ledger::open(&path, archive.key()).unwrap();
    run(&batch, Search::default().folder(&archive.path("more")), Some(&mut ledger), &|| false, &mut |_| ()).unwrap();
    drop(ledger);
    let (found, named) = archive.verify();
    // Both are told as failed now: one that is not there is as it should be, and one that is there is not.
    assert_eq!((found.totals.failed, named.contains(&"6.wav".to_owned())), (2, true), "{named:?}");
    fs::remove_file(archive.path("out/6.wav")).unwrap();
    fs::remove_file(archive.path("out/other.wav")).unwrap();
    archive.scrub(archive.key());
    let mut named = archive.verify().1;
    named.dedup();
    assert_eq!(named, ["other.wav"], "its output was taken away, and its original is elsewhere");
}

#[test]
fn a_second_run_changes_nothing_and_a_torn_line_is_written_again() {
    let archive = Archive::new();
    let path = archive.path("ledger.jsonl");
    let before = fs::read(&path).unwrap();
    archive.scrub(archive.key());
    assert!(fs::read(&path).unwrap() == before, "a second run adds nothing");
    let outputs: Vec<_> = files(&archive.path("out")).into_iter().map(|name| fs::read(archive.path("out").join(name)).unwrap()).collect();
    for cut in [before.len() - 1, before.len() / 2, 700, 1, 0] {
        fs::write(&path, &before[..cut]).unwrap();
        archive.scrub(archive.key());
        let again: Vec<_> = files(&archive.path("out")).into_iter().map(|name| fs::read(archive.path("out").join(name)).unwrap()).collect();
        assert!(again == outputs, "cut at {cut}");
        let mut named = Vec::new();
        let against = Against { outputs: Some(Tree::Folder(archive.path("out"))), ..Against::default() };
        let found =
            verify_ledger(std::slice::from_ref(&path), &against, &|| false, &mut |problem| named.push(format!("{problem:?}"))).unwrap();
        assert!(named.is_empty() && found.totals.found == 14, "cut at {cut}: {named:?}");
    }
}

#[test]
fn a_foreign_file_in_the_way_stays() {
    let archive = Archive::new();
    let (out, ledger) = (archive.path("out/0.wav"), archive.path("ledger.jsonl"));
    fs::write(&out, "somebody's").unwrap();
    fs::remove_file(&ledger).unwrap();
    let mut settings = Settings::default();
    settings.spoken = None;
    let to = Where::Folder(archive.path("out"));
    let batch = Batch { settings, to, jobs: 1, memory: 0, shard: Shard::default(), sync: false, force: false };
    let mut ledger = Ledger::open(&ledger, None).unwrap();
    let ran = run(&batch, Search::default().folder(&archive.path("in")), Some(&mut ledger), &|| false, &mut |_| ()).unwrap();
    assert_eq!((ran.totals.failed, ran.totals.found), (1, 14));
    assert_eq!(fs::read_to_string(out).unwrap(), "somebody's");
}

#[test]
fn ledgers_of_several_workers_add_up_to_the_manifest() {
    let archive = Archive::new();
    let path = archive.path("ledger.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    // A worker that was lost: its lines have no seal, and the last one is cut off.
    let unsealed: Vec<&str> = whole.lines().filter(|line| !line.contains("\"type\":\"seal\"")).collect();
    let lost = archive.path("lost.jsonl");
    let text = format!("{}\n{}\n{}\n{}", unsealed[0], unsealed[1], unsealed[2], &unsealed[3][..unsealed[3].len() / 2]);
    fs::write(&lost, text).unwrap();
    let names: Vec<String> = files(&archive.path("in"));
    let manifest = archive.path("manifest");
    fs::write(
        &manifest,
        names.iter().map(|name| format!("{}/{name}\n", archive.path("in").canonicalize().unwrap().display())).collect::<String>(),
    )
    .unwrap();
    let check = |ledgers: &[PathBuf], manifest: &Path| {
        let against = Against { manifest: Some(manifest.into()), outputs: Some(Tree::Folder(archive.path("out"))), ..Against::default() };
        let mut named = Vec::new();
        let found = verify_ledger(ledgers, &against, &|| false, &mut |problem| named.push(format!("{problem:?}"))).unwrap();
        (found, named)
    };
    let (alone, named) = check(std::slice::from_ref(&path), &manifest);
    assert!(named.is_empty(), "{named:?}");
    let (both, named) = check(&[lost.clone(), path.clone()], &manifest);
    assert!(named.is_empty(), "{named:?}");
    assert_eq!((both.totals.found, both.again, both.lost), (alone.totals.found, 2, 1), "nothing counts twice");
    // One that came late, when an original was gone, undoes nothing; by itself it has failed.
    let late = archive.path("late.jsonl");
    let mut settings = Settings::default();
    settings.spoken = None;
    let batch =
        Batch { settings, to: Where::Folder(archive.path("out")), jobs: 1, memory: 0, shard: Shard::default(), sync: false, force: false };
    let (here, away) = (archive.path("in/0.wav"), archive.path("away"));
    fs::rename(&here, &away).unwrap();
    let found = Found::new(&here, &archive.path("in").canonicalize().unwrap(), Path::new("0.wav"));
    let ran = run(&batch, [Ok(found)].into_iter(), Some(&mut Ledger::open(&late, None).unwrap()), &|| false, &mut |_| ()).unwrap();
    assert_eq!((ran.totals.failed, ran.totals.found), (1, 1));
    fs::rename(&away, &here).unwrap();
    let (of_both, named) = check(&[path.clone(), late.clone()], &manifest);
    assert!(named.is_empty(), "{named:?}");
    assert_eq!((of_both.totals, of_both.again), (alone.totals, 1));
    let (of_late, _) = check(&[late], &manifest);
    assert_eq!(of_late.totals.failed, 1);
    // One that saw another recording under that name has something to tell.
    let (other, before) = (archive.path("other.jsonl"), fs::read(&here).unwrap());
    fs::copy(archive.path("in/2.wav"), &here).unwrap();
    let found = Found::new(&here, &archive.path("in").canonicalize().unwrap(), Path::new("0.wav"));
    let ran = run(&batch, [Ok(found)].into_iter(), Some(&mut Ledger::open(&other, None).unwrap()), &|| false, &mut |_| ()).unwrap();
    assert_eq!((ran.totals.failed, ran.totals.found), (1, 1), "what stands there is no output of this ledger");
    fs::write(&here, before).unwrap();
    let (of_both, named) = check(&[path.clone(), other], &manifest);
    assert_eq!(of_both.totals.failed, alone.totals.failed + 1);
    assert!(named.iter().any(|one| one.contains("was not scrubbed, and stands among the outputs")), "{named:?}");
    // Nobody did again what the lost one began.
    let (_, named) = check(
        &[lost.clone(), archive.path("empty.jsonl")].map(|path| {
            if !path.exists() {
                fs::write(&path, "").unwrap();
            }
            path
        }),
        &manifest,
    );
    assert_eq!(named.iter().filter(|one| one.contains("no other has done it again")).count(), 2, "{named:?}");
    assert_eq!(named.iter().filter(|one| one.contains("no ledger has a line of it")).count(), names.len() - 2, "{named:?}");
    // Missed, and not asked for.
    fs::write(&manifest, names.iter().skip(1).map(|name| format!("{name}\n")).chain(["other.wav\n".into()]).collect::<String>()).unwrap();
    let (_, named) = check(&[path], &manifest);
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named.iter().any(|one| one.contains(&names[0]) && one.contains("not in the manifest")), "{named:?}");
    assert!(named.iter().any(|one| one.contains("other.wav") && one.contains("no ledger has a line")), "{named:?}");
}
