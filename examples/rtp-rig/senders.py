"""The senders: each takes a WAV and its keys, and sends RTP to a port of this machine in real time."""
import json, os, socket, subprocess, sys, time
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
RATE, N, AUDIO, EVENT = 8000, 160, 0, 101

def gst_tones(wav, truth, port):
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={wav}", "!", "wavparse", "!", "mulawenc", "!", "rtppcmupay", "pt=0", "min-ptime=20000000",
                    "max-ptime=20000000", "!", "udpsink", "host=127.0.0.1", f"port={port}"], check=True)

def ffmpeg_tones(wav, truth, port):
    subprocess.run(["ffmpeg", "-v", "error", "-re", "-i", wav, "-c:a", "pcm_mulaw", "-f", "rtp", f"rtp://127.0.0.1:{port}?pkt_size=172"], check=True, stdout=subprocess.DEVNULL)

def gst_keys(how): return lambda wav, truth, port: subprocess.run(["/usr/bin/python3", f"{HERE}/gst_keys.py", wav, truth, str(port), how], check=True)

def gateway(events, mute):
    """As a gateway sends: one stream, an event packet every 20 ms while the key lasts and its end three times (RFC 4733, 2.5.1)."""
    def send(wav, truth, port):
        import dtmfgen as G
        coded = G.enc_mu(G.read_wav(wav)[0][:, 0]); keys = json.load(open(truth))["digits"]; out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sequence, base, begun = 65000, 2 ** 32 - 9000, time.monotonic()
        def packet(kind, at, payload, marker=0):
            nonlocal sequence
            out.sendto(bytes([0x80, kind | marker << 7]) + (sequence & 0xffff).to_bytes(2, "big") + ((base + at) & 0xffffffff).to_bytes(4, "big") + b"\0\0\x07\x01" + payload, ("127.0.0.1", port)); sequence += 1
        for i in range(len(coded) // N):
            time.sleep(max(0, begun + (i + 1) * N / RATE - time.monotonic())); end = (i + 1) * N
            key = next((k for k in keys if k["start"] < end and end - N < k["end"]), None) if events else None
            if not (key and mute): packet(AUDIO, i * N, bytes(coded[i * N:end]))
            if key:
                over = end >= key["end"]; so_far = min(end, key["end"]) - key["start"]; code = "0123456789*#ABCD".index(key["digit"])
                for _ in range(3 if over else 1): packet(EVENT, key["start"], bytes([code, over << 7 | 10]) + so_far.to_bytes(2, "big"), so_far <= N)
    return send

# case -> sender -> (what sends, whether tones are in the WAV)
CASES = {
    "tones": {"GStreamer": gst_tones, "ffmpeg": ffmpeg_tones, "gateway": gateway(False, False)},
    "events": {"GStreamer": gst_keys("mute"), "gateway": gateway(True, True)},
    "both": {"GStreamer": gst_keys("both"), "gateway": gateway(True, False)},
}

def source(path, case, sender, count, seed):
    """A WAV and its truth: keys of 100 ms over noise 30 dB below them; without the tones where events alone tell of the keys. GStreamer's events are not shorter than
    250 ms, nor closer than that: there keys last 300 ms."""
    import dtmfgen as G
    on, off = (300., 250.) if sender == "GStreamer" and case != "tones" else (100., 160.)
    cond = dict(alphabet=G.TEN, level=-10., twist=-2., on=on, jitter=10., off=off, noise="shaped", snr=30., codecs=["pcmu"], lead=1.)
    pcm, truth = G.make(cond, count, seed)
    if case == "events":
        noise = G.shaped_noise(len(pcm), np.random.default_rng(seed)); noise *= G.rms_for(-10) * np.sqrt(1 + 10 ** -.2) * 10 ** -1.5 / np.std(noise); pcm = G.dec_mu(G.enc_mu(np.round(noise)))
    G.write_wav(path + ".wav", pcm); json.dump(truth, open(path + ".json", "w"))
