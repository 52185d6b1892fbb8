"""A bucket on this machine: `s3-rig`'s server and, before it, its proxy with faults (examples/s3-rig)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from types import TracebackType

RIG = os.environ["S3_RIG"]
BUCKET = "calls"


class Rig:
    """The bucket `calls` of a folder: fill `bucket` before it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bucket = folder / BUCKET
        self.bucket.mkdir(parents=True)
        self.running: list[subprocess.Popen[str]] = []

    def start(self) -> Rig:
        keys = ("--access-key", "rig", "--secret-key", "rig-secret")
        self.address = self._start("serve", "--folder", str(self.folder), *keys)
        rates = ("--fail", "0.01", "--slow", "0.01", "--slow-ms", "200", "--cut", "0.01")
        self.faulty = self._start("faults", "--upstream", self.address, "--seed", "1", *rates)
        return self

    def _start(self, *arguments: str) -> str:
        run = subprocess.Popen([RIG, *arguments, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.running.append(run)
        assert run.stdout
        return run.stdout.readline().split()[1]

    @staticmethod
    def environment(address: str) -> dict[str, str]:
        """Who asks, and where."""
        return {
            "AWS_ACCESS_KEY_ID": "rig",
            "AWS_SECRET_ACCESS_KEY": "rig-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ENDPOINT": address,
        }

    def faults(self) -> Counter[str]:
        """Ends the proxy, and tells what it did."""
        proxy = self.running.pop()
        proxy.send_signal(signal.SIGTERM)
        told, _ = proxy.communicate(timeout=60)
        lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        return Counter(line["kind"] for line in lines if "kind" in line)

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for run in self.running:
            run.kill()
            run.wait()
