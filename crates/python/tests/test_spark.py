"""The Spark job on a real cluster: of objects, of a manifest with odd rows, and of files while a part of it is killed; judged by the command."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest
from calls import cuts
from cluster import Cluster, wait
from rig import BUCKET, Rig

import cardhush.spark
from cardhush._native import spelled
from cardhush.spark import _File, _job, _marked, _part, _task

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
            # By either name of the store; what comes back is the name that was given.
            files = [(f"s3{'a' * (place % 2)}://{BUCKET}/in/{name}", f"tag-{name}") for place, name in enumerate(names)]
            table = spark.createDataFrame(files, "path string, etag string")
            done = cardhush.spark.scrub(spark, table, target, str(ledgers), root=source, partitions=PARTITIONS, memory_mib=64)
            rows = done.collect()
        finally:
            spark.stop()
        faults = rig.faults()
        assert faults.total() > 0, "the store failed now and then"
        assert sorted((row.path, row.etag) for row in rows) == sorted(files)
        assert {row.outcome for row in rows} <= {"scrubbed", "nothing_found"}, [row.reason for row in rows if row.reason]
        assert files_of(rig.bucket / "clean") == files_of(tmp_path / "expected")
        manifest.write_text("".join(f"{source}/{name}\n" for name in names))
        there = sorted(ledgers.glob("*.jsonl"))
        assert len(there) >= PARTITIONS
        verify = ["verify", *there, "--manifest", manifest, "--originals", source, "--outputs", target]
        verified = run(*verify, **rig.environment(rig.address))
        assert verified.returncode == 0, verified.stderr
        # Of a ledger that is missing it would have said so.
        verify.remove(there[0])
        assert run(*verify, **rig.environment(rig.address)).returncode == 1


def test_a_manifest_with_odd_rows_fails_no_task_and_the_table_is_made_once(cluster: Cluster, tmp_path: Path) -> None:
    archive, output, ledgers = tmp_path / "archive", tmp_path / "output", tmp_path / "ledgers"
    paths = [str(path) for path in cuts(archive, 12, 2)]
    twice = [path.replace("/archive/", "/archive//./") for path in paths[:3]]
    odd = {
        "/etc/hostname": "is not below root=",
        "s3://calls/a.wav": "is not below root=",
        "ftp://calls/a.wav": "is not below root=",
        "call.wav": "is relative",
        None: "the manifest has no path here",
    }
    gone = str(archive / "gone.wav")
    spark = cluster.session()
    try:
        named = [*paths, *twice, *twice, *odd, None, gone]
        manifest = spark.createDataFrame([(path, number) for number, path in enumerate(named)], "path string, etag int")
        table = cardhush.spark.scrub(spark, manifest, str(output), str(ledgers), root=str(archive), partitions=3)
        written = sorted(path.name for path in ledgers.iterdir())
        # The originals may go now: the table is not made by scrubbing them.
        archive.rename(tmp_path / "kept")
        again = table.filter("outcome != 'refused'").count(), table.repartition(2).collect()
        assert sorted(path.name for path in ledgers.iterdir()) == written
        assert all(name.endswith((".jsonl", ".rows")) for name in written), "what the driver put there is gone"
        count, rows = again
        # Of two spellings the first in order.
        assert sorted(row.path or "" for row in rows) == sorted([*twice, *paths[3:], *(path or "" for path in odd), gone])
        assert count == len(paths) + 1
        for row in rows:
            assert named[int(row.etag)] == row.path
            if row.path in odd:
                assert row.outcome == "refused" and row.ledger is None and odd[row.path] in row.reason, row
            else:
                assert row.outcome in (["failed"] if row.path == gone else ["scrubbed", "nothing_found"]), row
        with pytest.raises(ValueError, match="manifest: must have a column `path` of type string"):
            cardhush.spark.scrub(spark, manifest.withColumnRenamed("path", "file"), str(output), str(ledgers))
        none = cardhush.spark.scrub(spark, manifest.filter("path = 'none'"), str(output), str(ledgers), partitions=3)
        assert none.collect() == [] and none.columns[0] == "path"
    finally:
        spark.stop()
    assert len(files_of(output)) == len(paths)
    verified = run("verify", *sorted(ledgers.glob("*.jsonl")), "--originals", tmp_path / "kept", "--outputs", output)
    assert verified.returncode == 0, verified.stderr


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
        manifest = spark.createDataFrame([(str(path), f"tag-{number}") for number, path in enumerate(paths)], "path string, etag string")
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


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("nothing is scrubbed here")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"shard": "1/8"}, TypeError, "unexpected keyword argument `shard`: settings are keyed"),
        ({"jobs": 2}, TypeError, "unexpected keyword argument `jobs`"),
        ({"ledger": "/ledger.jsonl"}, TypeError, "unexpected keyword argument `ledger`"),
        ({"fill": "noise"}, ValueError, 'fill="noise": must be'),
        ({"memory_mib": 0}, ValueError, "memory_mib=0: must be"),
        ({"output": "clean"}, ValueError, "output=clean: is relative"),
        ({"ledgers": "ledgers"}, ValueError, "ledgers=ledgers: is relative"),
        ({"root": "./archive"}, ValueError, "root=./archive: is relative"),
        ({"key": "a.key"}, ValueError, "key=a.key: is relative"),
        ({"output": "dbfs:/clean"}, cardhush.Error, "dbfs: is no store that is read"),
        ({"output": "http://calls/clean"}, cardhush.Error, "http: is no store that is read"),
        ({"root": "s3:///2024"}, ValueError, "names no bucket"),
        ({"ledgers": "s3://calls/ledgers"}, ValueError, "ledgers=s3://calls/ledgers: a store keeps none"),
    ],
)
def test_mistakes_are_found_before_there_is_a_task(given: dict[str, Any], error: type[Exception], words: str, tmp_path: Path) -> None:
    nobody: Any = None
    with pytest.raises(error, match=words):
        cardhush.spark.scrub(nobody, nobody, **{"output": str(tmp_path / "clean"), "ledgers": str(tmp_path / "ledgers"), **given})
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_has_other_folders_than_the_driver_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cardhush.spark, "scrub_many", never)
    for lost in ("clean", "ledgers"):
        job = _job(str(tmp_path / "clean"), str(tmp_path / "ledgers"), None, None, False, True, 192, {})
        with _marked(job.marks):
            shutil.rmtree(tmp_path / lost)
            with pytest.raises(RuntimeError, match=f"{tmp_path / lost}: .* has another folder of that name than the driver, or none"):
                _task(job, 0, [_File("/archive/a.wav", None)])
            assert not (tmp_path / lost).exists(), "nothing is made anew where it would be lost"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("change", [lambda rows: rows[1:], lambda rows: rows + rows[:1], lambda rows: [rows[0]._replace(file="/other.wav"), *rows[1:]]])
def test_a_task_whose_rows_are_not_one_a_file_fails(change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = cuts(tmp_path / "archive", 3, 1)

    def scrub_many(*given: Any, **named: Any) -> Any:
        totals, rows = cardhush.scrub_many(*given, **named)
        return totals, change(rows)

    monkeypatch.setattr(cardhush.spark, "scrub_many", scrub_many)
    job = _job(str(tmp_path / "clean"), str(tmp_path / "ledgers"), str(tmp_path / "archive"), None, False, True, 192, {})
    with _marked(job.marks), pytest.raises(RuntimeError, match=r"\.wav: has [012] rows of what was done, and should have [01]"):
        _task(job, 0, [_File(str(path), None) for path in paths])


def test_spellings_of_a_path_are_one_and_parts_are_alike() -> None:
    for given, one in [
        ("/a//b.wav", "/a/b.wav"),
        ("//a/./b.wav", "/a/b.wav"),
        ("/a/././/b.wav", "/a/b.wav"),
        ("/a/.b/c..wav", "/a/.b/c..wav"),
        ("/a/../b.wav", "/a/../b.wav"),
        ("S3A://Calls/A//b.wav", "s3://calls/A//b.wav"),
        ("s3://calls/a.wav", "s3://calls/a.wav"),
        ("/a:://b.wav", "/a::/b.wav"),
    ]:
        assert spelled(given) == one
    parts = [0] * 8
    for number in range(8_000):
        parts[_part(f"/archive/day-{number % 7}/call-{number:04d}.wav") % 8] += 1
    # Five standard deviations of a fair deal.
    assert max(abs(part - 1_000) for part in parts) < 5 * 30, parts


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
