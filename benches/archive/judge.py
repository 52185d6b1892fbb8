#!/usr/bin/env python3
"""Judges a scrubbed archive by what is true of it, and prints one table. Exit status 1 where something fell short.

  judge.py --work DIR --referees DIR [--all-attackers]

Broken files: refused with a reason that fits, nothing written. All others: an output, the same bytes where the ledger says that nothing was found.
Keyed cards: keyed/attack.py, on all cards of a format together, since an attacker's success is a matter of statistics. Spoken ones: spoken/gate.py.
Inputs and outputs are decoded by libsndfile and ffmpeg. Talk: what was touched although no digit is in it.
"""

import argparse
import collections
import filecmp
import json
import multiprocessing
import os
import re

import broken
import cards
import formats
import measure
import numpy as np

AROUND = 2 * formats.RATE_HZ  # of a keyed card goes to the attackers
ALTERED = 0.5  # of a digit's samples, or it is told by its call
FAINT = 104  # -50 dBFS: a GSM decoder never quite forgets, and differs by so much at most where a frame long before was replaced
TRUNCATED = 6  # digits of a card that may be heard: its first six
RESULTS = ("scrubbed", "nothing_found", "refused", "failed")


def ledger(path):
    """The last line of each call, and the last seal."""
    calls, seal = {}, {}
    with open(path) as lines:
        for line in map(json.loads, lines):
            if line["type"] == "call":
                calls[line["path"]] = line
            elif line["type"] == "seal":
                seal = line
    return calls, seal


class Judge:
    def __init__(self, args):
        self.args = args
        self.files = measure.index(args.work)
        self.calls, self.seal = ledger(os.path.join(args.work, "out", "cardhush-ledger.jsonl"))
        self.attack = cards.load(args.referees, "keyed", "attack")
        self.gate = cards.load(args.referees, "spoken", "gate")
        self.short = []

    def path(self, folder, line):
        return os.path.join(self.args.work, folder, line["path"])

    def of(self, kind):
        return [line for line in self.files if line["kind"] == kind]

    def fell_short(self, line, why):
        self.short.append(f"{line['path']} ({line['kind']}, {line['format']}, {line.get('condition', '')}): {why}")

    def outcomes(self):
        """Broken and good files by what the ledger says of them."""
        wrong = 0
        for line in self.files:
            call, out = self.calls.get(line["path"]), self.path("out", line)
            outcome = call and call["outcome"]
            reason = (call and call["reason"] or "").split(": ", 1)[-1]
            if line["kind"] == "broken":
                bad = not outcome or outcome not in ("refused", "failed") or not re.search(broken.pattern(line["format"]), reason) or os.path.lexists(out)
            elif outcome == "nothing_found":
                bad = not filecmp.cmp(self.path("archive", line), out, shallow=False)
            else:
                bad = outcome != "scrubbed" or not os.path.isfile(out)
            if bad:
                wrong += 1
                self.fell_short(line, f"{outcome}: {reason}" + (", output there" if os.path.lexists(out) else ""))
        return wrong

    def before_after(self, line):
        """-> samples before and after, and the ledger's spans, all at 8 kHz."""
        (before, step), (after, _) = (formats.read(self.path(folder, line), line["format"]) for folder in ("archive", "out"))
        spans = [{"channel": c, "start": -(-start // step), "end": -(-end // step)} for c, start, end, *_ in self.calls[line["path"]]["spans"]]
        if line["format"] in ("WAV49", "gsm") and before.shape == after.shape:
            faint = np.abs(after.astype(int) - before) <= FAINT
            for s in spans:
                faint[s["start"] : s["end"], s["channel"]] = False
            after = np.where(faint, before, after)
        with open(os.path.join(self.args.work, "truth", line["truth"])) as file:
            return before, after, spans, json.load(file)

    def keyed(self, what):
        """All keyed cards of a format, cut to where they are. -> what the attackers made of them."""
        form, lines = what
        befores, afters, digits, spans, beyond, at, delay = [], [], [], [], [], 0, 0
        left = []
        for line in lines:
            before, after, those, truth = self.before_after(line)
            if before.shape != after.shape:
                return {"format": form, "failed": f"{line['path']}: {after.shape} samples instead of {before.shape}"}
            begin = max(0, truth["digits"][0]["start"] - AROUND)
            end = min(len(before), truth["digits"][-1]["end"] + AROUND)
            shift = at - begin
            moved = [dict(d, start=d["start"] + shift, end=d["end"] + shift) for d in truth["digits"]]
            altered, inside = before != after, np.zeros(before.shape, bool)
            for s in those:
                inside[s["start"] : s["end"], s["channel"]] = True
                limits = {edge: min(max(s[edge], begin), end) + shift for edge in ("start", "end")}
                spans.append(dict(s, **limits))
            if (altered & ~inside).any():
                beyond.append(line["path"])
            if any(altered[d["start"] : d["end"], 0].mean() < ALTERED for d in truth["digits"]):
                left.append(line)
            befores.append(before[begin:end])
            afters.append(after[begin:end])
            digits += moved
            delay, at = truth["bleed_delay"], at + end - begin
        before, after, truth = np.concatenate(befores), np.concatenate(afters), {"digits": digits, "bleed_delay": delay}
        result = self.attack.analyse(before, after, truth, 0, spans, True, not self.args.all_attackers)
        channels = result["channels"].values()
        return {
            "format": form,
            "cards": len(lines),
            "digits": len(digits),
            "read before": self.attack.D.match_timed(self.attack.D.spandsp(before[:, 0]), digits, pre=0, post=480)["det"],
            "read by": sorted({name for r in channels for name in r["any_significant_p<0.001/attacks"]}),
            "kept": sum(r["digits_kept_2%"] for r in channels),
            "alike": sum(r["digits_alike"] for r in channels),
            "other ms": max(r.get("nontone_ms_masked_per_digit") or 0 for r in channels),
            "beyond": beyond,
            "left": left,
        }

    def spoken(self, line):
        """One card read aloud. -> how many of its digits can be heard, and so on, as spoken/gate.py counts."""
        before, after, spans, _ = self.before_after(line)
        self.gate.scrub = lambda *_: (before, after, spans)
        wav = os.path.join(self.args.work, "truth", line["truth"][:-4] + "wav")  # only its truth is looked for, beside it
        return line, self.gate.judge(None, wav)

    def talk(self):
        """What was touched where no digit is: calls, regions for keys and for speech, seconds of a channel, and hours in all, by format."""
        sums = collections.defaultdict(lambda: np.zeros(6))
        for line in self.of("talk"):
            call = self.calls.get(line["path"])
            if not call or call["outcome"] not in ("scrubbed", "nothing_found"):
                continue
            by_cause = collections.defaultdict(list)
            for _, start, end, cause, _ in call["spans"]:
                by_cause[cause].append({"start": start, "end": end})
            cut_s = sum(s["end"] - s["start"] for spans in by_cause.values() for s in spans) / call["rate_hz"]
            regions = [self.gate.regions(by_cause[cause]) for cause in ("keyed", "spoken")]
            for group in (line["format"], "noise behind it" if line["noisy"] else "hiss alone", "all"):
                sums[group] += (1, bool(call["spans"]), *regions, cut_s, call["duration_s"] / 3600)
        return sums


def in_pool(judge, method, items):
    global CURRENT
    CURRENT = getattr(judge, method)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(current, items, 1)


def current(item):
    return CURRENT(item)


def tell_runs(judge):
    with open(os.path.join(judge.args.work, "runs.jsonl")) as lines:
        runs = [json.loads(line) for line in lines]
    for run in runs:
        print(f"{run['name']}: exit {run['exit']}, {run['wall_s']:.1f} s, {run['cpu_s']:.1f} s of processors, load {run['load'][0]} to {run['load'][1]}; {' '.join(run['said'])}")
        print("  MiB (VmHWM, VmRSS) at " + ", ".join(f"{mark}: {of[0]:.0f}, {of[1]:.0f}" for mark, of in run["memory"].items()))


def tell_outcomes(judge):
    wrong, totals, kinds = judge.outcomes(), judge.seal["totals"], collections.Counter(line["kind"] for line in judge.files)
    balanced = totals["found"] == sum(totals[name] for name in RESULTS) == len(judge.files) == len(judge.calls)
    counted = collections.Counter(call["outcome"] for call in judge.calls.values())
    balanced &= all(counted[name] == totals[name] for name in RESULTS)
    if not balanced:
        judge.short.append(f"the ledger does not balance: {totals} and {dict(counted)} of {len(judge.files)} files")
    print(f"files: {len(judge.files)} {dict(kinds)}; ledger {totals}; balanced: {balanced}; with a wrong outcome: {wrong}")
    by_reason = collections.Counter(line["format"] for line in judge.of("broken"))
    print(f"broken: {sum(by_reason.values())} of {len(by_reason)} kinds")


def tell_keyed(judge):
    groups = collections.defaultdict(list)
    for line in judge.of("keyed"):
        if judge.calls.get(line["path"], {}).get("outcome") == "scrubbed":
            groups[line["format"]].append(line)
    print("keyed              cards digits  read before  kept alike  other ms/digit  altered outside  read by")
    for r in in_pool(judge, "keyed", sorted(groups.items(), key=lambda group: -len(group[1]))):
        if "failed" in r:
            judge.short.append(r["failed"])
            continue
        print(f"  {r['format']:16} {r['cards']:5} {r['digits']:6} {r['read before']:12} {r['kept']:5} {r['alike']:5} {r['other ms']:15.1f} {len(r['beyond']):16}  {', '.join(r['read by']) or 'none'}")
        if r["read by"] or r["kept"] or r["alike"] or r["beyond"]:
            judge.short.append(f"keyed {r['format']}: read by {r['read by']}, kept {r['kept']}, alike {r['alike']}, altered outside {r['beyond'][:3]}")
        for line in r["left"]:
            judge.fell_short(line, "a digit of which most is as it was")


def tell_spoken(judge):
    print("spoken             calls  cards whole  truncated  codes silent  digits masked  other masked  identical")
    spoken = collections.defaultdict(list)
    done = [line for line in judge.of("spoken") if judge.calls.get(line["path"], {}).get("outcome") in ("scrubbed", "nothing_found")]
    for line, r in in_pool(judge, "spoken", done):
        for group in (line["format"], line["condition"], "all"):
            spoken[group].append(r)
        if any(heard > TRUNCATED for heard in r["cards"]):
            judge.fell_short(line, f"digits of cards that can be heard: {r['cards']}")
        if not r["same"]:
            judge.fell_short(line, "altered outside of the spans that are told")
    for group, rs in spoken.items():
        heard, seen = [h for r in rs for h in r["cards"]], [one for r in rs for one in r["seen"]]
        other = sum(r["other"][0] for r in rs) / max(1, sum(r["other"][1] for r in rs))
        shares = (np.mean([h == 0 for h in heard]), np.mean([h <= TRUNCATED for h in heard]), np.mean([not r["code"] for r in rs]), np.mean(seen), other)
        print(f"  {group:16} {len(rs):5} {shares[0]:12.3f} {shares[1]:10.3f} {shares[2]:13.3f} {shares[3]:14.3f} {shares[4]:13.4f}  {all(r['same'] for r in rs)}")


def tell_talk(judge):
    print("talk               calls    hours  touched  keyed regions/hour  spoken regions/hour  seconds/hour")
    for form, (calls, touched, keyed, spoken, cut_s, hours) in judge.talk().items():
        print(f"  {form:16} {calls:7.0f} {hours:8.2f} {touched:8.0f} {keyed / hours:19.2f} {spoken / hours:20.2f} {cut_s / hours:13.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("work", "referees"):
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    parser.add_argument("--all-attackers", action="store_true", help="also multimon-ng, digit by digit, which takes longest")
    judge = Judge(parser.parse_args())
    for tell in (tell_runs, tell_outcomes, tell_keyed, tell_spoken, tell_talk):
        tell(judge)
    print(f"fell short: {len(judge.short)}")
    for one in judge.short:
        print(f"  {one}")
    raise SystemExit(bool(judge.short))


if __name__ == "__main__":
    main()
