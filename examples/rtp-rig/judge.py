"""What a recorder kept of the keys: attack.py on the audio, and the events that are left in its packets.

The audio that it should have stored is that of the packets which the network delivered, each at its timestamp; what is lost is silence in both, and no fault of the recorder."""
import collections, json, os, struct, subprocess, sys
import numpy as np
from scipy import signal
import dtmfgen as G

KEYS, STAR = range(16), 10

def rtp(packet):
    """-> payload type, timestamp, payload; of headers without extension and padding, as these senders make them"""
    assert packet[0] & 0x30 == 0, "extension or padding"
    return packet[1] & 0x7f, struct.unpack(">I", packet[4:8])[0], packet[12 + 4 * (packet[0] & 15):]

def audio(packets, first):
    """the samples of PCMU packets by their timestamps, from timestamp `first` on; silence where nothing came"""
    parts = [((t - first + 2 ** 31) % 2 ** 32 - 2 ** 31, p) for k, t, p in map(rtp, packets) if k == 0]
    out = np.zeros(max((a + len(p) for a, p in parts), default=0), np.int16)
    for a, p in parts:
        if a >= 0: out[a:a + len(p)] = G.dec_mu(np.frombuffer(p, np.uint8))
    return out

def shift(of, to):
    """by how many samples `of` lies later than `to`, by correlation"""
    c = signal.correlate(of.astype(float), to.astype(float), "full", method="fft"); return int(np.argmax(c)) - len(to) + 1

def pcap(path):
    data = open(path, "rb").read(); at = 24; assert data[:4] == b"\xd4\xc3\xb2\xa1"
    while at < len(data):
        n = struct.unpack("<I", data[at + 8:at + 12])[0]; yield data[at + 16 + 28:at + 16 + n]; at += 16 + n

def events(packets): return [p[0] for k, _, p in map(rtp, packets) if k == 101 and p[0] in KEYS]

def attack(folder, orig, masked, truth, spans, referees, name):
    o, m, t, i, r = (f"{folder}/{name}{x}" for x in (".orig.wav", ".masked.wav", ".truth.json", ".spans.json", ".result.json"))
    n = min(len(orig), len(masked)); G.write_wav(o, orig[:n]); G.write_wav(m, masked[:n]); json.dump(truth, open(t, "w")); json.dump(spans or [], open(i, "w"))
    subprocess.run([sys.executable, f"{referees}/keyed/attack.py", o, m, t, "--out", r, "-q", *(["--intervals", i] if spans is not None else [])], check=True)
    return json.load(open(r))["channels"]["0"]

def decoded(result): return max(v["recovered"] for k, v in result["attacks"].items() if k.startswith("peer"))

def judge(folder, wav, truth, sent, delivered, stored, masked, spans, referees):
    """masked: samples and the position in them of timestamp `first`, or None where correlation is to tell"""
    first = next(t for k, t, _ in map(rtp, sent) if k == 0); orig = audio(delivered, first); pcm = G.read_wav(wav)[0][:, 0]
    # The sender's first packet may not hold the WAV's first sample.
    moved = shift(audio(sent, first), pcm); truth = dict(truth, digits=[dict(d, start=d["start"] + moved, end=d["end"] + moved) for d in truth["digits"]])
    samples, at = masked; at = shift(samples, orig) if at is None else at; samples = np.concatenate([np.zeros(max(0, -at), np.int16), samples[max(0, at):]])
    samples = np.concatenate([samples, np.zeros(max(0, len(orig) - len(samples)), np.int16)])
    own = None if spans is None else [dict(channel=0, start=s["start"] - at, end=s["end"] - at) for s in spans]
    before, after = attack(folder, orig, orig, truth, None, referees, "before"), attack(folder, orig, samples, truth, own, referees, "after")
    worst = max((v for k, v in after["attacks"].items() if "recovered" in v and not k.startswith("learned_")), key=lambda v: v["accuracy"] - v["chance"])
    return dict(
        keys=len(truth["digits"]), sent=len(sent), lost=len(sent) - len(set(delivered)), delivered=len(delivered), stored=len(stored),
        read_before=decoded(before), attackers_before=len(before["any_significant_p<0.001/attacks"]), read=decoded(after), attackers=after["any_significant_p<0.001/attacks"],
        worst=worst["recovered"], chance=round(worst["chance"] * worst["of"]), kept=after["digits_kept_2%"], identical=after.get("bit_identical_outside_reported"),
        other_ms=after["nontone_ms_masked_per_digit"], false_ms=after["false_mask_ms"], events=len(events(delivered)), events_left=sum(e != STAR for e in events(stored)), moved=moved)

def headers(packets): return collections.Counter(p[:12] for p in packets)
