"""Prints what a network is worth on the dev split: on calls with a card in them, and on speech without digits.

    eval.py MODEL --data DIR [--calls FOLDER ...] [--open 4.5 --hit 0.7 ...]

MODEL is a checkpoint (.pt) or a blob. A calls folder holds two-channel `call_NNN.wav` with the truth in `call_NNN.json` ({"digits": [{"digit", "start",
"end", "channel", "role", "card"}]}). Figures, per folder:

    cards whole, truncated, codes silent, digits masked, other masked     as a listener would judge the regions of spotter.py: a digit is audible when
                                                                          more than 30 % of it is not masked
    hits      share of all digits that are covered to 70 % by bare hits, no region drawn, at the policy's thresholds
    slots     share of the 20 ms slots of digits that pass the any-digit threshold which 1 % of the slots of clean speech without digits pass
    named     share of digits whose likeliest class, summed over the digit, is right
and for speech: false regions and seconds per hour, the upper 95 % bound of the former (Poisson, Garwood 1936), the share of time under bare hits, and the tokens of the longest run, which `open` must exceed.
"""
import argparse, collections, glob, json, os
import numpy as np, soundfile as sf, torch
from scipy import signal, stats
import augment as A, phone
from blob import load
from corpus import FS, Corpus
from front import FLOOR, energies, features, levels
from net import ANY_OUT, CLASSES, posteriors, run_folded
from spotter import Policy, hits, regions, runs

SLOT = 160
NEAR = FS // 2
LOUD = -3.5             # nepers of power below the tracked level that still count as speech


def heard(layers, shift, x):
    """int16 [samples] -> (posteriors [slots, 14] at the time of the sound, active [slots], log power [slots])"""
    n = len(x) // SLOT
    x = np.concatenate([x[:n * SLOT], np.zeros(shift * SLOT, np.int16)]).astype(np.float32) / 32768
    e = energies(torch.from_numpy(x[None]))
    level = levels(e)
    power = torch.log(e.sum(2) + FLOOR)
    per_slot = lambda v: v[0].reshape(-1, 2).amax(1).numpy()[:n]
    f = features(e, level)
    return posteriors(run_folded(layers, f))[0, shift:].numpy(), per_slot(power - level) > LOUD, per_slot(power)


def judge(channels, truth, samples, policy, threshold):
    """figures of one call"""
    masked, bare, near = (np.zeros((samples, len(channels)), bool) for _ in range(3))
    for c, s, e in regions(channels, policy):
        masked[s * SLOT:e * SLOT, c] = True
    for c, (p, *_) in enumerate(channels):
        for s, e, _ in hits(p, policy):
            bare[s * SLOT:e * SLOT, c] = True
    cards, code, seen, hit, named, slots = collections.defaultdict(list), [], [], [], [], []
    for d in truth:
        if d["role"] != "other":
            near[max(0, d["start"] - NEAR):d["end"] + NEAR] = True
        if d["role"] == "copy":
            continue
        k, c = slice(d["start"], d["end"]), d["channel"]
        p = channels[c][0][d["start"] // SLOT:max(d["end"] // SLOT, d["start"] // SLOT + 1)]
        slots.extend(p[:, ANY_OUT] > threshold)
        p = p[:, :CLASSES].sum(0)
        p[1] += p[11]
        hit.append(bare[k, c].mean() >= .7)
        named.append(int(np.argmax(p[1:11])) == int(d["digit"]))
        if d["role"] == "other":
            continue
        audible = (~masked[k, c]).mean() > .3
        seen.append(not audible)
        if d["role"] == "card":
            cards[d["card"]].append(audible)
        if d["role"] == "code":
            code.append(audible)
    return dict(cards=[sum(v) for v in cards.values()], code=any(code), seen=seen, hit=hit, slots=slots, named=named, other=(int(masked[~near].sum()), int((~near).sum())))


def calls(layers, shift, folder, policy, threshold):
    r = []
    for path in sorted(glob.glob(f"{folder}/call_*.wav")):
        x, _ = sf.read(path, dtype="int16", always_2d=True)
        truth = json.load(open(path[:-3] + "json"))["digits"]
        r.append(judge([heard(layers, shift, x[:, c]) for c in range(x.shape[1])], truth, len(x), policy, threshold))
    cards = np.array(sum((q["cards"] for q in r), []))
    flat = lambda k: np.mean(np.concatenate([q[k] for q in r]))
    return {"folder": os.path.basename(folder.rstrip("/")), "calls": len(r), "cards whole": np.mean(cards == 0), "cards truncated": np.mean(cards <= 6), "codes silent": np.mean([not q["code"] for q in r]),
            "digits masked": flat("seen"), "other masked": sum(q["other"][0] for q in r) / sum(q["other"][1] for q in r), "hits": flat("hit"), "slots": flat("slots"), "named": flat("named")}


def speech(layers, shift, corpus, noisy, policy, seed=1):
    """All dev talk without digits, in pieces of about a minute, as over a phone line"""
    rng = np.random.default_rng([seed, noisy])
    clips = [x for kind in sorted(corpus.talk) for x in corpus.talk[kind]]
    total = under = masked = false = longest = 0
    piece, any_ = [], []
    for i, k in enumerate(order := rng.permutation(len(clips))):
        piece += [clips[k] * (.1 / A.rms(clips[k])), np.zeros(int(rng.uniform(.1, .6) * FS), np.float32)]
        if sum(map(len, piece)) < 60 * FS and i + 1 < len(order):
            continue
        x, piece = np.concatenate(piece), []
        x = x + rng.normal(size=len(x)) * 1e-3
        if noisy:
            v = np.resize(np.concatenate([corpus.noise[j] for j in rng.integers(len(corpus.noise), size=4)]), len(x))
            x = x + v * (.1 / A.rms(v) * A.db(-rng.uniform(5, 20)))
        x = signal.sosfilt(signal.butter(4, [300, 3400], "band", fs=FS, output="sos"), x)
        x = phone.g711(np.clip(np.round(x * 32768), -32768, 32767).astype(np.int16), "u", np.zeros(0, bool), rng)
        channel = heard(layers, shift, x)
        found = hits(channel[0], policy)
        total += len(channel[0])
        under += sum(e - s for s, e, _ in found)
        longest = max([longest] + [sum(n for *_, n in run) for run in runs(channel[0], channel[2], policy)])
        any_.append(channel[0][:, ANY_OUT])
        drawn = regions([channel], policy)
        false += len(drawn)
        masked += sum(e - s for _, s, e in drawn)
    hours = total * .02 / 3600
    return {"folder": "speech, noisy" if noisy else "speech, clean", "hours": hours, "sources": ", ".join(sorted(corpus.talk)), "false regions per hour": false / hours,
            "95 % bound": stats.chi2.ppf(.95, 2 * false + 2) / 2 / hours, "false seconds per hour": masked * .02 / hours, "under hits": under / total, "longest run": longest}, np.quantile(np.concatenate(any_), .99)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("model")
    ap.add_argument("--data", required=True)
    ap.add_argument("--calls", nargs="*", default=[])
    for name, value in vars(Policy()).items():
        ap.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    ap.add_argument("--fold", help="K/N: speech of fold K of N of all people, for cross-validation")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    policy = Policy(**{k: getattr(a, k) for k in vars(Policy())})
    layers, shift = load(a.model)
    corpus = Corpus(a.data, "dev", homophones=False, fold=a.fold)
    with torch.no_grad():
        (clean, threshold), (noisy, _) = (speech(layers, shift, corpus, n, policy) for n in (0, 1))
        results = [clean, noisy] + [calls(layers, shift, f, policy, threshold) for f in a.calls]
    for r in results:
        print(json.dumps({k: round(float(v), 4) if not isinstance(v, (str, int)) else v for k, v in r.items()}), flush=True)


if __name__ == "__main__":
    main()
