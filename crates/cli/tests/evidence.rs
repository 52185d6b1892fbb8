//! Claim: the page, the listening list and the self-test say what the ledger and the files say, escape whatever a file is called, hold no digit, and cry out where a ledger was changed.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use cardhush_testkit::wav::PCM;
use kit::{Call, DIGITS, Folder};
use std::process::Command;

/// A folder with calls, files that are none, and names that want to be markup; scrubbed and signed.
fn archive() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("in")).unwrap();
    for name in ["in/a.wav", "in/<script>alert(1)<br>\"'&.wav"] {
        std::fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
        folder.call(name);
    }
    for number in 0..3 {
        folder.write(&format!("in/none{number}.wav"), Call::without_digits(1, 8_000).wav(PCM, 16).to_bytes());
    }
    for number in 0..12 {
        folder.write(&format!("in/note{number}.txt"), "no WAV");
    }
    folder.run("keygen -o key").exits(0);
    folder.run("scrub in -o out --key key").exits(2);
    folder
}

/// What a page says to people: its text, without markup.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html.split_once("</style>").unwrap().1;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, behind) = tag.split_once('>').unwrap();
        if !["strong", "/strong", "span", "/span", "small"].iter().any(|inline| tag.split(' ').next() == Some(inline)) {
            text.push('\n');
        }
        rest = behind;
    }
    text + rest
}

fn page(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).unwrap()
}

/// Every element that is opened is closed, in order: names of files made none.
fn is_well_formed(html: &str) {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, behind) = tag.split_once('>').unwrap();
        let name = tag.split([' ', '\n']).next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{tag}"),
            None if ["!DOCTYPE", "meta", "br", "img", "input", "link"].contains(&name) => {}
            None => open.push(name),
        }
        rest = behind;
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_page_says_what_the_ledger_says() {
    let folder = archive();
    folder.run("report out/cardhush-ledger.jsonl -o report.html --outputs out --key key.pub").exits(0);
    let html = page(&folder, "report.html");
    let words = words(&html);
    for said in [
        "17 found = 2 scrubbed + 3 with nothing found + 12 refused + 0 failed.",
        "intact",
        "signed by the key given",
        "Sealed to its end.",
        "malformed WAV: no RIFF, RF64 or BW64 form of type WAVE starts here: 12 refused",
        "and 2 more",
        "RIFF, PCM 16-bit, 8000 Hz, 2 channels",
        "keyed",
        "linked",
        "Plan: 5 of 5 calls",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(!words.contains("changed, or is damaged") && !words.contains("Not shown"), "{words}");
    assert_eq!(html.matches("data:image/png").count(), 2);
    is_well_formed(&html);
    for word in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("&lt;br&gt;&quot;'&amp;.wav"), "{html}");
    assert!(!html.contains(DIGITS));
    for word in [" clean", "compliant"] {
        assert!(!words.contains(word), "{word}");
    }
    folder.run("report out/cardhush-ledger.jsonl -o report.html").exits(64);
    folder.run("report out/cardhush-ledger.jsonl -o out/cardhush-ledger.jsonl --force").exits(64);
}

#[test]
fn pictures_are_of_the_ledgers_outputs_alone() {
    let folder = archive();
    folder.run("report out/cardhush-ledger.jsonl -o none.html").exits(0);
    assert_eq!(words(&page(&folder, "none.html")).matches("Not shown: no folder of outputs was given").count(), 2);
    // The recordings themselves, by mistake.
    folder.run("report out/cardhush-ledger.jsonl -o inputs.html --outputs in").exits(0);
    let html = page(&folder, "inputs.html");
    assert_eq!(words(&html).matches("its SHA-256 differs").count(), 2);
    assert!(!html.contains("data:image"));
}

#[test]
fn a_changed_ledger_is_told_at_the_top() {
    let folder = archive();
    let ledger = page(&folder, "out/cardhush-ledger.jsonl");
    let other = {
        folder.run("keygen -o other").exits(0);
        folder.run("report out/cardhush-ledger.jsonl -o other.html --key other.pub").exits(1);
        page(&folder, "other.html")
    };
    folder.write("changed.jsonl", ledger.replacen("\"refused\"", "\"failed\"", 1));
    let ran = folder.run("report changed.jsonl -o changed.html").exits(1);
    assert!(ran.words().contains("changed.jsonl: line"), "{}", ran.words());
    let left_out: String = ledger.lines().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| format!("{line}\n")).collect();
    folder.write("shorter.jsonl", left_out);
    folder.run("report shorter.jsonl -o shorter.html").exits(1);
    for html in [other, page(&folder, "changed.html"), page(&folder, "shorter.html")] {
        let (alert, first) = (html.find("The ledger was changed, or is damaged").unwrap(), html.find("<dl").unwrap());
        assert!(alert < first, "before all figures");
        assert!(words(&html).contains("NOT INTACT"));
    }
    folder.run("sample changed.jsonl -o list.csv").exits(1);
    assert!(!folder.names().contains(&"list.csv".into()));
    // Cut off within its last line, and before its last seal: no change, but not whole.
    folder.write("torn.jsonl", &ledger[..ledger.len() - 20]);
    folder.run("report torn.jsonl -o torn.html").exits(0);
    assert!(words(&page(&folder, "torn.html")).contains("Not sealed to its end"));
}

#[test]
fn a_ledger_with_nothing_in_it_proves_nothing() {
    let folder = Folder::new();
    folder.write("empty.jsonl", "");
    folder.run("report empty.jsonl -o empty.html").exits(0);
    let html = page(&folder, "empty.html");
    is_well_formed(&html);
    assert!(words(&html).contains("Nothing was examined, so nothing is proven."));
    let ran = folder.run("sample empty.jsonl -o list").exits(0);
    assert!(ran.words().contains("there is nothing to listen to"), "{}", ran.words());
    folder.run("report missing.jsonl -o missing.html").exits(2);
    assert!(!folder.names().contains(&"missing.html".into()));
}

#[test]
fn a_file_that_was_treated_twice_counts_once_as_it_ended_last() {
    let folder = archive();
    folder.call("in/note3.txt");
    folder.run("scrub in -o out --key key").exits(2);
    folder.run("report out/cardhush-ledger.jsonl -o report.html --key key.pub").exits(0);
    let words = words(&page(&folder, "report.html"));
    assert!(words.contains("17 found = 3 scrubbed + 3 with nothing found + 11 refused + 0 failed."), "{words}");
}

#[test]
fn a_sample_is_drawn_again_from_its_seed() {
    let folder = archive();
    let ran = folder.run("sample out/cardhush-ledger.jsonl -n 3 --seed s -o list").exits(0);
    assert!(ran.words().contains("2 of 3 calls with nothing found and 1 of 2 scrubbed ones drawn, seed s"), "{}", ran.words());
    folder.run("sample out/cardhush-ledger.jsonl -n 3 --seed s -o again.csv").exits(0);
    let csv = page(&folder, "list/listening.csv");
    assert_eq!(csv, page(&folder, "again.csv"));
    assert_eq!(csv.lines().count(), 4);
    // Who listens is not told how a call ended; by hand, with sha256sum, the same are drawn.
    assert!(!csv.contains("scrubbed") && csv.starts_with("number,path,seconds,output_sha256,heard_card_data_yes_no,"));
    let rank = |name: &str| cardhush_scrub::Sha256::of(format!("s {name}").as_bytes()).to_string();
    let mut none = ["none0.wav", "none1.wav", "none2.wav"];
    none.sort_by_key(|name| rank(name));
    assert!(csv.contains(none[0]) && csv.contains(none[1]) && !csv.contains(none[2]), "{csv}");
    let html = page(&folder, "list/listening.html");
    is_well_formed(&html);
    assert!(words(&html).contains("at most 6") && html.contains("seed <code>s</code>"), "{}", words(&html));
    folder.run("sample out/cardhush-ledger.jsonl -o list.csv").exits(0);
    folder.run("sample out/cardhush-ledger.jsonl -o list.csv").exits(64);
}

#[test]
fn planted_digits_are_gone_and_a_stage_that_is_off_is_found_out() {
    let folder = Folder::new();
    let ran = folder.run("selftest").exits(0);
    for said in ["15 of 15", "16 of 16", "47 of 47 planted keyed digits are gone", "nothing changed outside of what was told"] {
        assert!(ran.text().contains(said) || ran.words().contains(said), "{said}: {}{}", ran.text(), ran.words());
    }
    assert!(folder.names().is_empty());
    let ran = folder.run("selftest --keyed off --policy digits --work work").exits(1);
    assert!(ran.words().contains("keyed digits were not examined"), "{}", ran.words());
    assert_eq!(std::fs::read_dir(folder.path("work")).unwrap().count(), 8);
    for number in ["4111", "3782", "6011", "5555"] {
        assert!(!ran.text().contains(number) && !ran.words().contains(number));
    }
    for (tag, bits, rate_hz) in [(PCM, 16, 44_100), (PCM, 24, 16_000), (7, 8, 8_000)] {
        let mut call = Call::without_digits(2, rate_hz);
        call.channels.iter_mut().for_each(|samples| samples.resize(20 * rate_hz as usize, 0.0));
        folder.write("own.wav", call.wav(tag, bits).to_bytes());
        let ran = folder.run("selftest own.wav").exits(0);
        assert!(ran.words().contains("16 of 16 spoken ones"), "{rate_hz} Hz: {}{}", ran.text(), ran.words());
    }
    folder.write("bad.wav", "no WAV");
    let ran = folder.run("selftest bad.wav").exits(2);
    assert!(ran.text().contains("not tested"), "{}", ran.text());
}

/// Looks at the pages in a browser: `cargo test -p cardhush --test evidence -- --ignored`, with chromium. Screenshots go to the folder that CARDHUSH_SCREENSHOTS names.
#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_the_pages() {
    let folder = archive();
    folder.run("report out/cardhush-ledger.jsonl -o report.html --outputs out --key key.pub").exits(0);
    folder.run("sample out/cardhush-ledger.jsonl -n 3 --seed s -o listening.html").exits(0);
    let keep = std::env::var("CARDHUSH_SCREENSHOTS").ok();
    for name in ["report", "listening"] {
        let url = format!("file://{}", folder.path(&format!("{name}.html")).display());
        let chromium = |arguments: &[String]| {
            let mut command = Command::new("chromium");
            command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]).args(arguments).arg(&url);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        for (what, width) in [("desktop", 1_200), ("phone", 390)] {
            let shot = folder.path(&format!("{name}-{what}.png"));
            chromium(&[format!("--screenshot={}", shot.display()), format!("--window-size={width},4000")]);
            assert!(std::fs::metadata(&shot).unwrap().len() > 20_000, "{name} {what}: next to nothing is shown");
        }
        let pdf = folder.path(&format!("{name}.pdf"));
        chromium(&[format!("--print-to-pdf={}", pdf.display()), "--no-pdf-header-footer".into()]);
        assert!(std::fs::metadata(&pdf).unwrap().len() > 5_000);
        // What the browser made of it: the names of files are text, and nothing was loaded or run.
        let dom = chromium(&["--dump-dom".into()]);
        assert!(!dom.contains("<script") && dom.contains("</html>"), "{dom}");
        if let Some(keep) = &keep {
            for name in folder.names().iter().filter(|name| name.ends_with(".png") || name.ends_with(".pdf")) {
                std::fs::copy(folder.path(name), format!("{keep}/{name}")).unwrap();
            }
        }
    }
}
