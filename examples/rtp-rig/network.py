"""A network on one machine: takes RTP at a port, loses, delays and doubles packets by a seeded draw, and passes on the rest. Keeps what was sent and what it delivered.

Delay is drawn for each packet by itself, so that packets overtake each other; what it loses it loses one by one."""
import heapq, random, select, socket, threading, time

NETWORKS = {                       # share lost, most ms of delay, share doubled
    "clean": (0, 0, 0),
    "loss 1 %": (.01, 0, 0),
    "loss 5 %": (.05, 0, 0),
    "jitter 60 ms": (0, 60, 0),
    "all": (.05, 60, .05),         # all at once
}

class Relay(threading.Thread):
    def __init__(self, network, seed, to):
        super().__init__(daemon=True)
        self.loss, self.jitter_ms, self.copies = NETWORKS[network]
        self.random, self.to = random.Random(seed), to
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.sent, self.delivered, self.stopped = [], [], False

    def delay(self): return self.random.uniform(0, self.jitter_ms) / 1000

    def run(self):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); waiting = []; count = 0
        while not self.stopped or waiting:
            pause = min(.1, max(0, waiting[0][0] - time.monotonic())) if waiting else .1
            if select.select([self.socket], [], [], pause)[0]:
                packet = self.socket.recv(4096); now = time.monotonic(); self.sent.append(packet)
                if self.random.random() >= self.loss:
                    for extra in (0, .01) if self.random.random() < self.copies else (0,):
                        heapq.heappush(waiting, (now + self.delay() + extra, count, packet)); count += 1
            while waiting and waiting[0][0] <= time.monotonic():
                packet = heapq.heappop(waiting)[2]; out.sendto(packet, self.to); self.delivered.append(packet)

    def stop(self): self.stopped = True; self.join()

class Sink(threading.Thread):
    """Takes packets at a port and keeps them."""
    def __init__(self):
        super().__init__(daemon=True); self.packets, self.stopped = [], False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); self.socket.bind(("127.0.0.1", 0)); self.socket.settimeout(.1)
        self.port = self.socket.getsockname()[1]

    def run(self):
        while not self.stopped:
            try: self.packets.append(self.socket.recv(4096))
            except TimeoutError: pass

    def stop(self): self.stopped = True; self.join()
