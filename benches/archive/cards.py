"""Calls with a card, made by the referees, brought to the length of the archive's calls, with their truth."""

import importlib.util
import os
import sys

import numpy as np
from formats import RATE_HZ

LONGEST_S = 60
# Conditions of keyed/gate.py as real lines have them; for two channels, those where the other one hears the keys 5 ms late.
KEYED = ["card", "card_alaw", "card_50ms", "over_speech_10dB", "over_speech_0dB", "landline", "mobile", "loss_5%", "echo_30ms_-25dB", "from_44k1"]
KEYED_STEREO = ["bleed_-40dB", "bleed_-30dB_agent_talks"]


def load(referees, part, name):
    """A referee's script as a module; keyed and spoken ones have the same names."""
    folder = os.path.join(referees, part)
    for path in (os.path.join(referees, "keyed"), folder):
        if path not in sys.path:
            sys.path.append(path)
    spec = importlib.util.spec_from_file_location(f"{part}_{name}", os.path.join(folder, f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Cards:
    def __init__(self, referees, data, talk):
        os.environ["DTMF_SPEECH"] = os.path.join(data, "speech")
        self.dtmfgen = load(referees, "keyed", "dtmfgen")
        self.conditions = load(referees, "keyed", "gate").CONDITIONS
        self.calls = load(referees, "spoken", "calls")
        self.corpus = self.calls.Corpus(data, "dev", "dev", np.random.default_rng(0))
        self.talk = talk

    def keyed(self, rng, seconds, channels):
        """A card keyed between talk. -> (pcm, truth)"""
        condition = str(rng.choice(KEYED if channels == 1 else KEYED_STEREO))
        digits = "".join(map(str, rng.integers(0, 10, int(rng.choice([15, 16, 16, 16, 19])))))
        keyed, truth = self.dtmfgen.make(self.conditions[condition], len(digits), int(rng.integers(1 << 31)), digits)
        around = max(1.0, seconds - len(keyed) / RATE_HZ)
        before, _ = self.talk.call(rng, around * rng.uniform(0.2, 0.8), channels)
        after, _ = self.talk.call(rng, around - len(before) / RATE_HZ, channels)
        shifted = [dict(d, start=d["start"] + len(before), end=d["end"] + len(before)) for d in truth["digits"]]
        return np.concatenate([before, keyed, after]), {"condition": condition, "digits": shifted, "bleed_delay": truth["bleed_delay"]}

    def spoken(self, rng, channels):
        """A card read aloud, with expiry and code; both parties on one channel if there is only one. -> (pcm, truth)"""
        condition, self.corpus.rng = str(rng.choice(["clean", "noisy"])), rng
        while True:
            fluent = bool(self.corpus.fluent) and rng.random() < 0.25
            pcm, digits = self.calls.call(self.corpus, condition, fluent)
            wanted = [d for d in digits if d["role"] in ("card", "expiry", "code")]
            first, last, longest = min(d["start"] for d in wanted), max(d["end"] for d in wanted), LONGEST_S * RATE_HZ
            if last - first <= longest - 2 * RATE_HZ:
                break
        begin = int(max(0, min(first - RATE_HZ, len(pcm) - longest)))
        pcm = pcm[begin : begin + longest]
        whole = [d for d in digits if d["start"] >= begin and d["end"] <= begin + len(pcm)]
        shifted = [dict(d, digit=str(d["digit"]), start=int(d["start"] - begin), end=int(d["end"] - begin)) for d in whole]
        if channels == 1:
            pcm = pcm.astype(np.int32).sum(1).clip(-32768, 32767).astype(np.int16)
            shifted = [dict(d, channel=0) for d in shifted]
        return pcm, {"condition": condition, "digits": shifted}
