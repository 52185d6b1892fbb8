#!/usr/bin/env python3
"""An archive with Ray: as many tasks as there are shards, each with a ledger of its own.

    pip install ./crates/python ray
    python examples/ray/scrub.py examples/data clean ledgers --shards 4

The archive and the outputs are folders that every node reaches, or places in an object store (`s3://calls/2024`), whose keys are in the environment of the nodes (`AWS_*`); an archive in a store needs
`--manifest`, a whole path or URL a line. Without a manifest, files of other endings than `.wav` are skipped, and counted. A task that fails or is lost is done again by Ray, and goes on from its ledger
where `ledgers` is a folder that every node reaches. A shard that fails for good is told, and the others go on. Exit status 0: all is done; 1: something was refused or failed, or a shard did.
Runs on the cluster of RAY_ADDRESS, or on this machine.
"""

import argparse
import pathlib

import cardhush
import ray

NUMBERS = ("found", "scrubbed", "nothing_found", "refused", "failed")


# An error of a shard may pass, such as a folder that is not to be had for a while: Ray tries again by itself only where a node is lost.
@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=[cardhush.Error])
def scrub(files, output, ledger, root, shard):
    """Scrubs a shard; gives sums, and what was not scrubbed with its reason."""
    totals, rows = cardhush.scrub_many(files, output, ledger=ledger, root=root, shard=shard)
    return totals, [(row.file, row.reason) for row in rows if row.outcome in ("refused", "failed")]


def whole(place):
    """Nodes work in folders of their own."""
    return place if "://" in place else str(pathlib.Path(place).resolve())


def below(archive):
    """Every *.wav of a folder; what else is there is said."""
    there = [path for path in sorted(pathlib.Path(archive).rglob("*")) if path.is_file()]
    files = [str(path) for path in there if path.suffix.lower() == ".wav"]
    if len(files) < len(there):
        others = sorted({path.suffix or path.name for path in there if path.suffix.lower() != ".wav"})
        print(f"skipped, of other endings than .wav: {len(there) - len(files)} files ({', '.join(others[:8])}{' and more' if len(others) > 8 else ''})")
    return files


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("archive")
    ask.add_argument("output")
    ask.add_argument("ledgers", type=pathlib.Path)
    ask.add_argument("--manifest", type=pathlib.Path, help="the files, one a line; without it, every *.wav below the archive")
    ask.add_argument("--shards", type=int, default=4)
    asked = ask.parse_args()
    archive, output, ledgers = whole(asked.archive), whole(asked.output), asked.ledgers.resolve()
    if not asked.manifest and "://" in archive:
        ask.error(f"{archive}: a store is not listed: name its objects with --manifest")
    files = [whole(file) for file in asked.manifest.read_text().splitlines() if file] if asked.manifest else below(archive)
    ledgers.mkdir(parents=True, exist_ok=True)
    ray.init()
    # Each node gets the list once; which of it is a task's, its shard says.
    listed = ray.put(files)
    shards = [f"{n}/{asked.shards}" for n in range(1, asked.shards + 1)]
    tasks = [scrub.remote(listed, output, str(ledgers / f"shard-{shard.partition('/')[0]}.jsonl"), archive, shard) for shard in shards]
    total, lost = dict.fromkeys(NUMBERS, 0), 0
    for shard, task in zip(shards, tasks):
        try:
            totals, left = ray.get(task)
        except ray.exceptions.RayError as error:
            lost += 1
            print(f"shard {shard}: failed: {error}")
            continue
        for name in NUMBERS:
            total[name] += getattr(totals, name)
        for file, reason in left:
            print(f"{file}: {reason}")
    print({**total, "shards that failed": lost})
    return 1 if lost or total["found"] != len(set(files)) or total["refused"] + total["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
