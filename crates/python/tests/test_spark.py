"""The Spark job on a real cluster: of objects, and of files while a part of it is killed; judged by the command."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from pathlib import Path
from typing import Iterator

import pytest
from calls import cuts
from cluster import Cluster, wait
from rig import BUCKET, Rig

import cardhush.spark
from cardhush.spark import _deal

CARDHUSH = os.environ["CARDHUSH"]
FILES = 120
OBJECTS = 60
PARTITIONS = 4


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CARDHUSH, *map(str, arguments)], capture_output=True, text=True, check=False, env={**os.environ, **environment})


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("cardhush-ledger"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One of two workers, for all tests; the last one kills a worker."""
    with Cluster(tmp_path_factory.mktemp("cluster"), 2) as cluster:
        yield cluster


def test_objects_through_a_store_that_fails(cluster: Cluster, tmp_path: Path) -> None:
    source, target = f"s3://{BUCKET}/in", f"s3://{BUCKET}/clean"
    ledgers, manifest = tmp_path / "ledgers", tmp_path / "manifest"
    with Rig(tmp_path / "served") as rig:
        paths = cuts(rig.bucket / "in", OBJECTS, 4)
        names = [path.relative_to(rig.bucket / "in").as_posix() for path in paths]
        (rig.bucket / "clean").mkdir()
        by_command = run("scrub", rig.bucket / "in", "-o", tmp_path / "expected", "--jobs", "2", "--no-sync", "--quiet")
        assert by_command.returncode == 0, by_command.stderr
        rig.start()
        # Nothing of this is in the driver's environment: executors alone ask the store.
        spark = cluster.session(**{f"spark.executorEnv.{name}": value for name, value in rig.environment(rig.faulty).items()})
        try:
            files = [(f"{source}/{name}", path.stat().st_size) for name, path in zip(names, paths)]
            table = spark.createDataFrame(files, "path string, size bigint")
            done = cardhush.spark.scrub(spark, table, target, str(ledgers), root=source, partitions=PARTITIONS, memory_mib=64)
            rows = done.collect()
            with pytest.raises(ValueError, match="a store keeps no ledger"):
                cardhush.spark.scrub(spark, table, target, f"s3://{BUCKET}/ledgers", root=source)
        finally:
            spark.stop()
        faults = rig.faults()
        assert faults.total() > 0, "the store failed now and then"
        assert sorted(row.path for row in rows) == sorted(path for path, _ in files)
        assert {row.outcome for row in rows} <= {"scrubbed", "nothing_found"}, [row.reason for row in rows if row.reason]
        assert files_of(rig.bucket / "clean") == files_of(tmp_path / "expected")
        manifest.write_text("".join(f"{path}\n" for path, _ in files))
        there = sorted(ledgers.glob("*.jsonl"))
        assert len(there) >= PARTITIONS
        verify = ["verify", *there, "--manifest", manifest, "--originals", source, "--outputs", target]
        verified = run(*verify, **rig.environment(rig.address))
        assert verified.returncode == 0, verified.stderr
        # Of a ledger that is missing it would have said so.
        verify.remove(there[0])
        assert run(*verify, **rig.environment(rig.address)).returncode == 1


def test_a_killed_worker_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    archive, output, ledgers = tmp_path / "archive", tmp_path / "output", tmp_path / "ledgers"
    paths = cuts(archive, FILES, 12)
    (archive / "broken.wav").write_bytes(b"RIFF????")
    paths.append(archive / "broken.wav")
    expected = tmp_path / "expected"
    by_command = run("scrub", archive, "-o", expected, "--jobs", "2", "--no-sync", "--quiet")
    assert by_command.returncode == 2, "one file is refused: " + by_command.stderr
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
    # More attempts than partitions: the kill was felt. All their ledgers together tell of each file once, and of no other, and it is as they tell.
    there, whole = sorted(ledgers.glob("*.jsonl")), {row.ledger for row in rows}
    assert len(whole) == PARTITIONS < len(there)
    listed = tmp_path / "manifest"
    listed.write_text("".join(f"{path}\n" for path in paths))
    verified = run("verify", *there, "--manifest", listed, "--originals", archive, "--outputs", output)
    assert verified.returncode == 0, verified.stderr
    assert f"{len(paths)} files: " in verified.stderr and " 1 refused, 0 failed" in verified.stderr, verified.stderr
    assert " ledgers cut off;" in verified.stderr, "what was killed had begun: " + verified.stderr


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
