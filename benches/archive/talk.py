"""Telephone talk without digits: recorded speech, cut at random, in the noise of a line."""

import csv
import os

import numpy as np
import soundfile as sf
from formats import RATE_HZ
from scipy import signal

FULL_SCALE_DBM0 = 3.14
USUAL_DBM0 = -20.0


def rms_for(dbm0):
    return 32768 / np.sqrt(2) * 10 ** ((dbm0 - FULL_SCALE_DBM0) / 20)


def rows(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader(lines))


def said_nothing_like_a_digit(row):
    return row["has_number_word"] == "0" and row["has_homophone"] == "0" and row["transcript_status"] == "known"


class Talk:
    """Clips in the band of telephones, at the usual level."""

    def __init__(self, data):
        band = signal.butter(4, [300, 3400], "band", fs=RATE_HZ, output="sos")

        def clip(path):
            pcm, rate = sf.read(os.path.join(data, path), dtype="float32", always_2d=True)
            assert rate == RATE_HZ, path
            pcm = signal.sosfilt(band, pcm[:, 0])
            return (pcm * rms_for(USUAL_DBM0) / (np.sqrt(np.mean(pcm**2)) + 1e-9)).clip(-32768, 32767).astype(np.int16)

        self.clips = [clip(r["path"]) for r in rows(f"{data}/speech/manifest.csv") if said_nothing_like_a_digit(r)]
        noises = [r["path"] for r in rows(f"{data}/noise/manifest.csv") if float(r["duration_s"]) > 2]
        self.noise = np.concatenate([clip(path) for path in noises])
        self.hiss = (np.random.default_rng(0).normal(size=60 * RATE_HZ * 2) * rms_for(USUAL_DBM0)).clip(-32768, 32767).astype(np.int16)

    def noise_of(self, rng, n, below_db, of):
        at = rng.integers(len(of) - n)
        return of[at : at + n].astype(np.float32) * np.float32(10 ** (-below_db / 20))

    def call(self, rng, seconds, channels):
        """-> int16 [n] or [n, 2], in which who talks changes from clip to clip, and whether there is more behind them than hiss."""
        n, noisy = int(seconds * RATE_HZ), False
        pcm = np.zeros((n, channels), np.float32)
        for side in range(channels):
            hiss = self.noise_of(rng, n, rng.uniform(30, 42), self.hiss)
            if rng.random() >= 0.5:
                noisy, hiss = True, hiss + self.noise_of(rng, n, rng.uniform(10, 25), self.noise)
            pcm[:, side] = hiss
        gains = 10 ** (rng.uniform(-8, 3, channels) / 20)
        at = -int(rng.integers(RATE_HZ))  # the first is cut somewhere
        while at < n:
            clip, side = self.clips[rng.integers(len(self.clips))], rng.integers(channels)
            begin, end = max(0, at), min(n, at + len(clip))
            if begin < end:
                pcm[begin:end, side] += clip[begin - at : end - at] * np.float32(gains[side])
            at += len(clip) + int(rng.uniform(0.05, 0.7) * RATE_HZ)
        pcm = pcm.round().clip(-32768, 32767).astype(np.int16)
        return pcm[:, 0] if channels == 1 else pcm, noisy
