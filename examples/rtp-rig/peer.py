"""rtpengine (Debian's, in user space) in the recorder's place: what its `block DTMF` leaves of the same calls in what it sends on."""
import itertools, json, os, resource, socket, subprocess, time
import judge, network, senders

# Name in the table: what `block DTMF` is told, and the delay buffer asked for. Left out: 10.5.3.5 dies of a segmentation fault in `random`; `zero` and `DTMF` put keys of
# their own in the place of those that were pressed, which decoders then read.
MODES = {"drop": ("drop", 0), "silence": ("silence", 0), "silence, 20 ms buffer": ("silence", 20), "silence, 60 ms buffer": ("silence", 60), "tone, 60 ms buffer": ("tone", 60)}
# Both make sure that it decodes, and so can look for tones.
FLAGS = ["detect-DTMF", "always-transcode"]
CALLS = [("tones", "gateway"), ("events", "gateway"), ("both", "gateway")]

def bencode(x):
    if isinstance(x, int): return b"i%de" % x
    if isinstance(x, str): return b"%d:%s" % (len(x.encode()), x.encode())
    if isinstance(x, list): return b"l" + b"".join(map(bencode, x)) + b"e"
    return b"d" + b"".join(bencode(k) + bencode(x[k]) for k in sorted(x)) + b"e"

def bdecode(data, at=0):
    if data[at:at + 1] == b"i": end = data.index(b"e", at); return int(data[at + 1:end]), end + 1
    if data[at:at + 1] in b"ld":
        kind, items, at = data[at:at + 1], [], at + 1
        while data[at:at + 1] != b"e": item, at = bdecode(data, at); items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at); n = int(data[at:colon]); return data[colon + 1:colon + 1 + n].decode(errors="replace"), colon + 1 + n

class Engine:
    def __init__(self, folder, first):
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); self.control.bind(("127.0.0.1", 0)); self.control.settimeout(2); self.cookies = itertools.count()
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); probe.bind(("127.0.0.1", 0)); self.at = probe.getsockname(); probe.close()
        self.log = open(f"{folder}/rtpengine.log", "w")
        self.process = subprocess.Popen(["rtpengine", "--config-file=none", "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{self.at[1]}", "--foreground", "--log-stderr", f"--port-min={first}", f"--port-max={first + 400}", "--num-threads=2"],
            stderr=self.log, stdout=self.log, cwd=folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))   # what it held when it dies is nobody's business
        time.sleep(1.5)

    def ask(self, **words):
        self.control.sendto(f"{next(self.cookies)} ".encode() + bencode({k.replace("_", "-") if k != "call_id" else "call-id": v for k, v in words.items()}), self.at)
        answer = bdecode(self.control.recv(65536).split(b" ", 1)[1])[0]; assert answer["result"] == "ok", answer.get("error-reason"); return answer

    def stop(self): self.process.terminate(); self.process.wait(); self.log.close()

def sdp(port, events):
    kinds = "0 101" if events else "0"
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {kinds}\r\na=rtpmap:0 PCMU/8000\r\n" + ("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" if events else "") + "a=sendrecv\r\na=ptime:20\r\n"

def one(engine, folder, case, sender, mode, args, seed):
    security, buffer_ms = MODES[mode]; os.makedirs(folder); base = f"{folder}/source"; senders.source(base, case, sender, args.keys, seed)
    sink = network.Sink(); sink.start(); caller = network.Sink(); call = f"call-{seed}"; events = case != "tones"; more = dict(delay_buffer=buffer_ms) if buffer_ms else {}
    engine.ask(command="offer", call_id=call, from_tag="a", sdp=sdp(caller.port, events), flags=FLAGS, ICE="remove", **more)
    answer = engine.ask(command="answer", call_id=call, from_tag="a", to_tag="b", sdp=sdp(sink.port, events), flags=FLAGS, ICE="remove", **more)
    port = int(next(line for line in answer["sdp"].splitlines() if line.startswith("m=audio")).split()[1])
    engine.ask(command="block DTMF", call_id=call, from_tag="a", **({"DTMF_security": security} if security != "drop" else {}), **more)
    relay = network.Relay("clean", seed, ("127.0.0.1", port)); relay.start()
    senders.CASES[case][sender](base + ".wav", base + ".json", relay.port); time.sleep(.5); relay.stop(); sink.stop()
    engine.ask(command="delete", call_id=call, from_tag="a")
    kinds = [p for p in sink.packets if p[1] & 0x7f in (0, 101)]; first = next(t for k, t, _ in map(judge.rtp, kinds) if k == 0)
    return judge.judge(folder, base + ".wav", json.load(open(base + ".json")), relay.sent, relay.delivered, kinds, (judge.audio(kinds, first), None), None, args.referees)

def runs(folder, args):
    os.makedirs(f"{folder}/rtpengine"); engine = Engine(f"{folder}/rtpengine", 34000)
    try:
        for seed, ((case, sender), mode) in enumerate(itertools.product(CALLS, MODES)):
            # Where it makes audio anew beside events, its timestamps move by some 80 ms either way: attack.py, which compares sample by sample, cannot judge that.
            if case == "tones" or mode == "drop": yield (case, sender, f"rtpengine: {mode}"), one(engine, f"{folder}/rtpengine/{seed}", case, sender, mode, args, seed + args.seed)
    finally: engine.stop()
