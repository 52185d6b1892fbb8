"""Training calls without end: one second-by-second mix of talk and digits of one side of a call, as int16 with a label per frame.

    synth.py --data DIR --cache DIR --hours 20 [--seed 1] [--keep 40]

Writes shards of one hour (`shard_NNNN.npz`: pcm [360, 80000] int16, label [360, 1000] uint8, onset [360, 1000] uint8); past `--keep`
shards the oldest are replaced, so that a producer beside the training keeps the audio fresh. Labels as in corpus.py.
"""
import argparse, os, time
import numpy as np
import augment as A, phone, voices
from corpus import FS, HOP, LABEL, SKIP, Corpus, Said

SECONDS, PER_SHARD = 10, 360
LENGTH = SECONDS * FS
HARD = .25                          # share of the talk that a first network took for digits, where mined
ONSET = (-2, 6)                     # frames round the start of a digit that count as its onset


class Side:
    """One side being filled: audio, labels and onsets; items are put one after another, gaps may be negative."""

    def __init__(self):
        self.x, self.label, self.onset, self.at = np.zeros(LENGTH, np.float32), np.zeros(LENGTH // HOP, np.uint8), np.zeros(LENGTH // HOP, np.uint8), 0

    def put(self, audio, marks):
        n = min(len(audio), LENGTH - self.at)
        if n <= 0:
            return
        self.x[self.at:self.at + n] += audio[:n]
        for label, s, e in sorted(marks, key=lambda m: m[0] == SKIP):
            a, b = ((self.at + t + HOP // 2) // HOP for t in (s, e))
            self.label[max(0, a):max(0, b)] = label
            if label != SKIP:
                self.onset[max(0, a + ONSET[0]):max(0, a + ONSET[1])] = 1
        self.at += n

    def gap(self, seconds):
        self.at = max(0, self.at + int(seconds * FS))

    @property
    def full(self):
        return self.at >= LENGTH


class Synth:
    def __init__(self, data, cache, seed, fold=None):
        self.corpus = c = Corpus(data, "train", fold=fold)
        self.fake_words, self.fake_strings, self.decoys = voices.load(cache, seed)
        self.people = list(c.words.values())
        self.every = [w for p in self.people for w in p]
        self.fakes, self.ohs = {}, self._spoken_ohs()
        for w in self.fake_words:
            self.fakes.setdefault(w.speaker, []).append(w)
        self.fakes = list(self.fakes.values())
        self.read = c.talk["librispeech_tc"] + c.talk["ljspeech_p1"]
        self.talk_kinds = [(.5, self.read), (.14, c.talk["an4"]), (.12, c.talk["gsc_words"]), (.08, c.talk["picovoice_wakeword"] + c.talk["mycroft_community"]),
                           (.16, [d.audio for d in self.decoys])]
        self.hard = []
        if os.path.exists(f"{cache}/hard.npz"):                        # what a first network took for digits, by mine.py
            z = np.load(f"{cache}/hard.npz")
            self.hard = np.split(z["audio"], np.cumsum(z["length"])[:-1])

    def _spoken_ohs(self):
        """"oh" is in no corpus of single words: cut from the strings, and said by the synthetic voices."""
        cut = [Said(s.audio[a:b], [(l, 0, b - a)], s.speaker) for s in self.corpus.strings for l, a, b in s.marks if l == LABEL["oh"] and b - a > FS // 10]
        return cut + [w for w in self.fake_words if w.marks[0][0] == LABEL["oh"]]

    def one(self, rng, options):
        return options[rng.integers(len(options))]

    def talk(self, rng):
        """-> audio of some speech without digits, at -20 dBFS"""
        if self.hard and rng.random() < HARD:
            return self.speak(self.one(rng, self.hard), self.manner(rng))[0]
        kind = self.talk_kinds[rng.choice(len(self.talk_kinds), p=[p for p, _ in self.talk_kinds])][1]
        x = self.one(rng, kind)
        n = int(rng.uniform(1, 7) * FS)
        if len(x) > n:
            s = rng.integers(len(x) - n)
            x = x[s:s + n]
        return self.speak(x, self.manner(rng))[0]

    def manner(self, rng):
        """How one talker speaks: (tempo, resampling)"""
        return rng.uniform(.8, 1.3) if rng.random() < .6 else 1, rng.uniform(.85, 1.18) if rng.random() < .6 else 1

    def speak(self, x, manner, marks=()):
        y = A.resample(A.tempo(x, manner[0]), manner[1])
        k = len(y) / max(1, len(x))
        return (y * (.1 / A.rms(y))).astype(np.float32), [(l, int(s * k), int(e * k)) for l, s, e in marks]

    def palette(self, rng):
        """Words of one talker; short of words, a second talker helps out."""
        words = list(self.one(rng, self.fakes if rng.random() < .2 else self.people))
        while len({w.marks[0][0] for w in words}) < 5:
            words += self.one(rng, self.people)
        return words

    def joined(self, side, rng, count):
        """A string of single words: even gaps, tight or overlapping ones, pauses between groups."""
        words, manner, style, group = self.palette(rng), self.manner(rng), rng.random(), rng.choice([2, 3, 4, 4, 4, 5, 99])
        for k in range(count):
            if side.full:
                return
            w = self.one(rng, self.ohs if rng.random() < .02 else words)
            x, marks = self.speak(w.audio, manner, w.marks)
            if rng.random() < .2:                                      # cut close, as by a neighbour
                a, b = int(len(x) * rng.uniform(0, .12)), int(len(x) * rng.uniform(0, .15))
                x = x[a:len(x) - b] * np.minimum(1, np.minimum(np.arange(1, len(x) - a - b + 1), np.arange(len(x) - a - b, 0, -1)) / 40).astype(np.float32)
                marks = [(marks[0][0], 0, len(x))]
            side.put(x * A.db(rng.normal(0, 1.5)), marks)
            if (k + 1) % group == 0:
                side.gap(rng.uniform(.2, 1.2))
            elif style < .25:
                side.gap(rng.uniform(-.08, .03))
            else:
                side.gap(rng.uniform(.02, .2))

    def fluent(self, side, rng):
        """A whole string as somebody, or a synthetic voice, said it."""
        s = self.one(rng, self.corpus.strings if rng.random() < .75 else self.fake_strings)
        x, marks, n = s.audio, s.marks, 8 * FS
        if len(x) > n:                                                 # a part of it; marks that are cut are not scored
            a = int(rng.integers(len(x) - n))
            x = x[a:a + n]
            marks = [(l if 0 <= s - a and e - a <= n else SKIP, max(0, s - a), min(n, e - a)) for l, s, e in marks if e > a and s < a + n]
        side.put(*self.speak(x, self.manner(rng), marks))

    def side(self, rng):
        """Ten seconds of one side: mostly strings, or mixed, or no digit at all."""
        side, kind = Side(), rng.choice(3, p=[.42, .33, .25])
        side.gap(rng.uniform(0, 1.5) if rng.random() < .7 else 0)
        while not side.full:
            u = rng.random()
            if kind < 2 and u < (.75 if kind == 0 else .4):
                if rng.random() < .35:
                    self.fluent(side, rng)
                else:
                    self.joined(side, rng, int(rng.integers(3, 17) if kind == 0 else rng.integers(1, 5)))
            else:
                side.put(self.talk(rng), [])
            side.gap(rng.uniform(.05, .4) if rng.random() < .6 else rng.uniform(.3, 2))
        return side

    def clip(self, rng):
        """-> (pcm int16, labels, onsets) with everything that a call does to them."""
        side = self.side(rng)
        x = side.x
        if rng.random() < .35:
            x = A.room(x, self.corpus.rooms, rng)
        if rng.random() < .22:                                         # somebody else, weaker, over part of it
            other, at = self.talk(rng), int(rng.integers(LENGTH))
            other = other[:LENGTH - at]
            x[at:at + len(other)] += other * A.db(rng.uniform(-26, -3))
        if rng.random() < .08:                                         # the other side heard here, digits too: those are not scored
            late, copy = int(rng.uniform(.5, 5) * FS), self.side(rng)
            x[late:] += copy.x[:LENGTH - late] * A.db(rng.uniform(-22, -8))
            heard = np.roll(copy.label, late // HOP) * (np.arange(LENGTH // HOP) >= late // HOP)
            side.label[(heard > 0) & (side.label == 0)] = SKIP
        if rng.random() < .65:
            u = rng.random()
            v = (A.music(LENGTH, rng) if u < .08 else A.dtmf(LENGTH, rng) if u < .11 else A.coloured(LENGTH, rng) if u < .35 else
                 self.babble(rng) if u < .45 else np.resize(np.roll(self.one(rng, self.corpus.noise), rng.integers(FS)), LENGTH))
            x = x + v * (.1 / A.rms(v) * A.db(-rng.uniform(4, 40)))
        if rng.random() < .8:
            x = x + rng.normal(size=LENGTH).astype(np.float32) * A.db(rng.uniform(-62, -40)) * .1
        x = A.band(x, rng)
        level = rng.uniform(-45, -6) if rng.random() < .93 else rng.uniform(-56, -45)
        x = x * A.db(level + 20)                                       # speech was put at -20 dBFS
        pcm = np.clip(np.round(x * 32768), -32768, 32767).astype(np.int16)
        return phone.through_phone(pcm, rng), side.label, side.onset

    def babble(self, rng):
        v = np.zeros(LENGTH, np.float32)
        for _ in range(4):
            v += np.resize(np.concatenate([self.talk(rng), np.zeros(1600, np.float32)]), LENGTH)
        return v


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--cache", required=True)
    ap.add_argument("--hours", type=int, default=20)
    ap.add_argument("--keep", type=int, default=40)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--fold", help="K/N: leave out fold K of N of all people, for cross-validation")
    ap.add_argument("--first", type=int, default=0, help="number of the first shard, to go on")
    a = ap.parse_args()
    synth = Synth(a.data, a.cache, a.seed, a.fold)
    os.makedirs(f"{a.cache}/shards", exist_ok=True)
    for k in range(a.first, a.hours):
        t, rng = time.time(), np.random.default_rng([a.seed, k])
        pcm, label, onset = map(np.stack, zip(*(synth.clip(rng) for _ in range(PER_SHARD))))
        path = f"{a.cache}/shards/shard_{k % a.keep:04d}"
        np.savez(path + ".tmp.npz", pcm=pcm, label=label, onset=onset)
        os.replace(path + ".tmp.npz", path + ".npz")
        print(f"shard {k}: {time.time() - t:.0f} s, {(label > 0).mean():.2f} digits", flush=True)


if __name__ == "__main__":
    main()
