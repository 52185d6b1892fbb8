//! What was looked for and what was not, how to check it by listening, how it was measured, and what is not claimed.

use super::{number, percent};
use crate::evidence::{Tally, at_most};
use crate::ledger::Opened;
use maud::{Markup, html};

/// Calls that the plan asks people to listen to.
const LISTENED: u64 = 300;

/// What was looked for, of all runs, and what was not.
pub fn looked_for(tally: &Tally) -> Markup {
    let any = |what: &dyn Fn(&Opened) -> bool| tally.runs.iter().any(|runs| what(&runs.opened));
    let keyed_off = any(&|opened| opened.examined.keyed != "examined");
    let spoken_off = any(&|opened| opened.examined.spoken != "examined");
    html! {
        h2 #looked-for { "What was looked for, and what was not" }
        h3 { "Looked for" }
        ul {
            @if any(&|opened| opened.examined.keyed == "examined") { li { "keyed digits (DTMF tones), also fragments, weak, bent and twisted ones, and their copies on other channels" @if keyed_off { ": " strong { "not in all runs" } } } }
            @if any(&|opened| opened.examined.spoken == "examined") { li { "spoken digits in English, by a small network, where they can be part of what the policy names" @if spoken_off { ": " strong { "not in all runs" } } } }
            @if tally.runs.is_empty() { li { "nothing: there was no run" } }
        }
        h3 { "Not looked for" }
        ul {
            @if keyed_off { li { strong { "keyed digits, in the runs whose settings say so above" } } }
            @if spoken_off { li { strong { "spoken digits, in the runs whose settings say so above" } } }
            li { "digits in other languages than English" }
            li { "spoken digits that the policy does not take, such as two or three by themselves" }
            li { "names, addresses and other particulars" }
            li { "card data outside of the audio: file names, metadata inside of files, screen recordings, databases" }
            li { "files that were not found: other folders, backups, copies" }
            @if tally.totals.refused + tally.totals.failed > 0 { li { "the files that were refused or failed" } }
        }
    }
}

/// How to check it by listening, and what that would say.
pub fn plan(tally: &Tally) -> Markup {
    let calls = tally.totals.scrubbed + tally.totals.nothing_found;
    let n = LISTENED.min(calls);
    html! {
        h2 #listening { "Listening: how to check it" }
        p { "The tool cannot know what it missed. People can: draw calls at random, listen to each from its beginning to its end, and count those in which card data is still to be heard. " code { "cardhush sample" } " draws them so that anybody can draw them again, in proportion from calls with nothing found and from scrubbed ones, and makes the form." }
        @if n == 0 { p { "There are no examined calls to draw from." } }
        @else {
            p {
                "Plan: " strong { (number(n)) " of " (number(calls)) " calls" } @if n == calls { ", which is all of them" } ". "
                @if n < calls { "If card data is heard in none of them, then with 95 % confidence at most " strong { (percent(at_most(0, n))) } " of the calls hold any (rule of three: at most 3/" (number(n)) " = " (percent(3.0 / n as f64)) "): "
                (number((at_most(0, n) * calls as f64).ceil() as u64)) " calls or fewer." }
                @else { "Then nothing is estimated: what was heard is what there is." }
            }
            div.table { table {
                caption { "Largest share of calls that still hold card data, at 95 % confidence (Clopper and Pearson, one-sided), by calls listened to and calls in which some was heard" }
                thead { tr { th.n scope="col" { "Listened to" } @for misses in 0..5_u64 { th.n scope="col" { (number(misses)) " heard" } } th.n scope="col" { "3/n" } } }
                tbody { @for listened in [30, 59, 100, 300, 1_000, 3_000_u64] { tr { th.n scope="row" { (number(listened)) } @for misses in 0..5 { td.n { (percent(at_most(misses, listened))) } } td.n { (percent(3.0 / listened as f64)) } } } }
            } }
            p.soft { "A share of calls, not of digits. Calls that were refused or failed are not among them. The sample must be drawn after the run, by someone who gains nothing from its outcome, and listened to without knowing what was found." }
        }
    }
}

/// How it was measured.
pub fn measured() -> Markup {
    html! {
        h2 #measured { "How it was measured" }
        ul {
            li { "Each file was read to its end, or refused. It was looked at whole for keys, whole for spoken digits, and once more, with lower thresholds, near the keys that were found." }
            li { "Found spans were overwritten by noise, silence or a marker tone, none of which depends on what was there. They cannot be brought back." }
            li { "Before an output got its name, it was read back and compared with its input: every byte outside of the spans the same, every span replaced, nothing left to find." }
            li { "The ledger's line of a file was on the disk before its output had its name. It has the SHA-256 of input and output, the spans, the times and the outcome." }
            li { "The sums of this page are over the last line of each file, and were compared with those of the last seal." }
            li { "This page holds no digit, no transcript and no audio." }
        }
    }
}

/// What nobody may read into it.
pub fn not_claimed() -> Markup {
    html! {
        h2 #not-claimed { "What this page does not claim" }
        ul {
            li { "That any file is free of card data. The network misses some spoken digits; a miss leaves no trace here." }
            li { "That a site complies with PCI DSS or any law, or is out of scope: that is for an assessor, and about far more than these files. The tool itself runs where card data is." }
            li { "That these are all recordings there are. It tells of the files that it was given." }
            li { "That an unsigned ledger, or one whose key is not vouched for, was written by whom it says." }
        }
    }
}
