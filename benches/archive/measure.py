#!/usr/bin/env python3
"""Runs a command over the archive and measures it from outside; its figures are a line of WORK/runs.jsonl.

  measure.py --work DIR --name NAME [--ledger FILE] -- COMMAND...

Wall-clock and processor time, the load of the machine before and after, the highest memory so far (VmHWM) and that of the moment (VmRSS) when a
tenth, a half and all of the files have their lines in the ledger. Files of the kind "growing wav" are written to all the while.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time

EVERY_S = 0.2


def index(work):
    with open(os.path.join(work, "index.jsonl")) as lines:
        return [json.loads(line) for line in lines]


def grow(paths, until):
    while not until.wait(0.5):
        for path in paths:
            with open(path, "ab") as file:
                file.write(b"\xff" * 800)


def memory(pid):
    """(VmHWM, VmRSS) in MiB, or None once it is gone."""
    try:
        with open(f"/proc/{pid}/status") as lines:
            of = dict(line.split(":", 1) for line in lines)
        return tuple(round(int(of[name].split()[0]) / 1024, 1) for name in ("VmHWM", "VmRSS"))
    except (OSError, KeyError):
        return None


class Lines:
    """How many lines a file that grows has."""

    def __init__(self, path):
        self.path, self.at, self.count = path, 0, 0

    def now(self):
        if self.path and os.path.exists(self.path):
            with open(self.path, "rb") as file:
                file.seek(self.at)
                while block := file.read(1 << 20):
                    self.count += block.count(b"\n")
                    self.at += len(block)
        return self.count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("work", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--ledger")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    files = index(args.work)
    done = threading.Event()
    growing = [os.path.join(args.work, "archive", line["path"]) for line in files if line["format"] == "growing wav"]
    threading.Thread(target=grow, args=(growing, done), daemon=True).start()
    load = [os.getloadavg()[0]]
    lines, marks = Lines(args.ledger), {}
    with open(os.path.join(args.work, f"{args.name}.out"), "w") as out, open(os.path.join(args.work, f"{args.name}.err"), "w+") as err:
        begun = time.monotonic()
        child = subprocess.Popen(args.command, stdout=out, stderr=err)
        last, ended, status, used = None, 0, 0, None
        while not ended:
            time.sleep(EVERY_S)
            last = memory(child.pid) or last
            for part in (10, 50):
                if lines.now() * 100 >= part * len(files) and last:
                    marks.setdefault(f"{part} %", last)
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
        wall_s = time.monotonic() - begun
        done.set()
        err.seek(0)
        said = err.read().strip().splitlines()[-1:]
    load.append(os.getloadavg()[0])
    run = {
        "name": args.name,
        "exit": os.waitstatus_to_exitcode(status),
        "wall_s": round(wall_s, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "load": [round(one, 2) for one in load],
        "memory": marks | {"100 %": last},
        "said": said,
    }
    with open(os.path.join(args.work, "runs.jsonl"), "a") as runs:
        print(json.dumps(run), file=runs)
    print(json.dumps(run), file=sys.stderr)


if __name__ == "__main__":
    main()
