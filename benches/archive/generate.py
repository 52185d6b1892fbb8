#!/usr/bin/env python3
"""Makes an archive of calls as companies have them, and keeps what is true of each outside of it.

  generate.py --files 100000 --referees DIR --data DIR --work DIR [--seed 1] [--jobs 2]

WORK/archive/YYYY-MM/call-NNNNNN.* are the calls: 5 to 60 s, as many short as long ones on a logarithmic scale, in the formats of
formats.py. One in a hundred holds a card (half of them keyed, half read aloud: cards.py), one in two hundred is broken (broken.py, each
kind once at least), the rest is talk without digits (talk.py). WORK/index.jsonl has a line a file; WORK/truth the digits of each card.
MP3, Opus and GSM without a card are copies of some hundred encodings of each (formats.POOLS), since encoding them takes longest.
"""

import argparse
import json
import math
import multiprocessing
import os
import shutil
import time

import broken
import cards
import formats
import numpy as np
from talk import Talk

SHORTEST_S, LONGEST_S = 5, 60
MONTHS = 24
KEYED, SPOKEN, BROKEN = 1 / 200, 1 / 200, 1 / 200  # shares of all files


class Maker:
    """Makes any file of the archive by its number alone, so that workers need not know of each other."""

    def __init__(self, args):
        self.args = args
        self.talk = Talk(args.data)
        self.cards = cards.Cards(args.referees, args.data, self.talk)
        files = args.files
        order = np.random.default_rng([args.seed, 1]).permutation(files)
        counts = {"keyed": round(files * KEYED), "spoken": round(files * SPOKEN), "broken": max(len(broken.ALL), round(files * BROKEN))}
        self.kinds, at = {}, 0
        for kind, count in counts.items():
            self.kinds |= {int(number): (kind, turn) for turn, number in enumerate(order[at : at + count])}
            at += count

    def rng(self, number, of=2):
        return np.random.default_rng([self.args.seed, of, number])

    def seconds(self, rng):
        return math.exp(rng.uniform(math.log(SHORTEST_S), math.log(LONGEST_S)))

    def pooled(self, form, number):
        return os.path.join(self.args.work, "pool", f"{form}-{number}.{formats.ending(form)}")

    def pool(self, form):
        """How many encodings stand for all of a form; of a small archive, fewer."""
        return min(formats.POOLS[form], max(8, self.args.files // 100))

    def fill_pool(self, what):
        """-> what it made, and whether there is noise in it."""
        form, number = what
        rng = self.rng(number, 3 + list(formats.POOLS).index(form))
        pcm, noisy = self.talk.call(rng, self.seconds(rng), formats.channels(form))
        formats.write(self.pooled(form, number), pcm, form)
        return what, noisy

    def make(self, number):
        rng = self.rng(number)
        kind, turn = self.kinds.get(number, ("talk", 0))
        shares = np.array(list(formats.SHARES.values()))
        form = str(rng.choice(list(formats.SHARES), p=shares / shares.sum()))
        what = broken.ALL[turn % len(broken.ALL)] if kind == "broken" else form
        month = int(rng.integers(MONTHS))
        name = f"{2023 + month // 12}-{month % 12 + 1:02}/call-{number:06}.{broken.ending(what) if kind == 'broken' else formats.ending(form)}"
        path = os.path.join(self.args.work, "archive", name)
        line = {"path": name, "kind": kind, "format": what}
        if kind == "broken":
            broken.write(path, what, rng, self.talk.call(rng, 12, 1)[0])
            return line | {"reason": broken.pattern(what)}
        if kind == "talk" and form in formats.POOLS:
            copied = int(rng.integers(self.pool(form)))
            shutil.copyfile(self.pooled(form, copied), path)
            return line | {"copied": copied, "bytes": os.path.getsize(path)}
        if kind == "talk":
            pcm, line["noisy"] = self.talk.call(rng, self.seconds(rng), formats.channels(form))
        else:
            channels = formats.channels(form)
            pcm, truth = self.cards.keyed(rng, self.seconds(rng), channels) if kind == "keyed" else self.cards.spoken(rng, channels)
            line |= {"truth": f"{number:06}.json", "condition": truth["condition"]}
            with open(os.path.join(self.args.work, "truth", line["truth"]), "w") as file:
                json.dump({"fs": formats.RATE_HZ} | truth, file)
        formats.write(path, pcm, form)
        return line | {"seconds": round(len(pcm) / formats.RATE_HZ, 3), "bytes": os.path.getsize(path)}


MAKER = None


def make(number):
    return MAKER.make(number)


def fill_pool(what):
    return MAKER.fill_pool(what)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, required=True)
    for name in ("referees", "data", "work"):
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    begun = time.monotonic()
    for month in range(MONTHS):
        os.makedirs(os.path.join(args.work, "archive", f"{2023 + month // 12}-{month % 12 + 1:02}"))
    for folder in ("pool", "truth"):
        os.makedirs(os.path.join(args.work, folder))
    global MAKER
    MAKER = Maker(args)
    formats.write(os.path.join(args.work, "beyond.wav"), MAKER.talk.call(MAKER.rng(0), 10, 1)[0], "wav mu-law")
    counts, size = {}, 0
    with multiprocessing.get_context("fork").Pool(args.jobs) as pool, open(os.path.join(args.work, "index.jsonl"), "w") as index:
        noisy = dict(pool.map(fill_pool, [(form, number) for form in formats.POOLS for number in range(MAKER.pool(form))], 4))
        for line in pool.imap_unordered(make, range(args.files), 32):
            counts[line["kind"]] = counts.get(line["kind"], 0) + 1
            size += line.get("bytes", 0)
            if "copied" in line:
                line["noisy"] = noisy[line["format"], line["copied"]]
            print(json.dumps(line), file=index)
    shutil.rmtree(os.path.join(args.work, "pool"))
    pools = {form: MAKER.pool(form) for form in formats.POOLS}
    print(f"{args.files} files, {size / 1e9:.2f} GB, in {time.monotonic() - begun:.0f} s: {counts}; without cards, copies of so many encodings each: {pools}")


if __name__ == "__main__":
    main()
