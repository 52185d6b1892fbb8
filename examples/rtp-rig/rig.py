#!/usr/bin/env python3
"""Senders of RTP through a bad network against the example recorder; prints what attackers read of what it stored. Started by `run`, which see.

Columns: RTP packets that the network lost; keys that the best decoder (SpanDSP, also opened up, multimon-ng) reads in what was delivered, and in what was stored; attackers of attack.py
that read keys, rows or columns of them better than chance can (p < 0.001 over all); right guesses of the best of them and of a constant guess, of which some twenty attackers are tried,
so that the best is above; keys of which more than 2 % of the energy stays; packets with events of keys that were delivered, and those that are stored with any key but *; audio that was masked outside of
the tones, or of the times at which events tell of keys, a key."""
import argparse, json, os, shutil, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

ap = argparse.ArgumentParser(description=__doc__); ap.add_argument("--referees", required=True); ap.add_argument("--recorder", required=True)
ap.add_argument("--recorder-args", default="", help="more options of the recorder, in one string"); ap.add_argument("--keys", type=int, default=60); ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--only", default="", help="runs whose 'case/sender/network' holds this"); ap.add_argument("--jobs", type=int, default=3); ap.add_argument("--rtpengine", choices=("yes", "no", "only"), default="yes")
ap.add_argument("--keep", help="folder for what was sent, stored and judged"); ap.add_argument("--out", help="results as JSON")
args = ap.parse_args(); sys.path.insert(0, os.path.join(args.referees, "keyed"))
import network, peer, recorder, senders

COLUMNS = ("case", "sender", "network", "keys", "lost", "decoders before", "decoders", "attackers", "best/chance", "kept > 2 %", "events", "events left", "other ms/key")
def row(name, r):
    return (*name, r["keys"], f"{r['lost']} of {r['sent']}", r["read_before"], r["read"], ", ".join(r["attackers"]) or "none", f"{r['worst']}/{r['chance']}", "-" if name[0] == "events" else r["kept"], r["events"], r["events_left"], r["other_ms"])
def faults(case, r):
    """what must not be; [] of a run that holds. Control: without a recorder that masks, the keys must be there to be read."""
    control = (case == "events" or r["read_before"] > .8 * r["keys"] and r["attackers_before"]) and (case == "tones" or r["events"] > r["keys"])
    return [k for k, bad in dict(control=not control, read=r["read"] or r["attackers"], kept=r["kept"] and case != "events", events=r["events_left"], unreported=r["identical"] is False, status=r["status"], exposed=r["exposed"], unstored=r["unstored"], places=r["places"] != 1).items() if bad]

def main():
    folder = args.keep or tempfile.mkdtemp(); os.makedirs(folder, exist_ok=True); print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    plan = [(c, s, n) for c in senders.CASES for s in senders.CASES[c] for n in network.NETWORKS if args.only in f"{c}/{s}/{n}"] if args.rtpengine != "only" else []
    results, bad = {}, []
    def one(k):
        name = plan[k]; judged, extra = recorder.run(os.path.join(folder, "-".join(name).replace(" ", "").replace("%", "")), *name, args, args.seed + k); return judged, extra
    with ThreadPoolExecutor(args.jobs) as pool:       # what waits for the clock runs side by side, what reckons does not
        for name, (judged, extra) in zip(plan, pool.map(one, range(len(plan)))):
            r = results["/".join(name)] = judged() | extra; wrong = faults(name[0], r); bad += [(name, wrong)] if wrong else []
            print("| " + " | ".join(map(str, row(name, r))) + " |" + (f" FAULT: {', '.join(wrong)} {r['told']}" if wrong else ""), flush=True)
    if args.rtpengine != "no":
        for name, r in peer.runs(folder, args): results["/".join(name)] = r; print("| " + " | ".join(map(str, row(name, r))) + " |", flush=True)
    if args.out: json.dump(results, open(args.out, "w"), indent=1)
    if not args.keep: shutil.rmtree(folder)
    print(f"{len(plan) - len(bad)} of {len(plan)} runs against the recorder hold"); sys.exit(bool(bad))

main()
