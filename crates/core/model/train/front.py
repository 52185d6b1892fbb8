"""Front end: PCM -> 40 log-mel energies per 10 ms, less a causal level. The exact arithmetic the core repeats.

Samples x in [-1, 1) (int16 / 32768), 8 kHz. Frame t covers samples 80 t - 120 .. 80 t + 79 (zero before the call), so that it is complete
with sample 80 t + 79. Per frame:

    w[i]   = 0.5 - 0.5 cos(2 pi i / 200), i = 0..199              periodic Hann window, 25 ms
    P[k]   = |FFT256(w x, zero padded)[k]|^2, k = 0..128
    e[b]   = sum_k M[b][k] P[k], b = 0..39                         triangles, equally spaced on 2595 log10(1 + f / 700) from 100 to 3800 Hz, peak 1
    l[b]   = ln(e[b] + 1e-6)
    L      = ln(sum_b e[b] + 1e-6)
    level += 0.2 (L - level)           if L > level                a slow fall, a quick rise
    level  = max(level - 0.004, -5)    otherwise                   nepers of power: 1.7 dB/s; -5 is about -62 dBFS
    f[b]   = (l[b] - level + 6) / 3

`level` starts at -5. Frames are 100 per second, [T, 40] out.
"""
import numpy as np, torch

FS, HOP, WINDOW, FFT, BANDS = 8000, 80, 200, 256, 40
LOW_HZ, HIGH_HZ = 100.0, 3800.0
FLOOR, RISE, FALL, LEVEL_MIN, OFFSET, SCALE = 1e-6, 0.2, 0.004, -5.0, 6.0, 3.0


def mel_bank(warp=1.0):
    """[129, 40]; `warp` moves the formants by that factor, as another length of the vocal tract does (training only)."""
    mel = lambda f: 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2) / 2595) - 1)
    edges = np.where(edges * warp < 3400, edges * warp, edges + (3400 - 3400 / warp) * np.clip((4000 - edges) / (4000 - 3400 / warp), 0, 1))
    f = np.arange(FFT // 2 + 1) * FS / FFT
    lo, mid, hi = edges[:-2], edges[1:-1], edges[2:]
    up, down = (f[:, None] - lo) / (mid - lo), (hi - f[:, None]) / (hi - mid)
    return torch.tensor(np.maximum(0, np.minimum(up, down)), dtype=torch.float32)


HANN = torch.tensor(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW), dtype=torch.float32)
BANK = mel_bank()


def energies(x, bank=BANK):
    """[N, samples] -> [N, T, 40] mel energies; `bank` may be one per item, [N, 129, 40]"""
    x = torch.nn.functional.pad(x, (WINDOW - HOP, 0))
    frames = x.unfold(1, WINDOW, HOP) * HANN
    spectrum = torch.fft.rfft(frames, FFT)
    return (spectrum.real ** 2 + spectrum.imag ** 2) @ bank


def levels(e):
    """[N, T, 40] -> [N, T] tracked level"""
    loud = torch.log(e.sum(2) + FLOOR).numpy()
    level, out = np.full(len(loud), LEVEL_MIN, np.float32), np.empty_like(loud)
    for t in range(loud.shape[1]):
        now = loud[:, t]
        level = np.where(now > level, level + np.float32(RISE) * (now - level), np.maximum(level - np.float32(FALL), np.float32(LEVEL_MIN)))
        out[:, t] = level
    return torch.from_numpy(out)


def features(e, level):
    """mel energies and their tracked level -> [N, T, 40]"""
    return (torch.log(e + FLOOR) - level[..., None] + OFFSET) / SCALE
