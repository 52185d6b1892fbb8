"""Golden vectors: a few seconds of synthetic sound through every stage, for the parity test of another implementation.

    golden.py BLOB OUT.bin

The sound is a sum of gliding tones, clicks and noise from a 32-bit generator given below, so nothing of anybody's voice is in it. Little-endian:

    "CHGOLD01", u32 sections; then per section u32 kind (0 i16, 1 f32), u32 rows, u32 columns, data padded with zeros to 4 bytes
    0 pcm [1, samples] i16    1 mel energies [frames, 40]    2 level [frames, 1]    3 features [frames, 40]
    4.. every layer's output as blob.py defines it [slots, channels]: first, each sum after a block, head (logits)    last: posteriors [slots, 14]
"""
import argparse, struct
import numpy as np, torch
from blob import load
from front import FS, energies, features, levels
from net import posteriors, run_folded


def sound(samples=9600):
    """int16; xorshift32 from 1, 16 high bits as noise"""
    s, noise = 1, np.empty(samples)
    for i in range(samples):
        s ^= (s << 13) & 0xffffffff
        s ^= s >> 17
        s ^= (s << 5) & 0xffffffff
        noise[i] = (s >> 16) / 32768 - 1
    t = np.arange(samples) / FS
    voiced = sum(np.sin(2 * np.pi * k * (110 * t + 20 * np.sin(2 * np.pi * t) / 6.3)) / k for k in range(1, 20))
    x = .12 * voiced * (np.sin(2 * np.pi * 2.5 * t) > 0) + .02 * noise + .3 * noise * (np.sin(2 * np.pi * 2.5 * t - 1) > .9)
    x[:1600] = 0
    return np.clip(np.round(x * 20000), -32768, 32767).astype(np.int16)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("blob")
    ap.add_argument("out")
    a = ap.parse_args()
    layers, _ = load(a.blob)
    pcm = sound()
    with torch.no_grad():
        e = energies(torch.from_numpy(pcm[None].astype(np.float32) / 32768))
        level, kept = levels(e), []
        f = features(e, level)
        p = posteriors(run_folded(layers, f, kept))
    sections = [pcm[None], e[0].numpy(), level[0, :, None].numpy(), f[0].numpy(), *(h[0].T.numpy() for _, h in kept), p[0].numpy()]
    with open(a.out, "wb") as out:
        out.write(b"CHGOLD01" + struct.pack("<I", len(sections)))
        for v in sections:
            raw = np.ascontiguousarray(v, "<i2" if v.dtype == np.int16 else "<f4").tobytes()
            out.write(struct.pack("<3I", int(v.dtype != np.int16), *v.shape) + raw + b"\0" * (-len(raw) % 4))
    print(f"{a.out}: {len(sections)} sections, {len(pcm) / FS} s")


if __name__ == "__main__":
    main()
