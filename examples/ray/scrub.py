#!/usr/bin/env python3
"""An archive with Ray: as many tasks as there are shards, each with a ledger of its own.

    pip install ./crates/python ray
    python examples/ray/scrub.py examples/data clean ledgers --shards 4

The archive and the outputs are folders that every node reaches, or places in an object store (`s3://calls/2024`), whose keys are in the environment of the nodes (`AWS_*`); an archive in a store needs
`--manifest`, a URL a line. A task that is lost is done again by Ray, and goes on from its ledger where `ledgers` is a folder that every node reaches. Runs on the cluster of RAY_ADDRESS, or on this machine.
"""

import argparse
import pathlib

import cardhush
import ray


@ray.remote(num_cpus=1, max_retries=3)
def scrub(files, output, ledger, root, shard):
    """Scrubs a shard; gives sums, and what was not scrubbed with its reason."""
    totals, rows = cardhush.scrub_many(files, output, ledger=ledger, root=root, shard=shard)
    return totals, [(row.file, row.reason) for row in rows if row.outcome in ("refused", "failed")]


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("archive")
    ask.add_argument("output")
    ask.add_argument("ledgers", type=pathlib.Path)
    ask.add_argument("--manifest", type=pathlib.Path, help="the files, one a line; without it, every *.wav below the archive")
    ask.add_argument("--shards", type=int, default=4)
    asked = ask.parse_args()
    if asked.manifest:
        files = asked.manifest.read_text().splitlines()
    else:
        asked.archive = str(pathlib.Path(asked.archive).resolve())
        files = sorted(map(str, pathlib.Path(asked.archive).rglob("*.wav")))
    ledgers = asked.ledgers.resolve()
    ledgers.mkdir(parents=True, exist_ok=True)
    output = asked.output if "://" in asked.output else str(pathlib.Path(asked.output).resolve())
    ray.init()
    # Each node gets the list once; which of it is a task's, its shard says.
    listed = ray.put(files)
    shards = range(1, asked.shards + 1)
    tasks = [scrub.remote(listed, output, str(ledgers / f"shard-{n}.jsonl"), asked.archive, f"{n}/{asked.shards}") for n in shards]
    done = ray.get(tasks)
    for file, reason in (one for _, left in done for one in left):
        print(f"{file}: {reason}")
    total = {name: sum(getattr(totals, name) for totals, _ in done) for name in ("found", "scrubbed", "nothing_found", "refused", "failed")}
    print(total)
    return 1 if total["found"] != len(set(files)) or total["refused"] + total["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
