//! The policy on calls drawn as text: a line a channel, a column 0.24 s. `d` is a digit, `q` one of a voice much weaker, `?` a word that sounds a little like one, `/` and `\`
//! are the instants at which the caller arms and disarms. The answer has `#` where the channel is masked, which reaches
//! a column behind the last digit, and `x` where what was to be masked had left.

use super::heard::Heard;
use super::window::{Preset, Window};
use crate::spoken::decode::Hit;
use std::{string::String, vec, vec::Vec};

/// Slots of a column; a digit takes the first of them.
const COLUMN: u64 = 12;
const DIGIT: u64 = 10;
/// Slots from a sound to its decision.
const SHIFT: u64 = 15;
/// Columns that an archive's look-ahead amounts to.
const ARCHIVE: u64 = 100_000;

/// What becomes of a call whose audio leaves `look_ahead` columns after it came.
fn masked(preset: Preset, look_ahead: u64, lines: &[&str]) -> Vec<String> {
    let mut window = Window::new(preset);
    let mut channels = vec![Heard::new(); lines.len()];
    let columns: Vec<Vec<char>> = lines.iter().map(|line| line.chars().collect()).collect();
    let width = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut answer: Vec<Vec<char>> = columns.iter().map(|line| vec!['.'; line.len()]).collect();
    for now in 0..width as u64 * COLUMN + 200 {
        let left = (now + SHIFT).saturating_sub(look_ahead * COLUMN);
        for (c, heard) in channels.iter_mut().enumerate() {
            let column = |slot: u64| columns[c].get((slot / COLUMN) as usize).copied().unwrap_or('.');
            match column(now + SHIFT) {
                '/' if (now + SHIFT).is_multiple_of(COLUMN) => window.arm(now + SHIFT),
                '\\' if (now + SHIFT).is_multiple_of(COLUMN) => window.disarm(now + SHIFT),
                _ => {}
            }
            let (worth, loudness) = match column(now) {
                'd' => (1.0, 0.0),
                'q' => (1.0, -3.0),
                '?' => (0.2, 0.0),
                _ => (0.0, 0.0),
            };
            let (start, so_far) = (now / COLUMN * COLUMN, (now % COLUMN + 1).min(DIGIT));
            let hit = (worth > 0.0 && now % COLUMN <= DIGIT).then(|| Hit {
                start,
                from: start,
                end: start + so_far,
                digits: worth * so_far as f32 / DIGIT as f32,
                loudness,
                over: now % COLUMN == DIGIT,
            });
            let asks = [hit.and_then(|hit| heard.hear(&mut window, &hit, left)), heard.hold(&window, now, left)];
            for ask in asks.into_iter().flatten() {
                for (at, mark) in answer[c].iter_mut().enumerate() {
                    let middle = at as u64 * COLUMN + COLUMN / 2;
                    if (ask.from..ask.to).contains(&middle) && *mark == '.' {
                        *mark = match middle {
                            _ if middle >= left => '#',
                            _ if middle >= ask.sounds => 'x',
                            _ => '.',
                        };
                    }
                }
            }
        }
    }
    answer.into_iter().map(|line| line.into_iter().collect()).collect()
}

/// The same of an archive's call, by the preset `card`.
fn card(lines: &[&str]) -> Vec<String> {
    masked(Preset::Card, ARCHIVE, lines)
}

#[test]
fn a_card_is_masked_from_its_first_digit_to_its_last() {
    assert_eq!(card(&["...ddddddddddddddd..."]), ["...################.."]);
    assert_eq!(card(&["...dddd..dddd..dddd..dddd..."]), ["...#######################.."], "groups");
    assert_eq!(card(&["...dddd..........dddd..."]), ["...###################.."], "a pause of 2.4 s");
    assert_eq!(card(&["...dddd............dddd..."]), [".........................."], "of 2.9 s");
}

#[test]
fn what_cannot_be_a_card_stays() {
    assert_eq!(card(&["..dddd.............ddd............dd.."]), ["......................................"], "a year, a number of three");
    assert_eq!(card(&["..?.?.?.?..?.?..?.?.?.?..?..?.."]), ["..............................."], "words that sound like digits");
}

/// What sounds a little like a digit is one next to digits: it may be a teen, a "double", or the first digit, which is heard worst.
#[test]
fn doubtful_words_belong_to_a_card_that_is_near() {
    assert_eq!(card(&["..??.dddd?ddddd..?..."]), ["..#################.."]);
    assert_eq!(card(&["..?........dddddddd........?..."]), ["...........#########..........."]);
}

#[test]
fn shorter_runs_are_masked_behind_a_card_on_every_channel() {
    assert_eq!(
        card(&[
            "dddddddddddddddd.............................dddd..................ddd",
            "......................................dd............................"
        ]),
        [
            "#################............................#####.................###",
            "......................................###..........................."
        ]
    );
    let (card_, pause) = ("dddddddddddddddd", ".".repeat(375));
    assert_eq!(card(&[&[card_, &pause, "ddd"].concat()]), [[&"#".repeat(17), &pause[1..], "..."].concat()], "90 s later");
    assert_eq!(card(&["ddd.............dddddddddddddddd"]), ["................################"], "and not before it");
}

#[test]
fn a_read_back_and_a_second_attempt_are_masked() {
    assert_eq!(
        card(&[
            "dddddddddddddddd......................................dddddd.dd",
            "....................dddd.dddd.dddd.dddd........................"
        ]),
        [
            "#################.....................................#########",
            "....................####################......................."
        ]
    );
}

/// The other party, heard here much weaker, needs more than one word to be masked; a card that it reads is.
#[test]
fn of_a_weaker_voice_more_evidence_is_asked() {
    assert_eq!(
        card(&["dddddddddddddddd.............q.............d..............qqqqqqqqqqqqq...."]),
        ["#################..........................##.............##############..."]
    );
    assert_eq!(card(&["ddddddddqqqdqqqq............."]), ["#################............"], "a voice that fades is one");
}

/// Said without a pause a whole number is one hit: it is masked from its second digit on, not from its last.
#[test]
fn of_a_weaker_voice_a_fluent_number_is_masked_while_it_is_said() {
    let (mut window, mut heard) = (Window::new(Preset::Card), Heard::new());
    heard.hear(&mut window, &Hit { start: 0, from: 0, end: 20, digits: 1.0, loudness: 0.0, over: true }, 0);
    let masked = (0..320).find(|slots| {
        let digits = *slots as f32 / 20.0;
        heard.hear(&mut window, &Hit { start: 500, from: 500, end: 500 + slots, digits, loudness: -3.0, over: false }, 0).is_some()
    });
    assert_eq!(masked, Some(90), "at the digit that makes it a card");
}

/// What began a moment before a card was known on another channel belongs to it, whether it goes on or not.
#[test]
fn a_run_beside_a_card_counts_once_the_card_is_known() {
    for line in [".......d........", "......d........."] {
        let answer = card(&["....dddddd......", line]);
        assert!(answer[1].contains('#'), "{answer:?}");
    }
}

#[test]
fn digits_takes_every_run_of_three() {
    assert_eq!(masked(Preset::Digits, ARCHIVE, &["..ddd............dd.............dddd"]), ["..####..........................####"]);
}

#[test]
fn armed_takes_what_is_said_while_the_caller_says_so() {
    let said = "ddddddd............/...dd.....ddd....\\.............dddddddd";
    let gone = ".......................###########.........................";
    assert_eq!(masked(Preset::Armed, ARCHIVE, &[said]), [gone]);
    let said = "ddd............/...dd............\\...d............/..d............\\....dd";
    let gone = "...................###...............................##..................";
    assert_eq!(card(&[said]), [gone], "beside what is a card");
}

/// A run that is not over when the caller arms is masked whole, and so is one that has begun when the caller disarms.
#[test]
fn arming_cuts_no_run_in_two() {
    assert_eq!(masked(Preset::Armed, ARCHIVE, &["..dddddd...", "...../....."]), ["..#######..", "..........."]);
    assert_eq!(masked(Preset::Armed, ARCHIVE, &["..dddddd...", ".../.\\....."]), ["..#######..", "..........."]);
    assert_eq!(
        masked(Preset::Armed, ARCHIVE, &["..ddd...............ddd..", "......../....\\..........."]),
        [".".repeat(25), ".".repeat(25)]
    );
}

/// A transcript is read a little ahead of the sound: the card that it tells of takes nothing from one that was heard.
#[test]
fn a_card_in_a_transcript_comes_on_top_of_one_that_was_heard() {
    let hit = |start: u64, digits: f32| Hit { start, from: start, end: start + 10, digits, loudness: 0.0, over: true };
    let (mut window, mut heard) = (Window::new(Preset::Card), Heard::new());
    let asks: Vec<bool> = [100, 120, 140].map(|start| heard.hear(&mut window, &hit(start, 2.0), 0).is_some()).into();
    assert_eq!(asks, [false, false, true]);
    assert!(heard.read(&mut window, &hit(1_000, 16.0), 0).is_some());
    assert!(heard.hear(&mut window, &hit(700, 1.0), 0).is_some(), "a code between the two");
    assert!(heard.hear(&mut window, &hit(3_000, 1.0), 0).is_some(), "and behind both");
}

/// The truncation rule lets six digits of a card be seen: with any look-ahead, no more are audible.
#[test]
fn live_no_more_than_six_digits_of_a_card_leave() {
    let call = "....dddd.dddd...dddd.dddd.....";
    for look_ahead in [0, 1, 2, 4, 8, 16, 34] {
        let answer = masked(Preset::Card, look_ahead, &[call]);
        let audible = call.chars().zip(answer[0].chars()).filter(|(said, mark)| *said == 'd' && *mark != '#').count();
        assert!(audible <= 6, "{look_ahead} columns: {audible} digits in {}", answer[0]);
        let silent = call.chars().zip(answer[0].chars()).filter(|(said, mark)| *said == 'd' && *mark == '.').count();
        assert_eq!(silent, 0, "{look_ahead} columns: left in silence");
    }
}

/// With enough look-ahead a live call is masked as an archive's is; with less, the pauses of a card are masked because they leave first.
#[test]
fn live_equals_the_archive_where_the_look_ahead_suffices() {
    let call = "....dddd.......dddd..dddd..dddd....................";
    let archive = card(&[call]);
    assert_eq!(masked(Preset::Card, 40, &[call]), archive);
    let live = masked(Preset::Card, 2, &[call]);
    let covers = |live: &str, archive: &str| live.chars().zip(archive.chars()).all(|(live, archive)| archive == '.' || live != '.');
    assert!(covers(&live[0], &archive[0]) && live[0].ends_with("#.........."), "{}", live[0]);
}
