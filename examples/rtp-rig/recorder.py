"""One run: a sender, a network, and the example recorder or another behind it."""
import json, os, signal, subprocess, threading, time
import dtmfgen as G
import judge, network, senders

def run(folder, case, sender, net, args, seed):
    os.makedirs(folder); base = f"{folder}/source"; senders.source(base, case, sender, args.keys, seed); truth = json.load(open(base + ".json"))
    recorder = subprocess.Popen([args.recorder, "--listen", "127.0.0.1:0", "--out", f"{folder}/stored", *args.recorder_args.split()], stderr=subprocess.PIPE, text=True)
    port = int(recorder.stderr.readline().rsplit(":", 1)[1]); told = []
    reader = threading.Thread(target=lambda: told.extend(recorder.stderr)); reader.start()
    relay = network.Relay(net, seed, ("127.0.0.1", port)); relay.start()
    try: senders.CASES[case][sender](base + ".wav", base + ".json", relay.port); time.sleep(.3); relay.stop(); time.sleep(.2)
    finally: recorder.send_signal(signal.SIGINT); status = recorder.wait(); reader.join()
    stored = list(judge.pcap(f"{folder}/stored/stored.pcap")); spans = [json.loads(line) for line in open(f"{folder}/stored/spans.jsonl")]
    first = next(t for k, t, _ in map(judge.rtp, relay.sent) if k == 0); wav = G.read_wav(f"{folder}/stored/channel-0.wav")[0][:, 0]
    # Where the WAV has the packets: the place of each is searched for, and all must agree.
    raw, places = wav.tobytes(), {}
    for k, t, p in map(judge.rtp, stored):
        x = G.dec_mu(judge.np.frombuffer(p, "u1")).astype("<i2").tobytes() if k == 0 else b""; a = raw.find(x) if len(x) >= 320 else -1
        if a >= 0 and raw.find(x, a + 1) < 0: q = a // 2 - ((t - first + 2 ** 31) % 2 ** 32 - 2 ** 31); places[q] = places.get(q, 0) + 1
    at = max(places, key=places.get)
    result = lambda: judge.judge(folder, base + ".wav", truth, relay.sent, relay.delivered, stored, (wav, at), [s for s in spans if s["type"] in ("redaction", "unread")], args.referees)
    extra = dict(status=status, places=len(places), unstored=sum((judge.headers(relay.delivered) - judge.headers(stored)).values()), exposed=sum(s["type"] == "exposed" for s in spans), unread=sum(s["type"] == "unread" for s in spans),
                 told=[line.strip() for line in told if "not taken" in line or "too slow" in line])
    return result, extra
