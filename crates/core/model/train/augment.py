"""What happens to a voice on its way: tempo, pitch, room, noise, band, level. float32 in, float32 out, 8 kHz.

Only `tempo` and `resample` change the length; the labels are scaled by the caller. Vocal-tract warp is done on the mel bank (see front.py).
"""
import numpy as np
from scipy import signal

FS = 8000


def db(x):
    return 10 ** (x / 20)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) + 1e-9


def tempo(x, rate, frame=200, search=48):
    """WSOLA: `rate` times faster at the same pitch (overlapping 25 ms frames, each moved to where it fits the last one best)."""
    hop, n = frame // 2, int(len(x) / rate)
    if abs(rate - 1) < .02 or len(x) < 3 * frame + 2 * search:
        return x
    pad = np.concatenate([np.zeros(search, x.dtype), x, np.zeros(frame + 2 * search, x.dtype)])
    window = np.hanning(frame + 1)[:-1].astype(np.float32)
    out = np.zeros(n + 2 * frame, np.float32)
    at = search
    for k in range(n // hop + 1):
        want = search + int(k * hop * rate)
        if k:
            follow = pad[at + hop:at + hop + frame]                    # what would follow the last frame
            area = pad[want - search:want + search + frame]
            if len(follow) < frame or len(area) < frame:
                break
            at = want - search + int(np.argmax(np.correlate(area, follow, "valid")))
        else:
            at = want
        piece = pad[at:at + frame]
        out[k * hop:k * hop + len(piece)] += piece * window[:len(piece)]
    return out[:n]


def resample(x, rate):
    """`rate` times faster, pitch and formants with it."""
    return signal.resample_poly(x, 40, max(1, round(40 * rate))).astype(np.float32) if abs(rate - 1) > .0125 else x


def room(x, rooms, rng):
    """A recorded room, or decaying noise behind a direct path."""
    if rooms and rng.random() < .3:
        h = rooms[rng.integers(len(rooms))][:FS // 2].astype(np.float64)
        h = h[max(0, int(np.argmax(np.abs(h))) - 4):]
    else:
        n = int(FS * rng.uniform(.1, .5))
        h = rng.normal(size=n) * np.exp(-6.9 * np.arange(n) / (FS * rng.uniform(.1, .6)))
        h *= db(rng.uniform(-14, 2)) / (np.sqrt(np.sum(h ** 2)) + 1e-9)
        h[:int(FS * rng.uniform(.001, .012))] = 0
        h[0] = 1
    y = signal.fftconvolve(x, h)[:len(x)]
    return (y * rms(x) / rms(y)).astype(np.float32)


def coloured(n, rng):
    """Noise with a random slope, at times with mains hum."""
    f = np.fft.rfft(rng.normal(size=n))
    f *= np.maximum(np.arange(len(f)), 20.0) ** -rng.uniform(0, 1)
    x = np.fft.irfft(f, n)
    x /= rms(x)
    if rng.random() < .2:
        hum = sum(np.sin(2 * np.pi * rng.choice([50, 60]) * k * np.arange(n) / FS + rng.uniform(0, 6)) / k for k in range(1, 8))
        x += hum / rms(hum) * rng.uniform(.2, 1)
    return (x / rms(x)).astype(np.float32)


def music(n, rng):
    """Chords of decaying harmonic notes with a beat, or a ring or dial tone."""
    t, x = np.arange(n) / FS, np.zeros(n)
    if rng.random() < .25:
        a, b = ((440, 480), (350, 440), (425, 425), (400, 450), (950, 1400))[rng.integers(5)]
        return (((np.sin(2 * np.pi * a * t) + np.sin(2 * np.pi * b * t)) * ((t % 3) < rng.uniform(.4, 3)))).astype(np.float32)
    beat = rng.uniform(.15, .6)
    for k in range(int(t[-1] / beat) + 1):
        s = int(k * beat * FS)
        u = np.arange(min(n - s, int(FS * beat * rng.uniform(1, 4)))) / FS
        for note in rng.integers(-14, 20, rng.integers(1, 4)):
            f0 = 220 * 2 ** (note / 12)
            for harmonic in range(1, 8):
                if f0 * harmonic < 3800:
                    x[s:s + len(u)] += np.sin(2 * np.pi * f0 * harmonic * u) * np.exp(-u * rng.uniform(1, 6)) / harmonic
    return (x / rms(x)).astype(np.float32)


def dtmf(n, rng):
    x = np.zeros(n, np.float32)
    at = int(rng.integers(0, 2000))
    while at < n:
        on, off = int(rng.uniform(400, 2400)), int(rng.uniform(400, 4000))
        t = np.arange(min(on, n - at)) / FS
        x[at:at + len(t)] = np.sin(2 * np.pi * rng.choice([697, 770, 852, 941]) * t) + np.sin(2 * np.pi * rng.choice([1209, 1336, 1477]) * t)
        at += on + off
    return x


def band(x, rng):
    """A phone's band: 150-400 Hz to 3-3.7 kHz, and a slope of up to 6 dB either way."""
    if rng.random() < .75:
        x = signal.sosfilt(signal.butter(int(rng.integers(1, 5)), [rng.uniform(120, 400), rng.uniform(3000, 3750)], "band", fs=FS, output="sos"), x)
    if rng.random() < .6:
        x = signal.lfilter([1, rng.uniform(-.6, .6)], [1], x)
    return np.asarray(x, np.float32)
