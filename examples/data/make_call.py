#!/usr/bin/env python3
"""Puts call.wav and call.json together from the clips that README.md names.

  make_call.py DATA OUT     DATA: a folder with the clips as 8 kHz mono FLAC (paths below); OUT: a folder

Needs numpy and soundfile (made with 2.4 and 0.14). The same clips give the same bytes.
"""
import json, sys
import numpy as np, soundfile as sf

RATE, AGENT, CUSTOMER = 8000, 0, 1
AGENT_CLIPS = "speech/ljspeech_p1/LJ/LJ{}.flac"
SPEAKER = "gsc/3c257192"
# Recordings of each word that take turns, so that repeats differ.
TAKES = {"0": "02", "1": "0", "2": "23", "3": "13", "4": "0", "5": "1", "6": "1", "7": "3", "8": "4", "9": "3"}
LOW, HIGH, KEYS = (697, 770, 852, 941), (1209, 1336, 1477, 1633), ("123A", "456B", "789C", "*0#D")
ECHO_DELAY, ECHO_DB = 96, -28.0          # the line's echo: 12 ms late, this far below, both ways
ECHO_SHAPE = np.array([1, -.6, .4, .3, -.2, .1])

data, out = sys.argv[1:3]
rng = np.random.default_rng(4111)
legs, digits = np.zeros((2, 60 * RATE)), []

def peak(dbm0): return 10 ** ((dbm0 - 3.14) / 20)

def clip(path, dbm0=-20.0):
    """a clip at that active level, cut to what lies within 30 dB of its loudest 20 ms"""
    x, rate = sf.read(f"{data}/{path}"); assert rate == RATE and x.ndim == 1, path
    power = np.array([np.sum(x[i:i + 160] ** 2) for i in range(0, len(x) - 160, 80)])
    loud = np.flatnonzero(power > power.max() / 1e3); x = x[loud[0] * 80:loud[-1] * 80 + 160]
    edge = np.minimum(np.arange(len(x)), np.arange(len(x))[::-1]); x = x * np.minimum(1, (edge + 1) / 40)
    return x * peak(dbm0) / np.sqrt(2 * np.mean(x ** 2))

def put(leg, at, x):
    legs[leg, at:at + len(x)] += x
    return at + len(x)

def after(at, low, high): return at + int(rng.uniform(low, high) * RATE)

def say(at, role, groups, takes):
    for group in groups.split():
        for d in group:
            x = clip(f"digits/{SPEAKER}/{d}_{TAKES[d][next(takes) % len(TAKES[d])]}.flac", -19.0); end = put(CUSTOMER, at, x)
            digits.append(dict(kind="spoken", role=role, start=at, end=end)); at = after(end, .02, .08)
        at = after(at, .3, .5)
    return at

def key(at, role, groups):
    for group in groups.split():
        for d in group:
            row = next(r for r in range(4) if d in KEYS[r]); pair = LOW[row], HIGH[KEYS[row].index(d)]
            t, level = np.arange(int(rng.uniform(.06, .11) * RATE)) / RATE, rng.uniform(-13, -10)
            x = sum(peak(level + up) * np.sin(2 * np.pi * hz * 1.004 * t + rng.uniform(0, 2 * np.pi)) for hz, up in zip(pair, (0, 2)))
            end = put(CUSTOMER, at, x); digits.append(dict(kind="keyed", role=role, start=at, end=end)); at = after(end, .07, .16)
        at = after(at, .2, .4)
    return at

takes = iter(range(1000))
at = put(AGENT, int(.3 * RATE), clip(AGENT_CLIPS.format("001-0104")))
at = put(CUSTOMER, after(at, .2, .4), clip("speech/gsc_words/3c257192/right_1.flac"))
at = key(after(at, .4, .6), "card", "4111 1111 1111 1111 #")
at = put(AGENT, at - int(1.2 * RATE), clip(AGENT_CLIPS.format("002-0005")))      # the agent speaks into the last keys
at = key(after(at, .3, .5), "code", "602 #")
at = put(AGENT, after(at, .1, .3), clip(AGENT_CLIPS.format("001-0090")))
at = say(after(at, .3, .5), "card", "3782 822463 10005", takes)
at = say(after(at, .2, .4), "code", "9046", takes)
at = put(AGENT, after(at, .1, .2), clip(AGENT_CLIPS.format("001-0125")))
legs = legs[:, :at + int(.4 * RATE)]

shape = ECHO_SHAPE / np.sqrt(np.sum(ECHO_SHAPE ** 2)) * 10 ** (ECHO_DB / 20)
echo = [np.concatenate([np.zeros(ECHO_DELAY), np.convolve(x, shape)])[:legs.shape[1]] for x in legs[::-1]]
call = legs + echo + rng.normal(size=legs.shape) * peak(-62) / np.sqrt(2)
sf.write(f"{out}/call.wav", np.clip(call, -1, 1).T, RATE, subtype="ULAW", format="WAV")
with open(f"{out}/call.json", "w") as f:
    head = dict(rate_hz=RATE, channel=CUSTOMER, echo_channel=AGENT, echo_delay=ECHO_DELAY, samples=legs.shape[1])
    f.write(json.dumps(head)[:-1] + ', "digits": [\n' + ",\n".join(map(json.dumps, digits)) + "\n]}\n")
print(f"{legs.shape[1] / RATE:.1f} s, {len(digits)} digits")
