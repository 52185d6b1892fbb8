"""The rig's programs, built and run, and calls for it to serve: what `archive` and `memory` have in common."""

import json
import pathlib
import signal
import struct
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEYS = {"AWS_ACCESS_KEY_ID": "rig", "AWS_SECRET_ACCESS_KEY": "rig-secret", "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true"}


def build(manifest, *options):
    """Builds a package and gives its programs, by their names."""
    made = subprocess.run(["cargo", "build", "-q", "--release", "--manifest-path", manifest, "--message-format", "json", *options], stdout=subprocess.PIPE, check=True)
    programs = [json.loads(line) for line in made.stdout.splitlines()]
    return {one["target"]["name"]: one["executable"] for one in programs if one.get("executable")}


def chunks(wav):
    """The chunks of a WAV file, by their names."""
    at, found = 12, {}
    while at + 8 <= len(wav):
        name, length = struct.unpack_from("<4sI", wav, at)
        found[name] = wav[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return found


def wav(fmt, audio):
    """A WAV file of these samples."""
    body = b"WAVE" + b"".join(struct.pack("<4sI", name, len(part)) + part + bytes(len(part) % 2) for name, part in ((b"fmt ", fmt), (b"data", audio)))
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def example():
    """The example call: its form, its samples, bytes a frame and frames a second."""
    found = chunks((ROOT / "examples/data/call.wav").read_bytes())
    rate, _, frame = struct.unpack_from("<IIH", found[b"fmt "], 4)
    return found[b"fmt "], found[b"data"], frame, rate


class Program:
    """A server that says when it is ready."""

    started = []

    def __init__(self, *command):
        # A file: a pipe that nobody reads would stop it once it is full. Opened twice, since whoever seeks in it must not move the writer.
        log = tempfile.NamedTemporaryFile("wb")
        self.log, self.run = open(log.name), subprocess.Popen(command, stdout=log)
        log.close()
        self.started.append(self.run)
        while not (ready := self.said()):
            time.sleep(0.05)
        self.address = ready[0].split()[1]

    def said(self):
        self.log.seek(0)
        return [line for line in self.log.read().splitlines(keepends=True) if line.endswith("\n")]

    def end(self):
        self.run.send_signal(signal.SIGTERM)
        self.run.wait(timeout=60)
        return [json.loads(line) for line in self.said() if line.startswith("{")]


def faults(rig, server, seed, *options):
    rates = ("--fail", "0.01", "--slow", "0.01", "--slow-ms", "200", "--cut", "0.01")
    return Program(rig, "faults", "--upstream", server.address, "--port", "0", "--seed", str(seed), *rates, *options)


def status(pid, name):
    with open(f"/proc/{pid}/status") as lines:
        return next((int(line.split()[1]) for line in lines if line.startswith(name + ":")), 0)
