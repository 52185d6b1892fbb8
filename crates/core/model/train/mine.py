"""Hard negatives: what a network takes for digits in talk that holds none, kept for synth.py to use more often.

    mine.py MODEL --data DIR --cache DIR [--rounds 3]

Every piece of training talk (none with to, for, won, ate: those are right to sound like digits) is said in `rounds` manners and heard by the network; where the
any-digit posterior passes 0.3, the sound with 0.7 s round it goes into `hard.npz`. Shards made afterwards draw a quarter of their talk from it.
"""
import argparse, os
import numpy as np, torch
import augment as A, voices
from blob import load
from corpus import FS, Corpus
from eval import SLOT, heard
from net import ANY_OUT
from synth import Synth

ROUND = int(.7 * FS)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model")
    ap.add_argument("--data", required=True)
    ap.add_argument("--cache", required=True)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--fold", help="K/N: leave out fold K of N of all people, for cross-validation")
    a = ap.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng([a.seed, 5])
    layers, shift = load(a.model)
    synth = Synth(a.data, a.cache, a.seed, a.fold)
    talk = [x for kind in Corpus(a.data, homophones=False, fold=a.fold).talk.values() for x in kind] + [d.audio for d in synth.decoys if d.speaker in voices.FOREIGN]
    found, heard_s = [], 0.0
    for x in talk * a.rounds:
        y = A.band(synth.speak(x, synth.manner(rng))[0], rng)
        y = y + rng.normal(size=len(y)) * .1 * A.db(rng.uniform(-50, -15))
        with torch.no_grad():
            p, *_ = heard(layers, shift, np.clip(y * 32768, -32768, 32767).astype(np.int16))
        heard_s += len(y) / FS
        hot = np.flatnonzero(p[:, ANY_OUT] > .3) * SLOT
        for group in np.split(hot, np.flatnonzero(np.diff(hot) > FS // 2) + 1) if len(hot) else ():
            found.append(y[max(0, group[0] - ROUND):group[-1] + ROUND].astype(np.float32))
    np.savez(os.path.join(a.cache, "hard.npz"), audio=np.concatenate(found), length=[len(f) for f in found])
    print(f"{len(found)} pieces, {sum(map(len, found)) / 60 / FS:.0f} min, of {heard_s / 60:.0f} min of talk")


if __name__ == "__main__":
    main()
