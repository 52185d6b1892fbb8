"""Trains the network on the shards of synth.py.

    train.py --cache DIR --name NAME [--steps 20000] [--resume] [--channels 64] [--batch 12]

Shards are read anew all the time, so those that the producer replaced are used at once. Every item gets another vocal-tract length and another
line response. A weight average (what is exported) and everything needed to go on is kept in `NAME.pt`, written every 500 steps; `--resume` goes on from it with a new
cosine of `--steps` more steps.
"""
import argparse, copy, glob, os, time
import numpy as np, torch
import torch.nn.functional as F
from corpus import ANY, SKIP
from front import energies, features, levels, mel_bank
from net import ANY_OUT, CLASSES, DILATIONS, ONSET_OUT, SHIFT, Net

WARPS = torch.stack([mel_bank(w) for w in np.geomspace(.84, 1.19, 15)])
EDGE_WEIGHT = 0.5


def batches(cache, size, rng):
    """pcm, label, onset of `size` clips; one shard at a time, half of it, in random order"""
    while True:
        paths = [p for p in glob.glob(f"{cache}/shards/shard_*.npz") if ".tmp" not in p]
        z = np.load(paths[rng.integers(len(paths))])
        pcm, label, onset = z["pcm"], z["label"], z["onset"]
        order = rng.permutation(len(pcm))[:len(pcm) // 2]
        for i in range(0, len(order) - size + 1, size):
            k = order[i:i + size]
            yield pcm[k], label[k], onset[k]


def line_response(rng, n):
    """[n, 1, 40] smooth gains in nepers, as handsets differ"""
    knots = rng.normal(size=(n, 6)) * rng.uniform(0, .9, (n, 1))
    at = np.linspace(0, 5, 40)
    return torch.tensor(np.stack([np.interp(at, np.arange(6), k) for k in knots])[:, None], dtype=torch.float32)


def inputs(pcm, rng):
    e = energies(torch.from_numpy(pcm.astype(np.float32) / 32768), WARPS[rng.integers(len(WARPS), size=len(pcm))])
    e = e * torch.exp(line_response(rng, len(pcm)))
    return features(e, levels(e))


def targets(label, onset, shift):
    """Frame labels -> per slot: label, onset, weight; slot n is taught what was said in slot n - shift."""
    label, onset = torch.from_numpy(label[:, ::2].astype(np.int64)), torch.from_numpy(onset[:, ::2].astype(np.float32))
    weight = torch.ones(label.shape)
    change = label[:, 1:] != label[:, :-1]
    weight[:, 1:][change] = EDGE_WEIGHT
    weight[:, :-1][change] = EDGE_WEIGHT
    late = lambda x, v: F.pad(x[:, :x.shape[1] - shift], (shift, 0), value=v)
    return late(label, SKIP), late(onset, 0), late(weight, 0)


def loss_of(logits, label, onset, weight):
    known, named = (label != SKIP) * weight, ((label != SKIP) & (label != ANY)) * weight
    which = F.cross_entropy(logits[..., :CLASSES].reshape(-1, CLASSES), (label * (label < CLASSES)).reshape(-1), reduction="none").reshape(label.shape)
    heard = F.binary_cross_entropy_with_logits(logits[..., ANY_OUT], (label > 0).float(), reduction="none")
    begins = F.binary_cross_entropy_with_logits(logits[..., ONSET_OUT], onset, reduction="none")
    return ((which * named).sum() + 2 * (heard * known).sum() + (begins * named).sum()) / known.sum()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cache", required=True)
    ap.add_argument("--name", default="digits")
    ap.add_argument("--steps", type=int, default=20000)
    ap.add_argument("--channels", type=int, default=64)
    ap.add_argument("--shift", type=int, default=SHIFT, help="slots of 20 ms; the network looks this far ahead")
    ap.add_argument("--batch", type=int, default=12)
    ap.add_argument("--rate", type=float, default=2e-3)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--resume", action="store_true")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    path = f"{a.cache}/{a.name}.pt"
    net = Net(a.channels)
    mean = copy.deepcopy(net)
    adam = torch.optim.AdamW(net.parameters(), lr=a.rate, weight_decay=1e-2)
    done = 0
    if a.resume:
        kept = torch.load(path, weights_only=False)
        net.load_state_dict(kept["net"]), mean.load_state_dict(kept["mean"]), adam.load_state_dict(kept["adam"])
        done = kept["done"]
    rng = np.random.default_rng([a.seed, done])
    feed, t, total = batches(a.cache, a.batch, rng), time.time(), []
    for step in range(a.steps):
        rate = a.rate * min(1, (step + 1) / 300) * (.01 + .99 * .5 * (1 + np.cos(np.pi * step / a.steps)))
        for group in adam.param_groups:
            group["lr"] = rate
        pcm, label, onset = next(feed)
        loss = loss_of(net(inputs(pcm, rng)), *targets(label, onset, a.shift))
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        adam.step()
        with torch.no_grad():                          # average over about the last tenth, at most 1000 steps
            k = max(1 / (1 + .1 * (done + step)), 1e-3)
            for m, v in zip(mean.state_dict().values(), net.state_dict().values()):
                m.lerp_(v, k) if m.is_floating_point() else m.copy_(v)
        total.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"step {done + step + 1} loss {np.mean(total[-100:]):.4f} rate {rate:.5f} {100 * a.batch * 10 / (time.time() - t):.0f} x real time", flush=True)
            t = time.time()
        if (step + 1) % 500 == 0 or step + 1 == a.steps:
            torch.save(dict(net=net.state_dict(), mean=mean.state_dict(), adam=adam.state_dict(), done=done + step + 1, channels=a.channels, shift=a.shift), path + ".tmp")
            os.replace(path + ".tmp", path)


if __name__ == "__main__":
    main()
