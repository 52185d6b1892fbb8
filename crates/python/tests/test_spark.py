"""The Spark job on a real cluster, of which a part is killed on the way; judged by the command."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from calls import cuts
from cluster import Cluster, wait

import cardhush.spark
from cardhush.spark import _deal

CARDHUSH = os.environ["CARDHUSH"]
FILES = 200
PARTITIONS = 4


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CARDHUSH, *map(str, arguments)], capture_output=True, text=True, check=False)


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("cardhush-ledger"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def lines_of(*ledgers: Path) -> list[dict[str, Any]]:
    """The whole lines of ledgers; one that was cut off may end in a part of one."""
    lines = [line for ledger in ledgers for line in ledger.read_text().split("\n")[:-1]]
    return [json.loads(line) for line in lines]


def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    archive, output, ledgers = tmp_path / "archive", tmp_path / "output", tmp_path / "ledgers"
    paths = cuts(archive, FILES, 12)
    (archive / "broken.wav").write_bytes(b"RIFF????")
    paths.append(archive / "broken.wav")
    expected = tmp_path / "expected"
    by_command = run("scrub", archive, "-o", expected, "--jobs", "2", "--no-sync", "--quiet")
    assert by_command.returncode == 2, "one file is refused: " + by_command.stderr
    with Cluster(tmp_path / "cluster", 2) as cluster:
        spark = cluster.session()
        try:
            # Both executors are there, and have loaded what they need.
            spark.sparkContext.parallelize(range(4), 4).map(lambda _: __import__("cardhush").__version__).collect()
            sizes = [(str(path), path.stat().st_size, f"tag-{number}") for number, path in enumerate(paths)]
            manifest = spark.createDataFrame(sizes, "path string, size bigint, etag string")
            killed: list[int] = []

            def kill() -> None:
                # In the midst: some outputs are there, and no more than a few tasks can be done.
                wait(lambda: sum(path.is_file() for path in output.rglob("*.wav")) >= FILES // 8, 120, "the first outputs")
                killed.extend(cluster.kill_worker(0))

            killer = threading.Thread(target=kill)
            killer.start()
            table = cardhush.spark.scrub(spark, manifest, str(output), str(ledgers), root=str(archive), partitions=PARTITIONS)
            killer.join()
            assert killed, "there was an executor to kill"
            rows = table.collect()
        finally:
            spark.stop()
    # Every output is the command's, and there are no others.
    assert files_of(output) == files_of(expected)
    assert len(files_of(output)) == FILES
    # One row a file, with what the file system says.
    assert sorted(row.path for row in rows) == sorted(map(str, paths))
    for row in rows:
        assert row.etag == f"tag-{paths.index(Path(row.path))}"
        assert row.input_sha256 == (hashlib.sha256(Path(row.path).read_bytes()).hexdigest() if row.outcome != "refused" else None)
        written = output / Path(row.path).relative_to(archive)
        assert row.output_sha256 == (hashlib.sha256(written.read_bytes()).hexdigest() if written.exists() else None)
        assert Path(row.ledger).parent == ledgers
    assert [row.path for row in rows if row.outcome == "refused" and row.reason] == [str(archive / "broken.wav")]
    assert sum(row.spans for row in rows) > FILES
    # More attempts than partitions: the kill was felt. Those that came to their end have ledgers that verify.
    there, whole = sorted(ledgers.glob("*.jsonl")), {row.ledger for row in rows}
    assert len(whole) == PARTITIONS < len(there)
    for ledger in whole:
        verified = run("verify", ledger, "--originals", archive)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    # Of all ledgers, those that were cut off included, the last line of each file: each file once, as the command has it.
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for line in sorted((line for line in lines_of(*there) if line["type"] == "call"), key=lambda line: line["ended"]):
        last[line["root"], line["path"]] = line
    assert sorted(path for _, path in last) == sorted(str(path.relative_to(archive)) for path in paths)
    own = {line["path"]: line for line in lines_of(expected / "cardhush-ledger.jsonl") if line["type"] == "call"}
    for (_, path), line in last.items():
        for field in ("outcome", "spans", "reason"):
            assert line[field] == own[path][field], path
        assert (line["output"] or {}).get("sha256") == (own[path]["output"] or {}).get("sha256"), path


@pytest.mark.parametrize("count", [1, 3, 8])
def test_parts_are_as_long_as_each_other_but_for_one_file(count: int) -> None:
    sizes = sorted((7 * number % 101 for number in range(500)), reverse=True)
    parts = [0] * count
    for place, size in enumerate(sizes):
        parts[_deal(place, count)] += size
    assert max(parts) - min(parts) <= max(sizes), parts


def test_two_runs_of_the_same_files_at_once_do_not_fail_each_other(tmp_path: Path) -> None:
    paths = cuts(tmp_path / "archive", 24, 4)
    outcomes: list[str] = []

    def one(number: int) -> None:
        _, rows = cardhush.scrub_many(paths, tmp_path / "output", ledger=tmp_path / f"{number}.jsonl", root=tmp_path / "archive")
        outcomes.extend(row.outcome for row in rows)

    runs = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert sorted(set(outcomes)) in (["scrubbed"], ["nothing_found", "scrubbed"]), outcomes
    assert len(outcomes) == 3 * len(paths)
    for number in range(3):
        assert run("verify", tmp_path / f"{number}.jsonl", "--originals", tmp_path / "archive").returncode == 0
