"""Objects: what is done with a URL is what the command does with it, through a store whose requests fail."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Iterator

import cardhush
import pytest
from calls import cuts
from rig import BUCKET, Rig

CARDHUSH = os.environ["CARDHUSH"]
ROOT = f"s3://{BUCKET}/in"


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Eight calls, and one that is none, below `in`; scrubbed by the command into the folder `expected`."""
    with Rig(tmp_path / "served") as rig:
        cuts(rig.bucket / "in", 8, 4)
        (rig.bucket / "in" / "none.wav").write_bytes(b"RIFF????")
        (rig.bucket / "clean").mkdir()
        run = subprocess.run([CARDHUSH, "scrub", rig.bucket / "in", "-o", tmp_path / "expected", "--quiet"], check=False)
        assert run.returncode == 2, "one file is refused"
        rig.start()
        for name, value in rig.environment(rig.faulty).items():
            monkeypatch.setenv(name, value)
        yield rig


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


def test_objects_are_scrubbed_as_by_the_command(rig: Rig, tmp_path: Path) -> None:
    files = [f"{ROOT}/{name}" for name in names(rig.bucket / "in")]
    ledger = tmp_path / "ledger.jsonl"
    target = f"s3://{BUCKET}/clean"
    totals, rows = cardhush.scrub_many(files, target, ledger=ledger, root=ROOT + "/", memory_mib=64)
    assert (totals.found, totals.refused, totals.failed) == (9, 1, 0), [row.reason for row in rows]
    assert sorted(row.file for row in rows) == files
    assert {row.root for row in rows} == {ROOT} and sorted(row.path for row in rows) == names(rig.bucket / "in")
    assert contents(rig.bucket / "clean") == contents(tmp_path / "expected")
    (tmp_path / "manifest").write_text("".join(file + "\n" for file in files))
    verify = [CARDHUSH, "verify", ledger, "--manifest", tmp_path / "manifest", "--originals", ROOT, "--outputs", target]
    verified = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    again, rows = cardhush.scrub_many(files, target, ledger=ledger, root=ROOT)
    assert again.before == 8 and [row.outcome for row in rows] == ["refused"]


def test_without_a_root_they_are_called_by_their_keys_and_may_go_to_files(rig: Rig, tmp_path: Path) -> None:
    files = [f"{ROOT}/{name}" for name in names(rig.bucket / "in")] + [f"{ROOT}/missing.wav"]
    totals, rows = cardhush.scrub_many(iter(files), tmp_path / "clean", ledger=tmp_path / "ledger.jsonl", jobs=2)
    assert sorted(row.file for row in rows) == sorted(files)
    assert {row.root for row in rows} == {f"s3://{BUCKET}"} and all(row.path.startswith("in/") for row in rows)
    assert contents(tmp_path / "clean" / "in") == contents(tmp_path / "expected")
    assert [row.file for row in rows if row.outcome == "failed" or row.reason and "missing" in row.reason] == [f"{ROOT}/missing.wav"]
    # And files of this machine to a store.
    shutil.copytree(rig.bucket / "in", tmp_path / "archive")
    paths = sorted((tmp_path / "archive").rglob("*.wav"))
    cardhush.scrub_many(paths, f"s3://{BUCKET}/up", ledger=tmp_path / "up.jsonl", root=tmp_path / "archive")
    assert contents(rig.bucket / "up") == contents(tmp_path / "expected")


def test_rows_have_the_names_that_were_given(rig: Rig, tmp_path: Path) -> None:
    """`s3a` is `s3` to the ledger, and the caller's own spelling to the caller: rows are joined by it."""
    below = names(rig.bucket / "in")
    files = [f"{scheme}://{BUCKET}/in/{name}" for scheme, name in zip(["s3a", "s3"] * 5, below)]
    for number, root in enumerate([ROOT, f"s3a://{BUCKET}/in", None]):
        _, rows = cardhush.scrub_many(files, tmp_path / f"clean-{number}", ledger=tmp_path / f"{number}.jsonl", root=root)
        assert sorted(row.file for row in rows) == sorted(files)
        assert {row.root for row in rows} == {ROOT if root else f"s3://{BUCKET}"}


def test_one_that_needs_more_memory_than_there_is_is_not_scrubbed(rig: Rig, tmp_path: Path) -> None:
    large = cuts(tmp_path, 1, 60)[0]
    shutil.copy(large, rig.bucket / "in" / "large.wav")
    assert 2 * large.stat().st_size > 1 << 20 > large.stat().st_size / 2
    _, (row,) = cardhush.scrub_many([f"{ROOT}/large.wav"], f"s3://{BUCKET}/clean", ledger=tmp_path / "ledger.jsonl", memory_mib=1)
    assert row.outcome in ("refused", "failed") and row.reason and "memory" in row.reason, row


def test_mistakes_of_urls(rig: Rig, tmp_path: Path) -> None:
    file = f"{ROOT}/none.wav"
    for files, root in [([file], "s3://other"), ([file], tmp_path), ([tmp_path / "a.wav"], ROOT), ([ROOT + "ner/a.wav"], ROOT)]:
        with pytest.raises(ValueError, match="is not below root="):
            cardhush.scrub_many(files, tmp_path / "clean", ledger=tmp_path / "ledger.jsonl", root=root)
    with pytest.raises(ValueError, match="memory_mib=0"):
        cardhush.scrub_many([file], tmp_path / "clean", ledger=tmp_path / "ledger.jsonl", memory_mib=0)
    assert not (tmp_path / "clean").exists() and not (tmp_path / "ledger.jsonl").exists()


def test_a_forked_child_and_its_parent_both_reach_the_store(rig: Rig, tmp_path: Path) -> None:
    """A child has none of its parent's threads, on which requests run."""
    files = [f"{ROOT}/{name}" for name in names(rig.bucket / "in")]

    def scrub(into: str) -> int:
        totals, _ = cardhush.scrub_many(files, tmp_path / into, ledger=tmp_path / f"{into}.jsonl", root=ROOT)
        return totals.found

    assert scrub("before") == 9
    child = os.fork()
    if child == 0:
        os._exit(0 if scrub("child") == 9 else 1)
    until = time.monotonic() + 60
    ended = (0, 0)
    while ended[0] == 0 and time.monotonic() < until:
        ended = os.waitpid(child, os.WNOHANG)
        time.sleep(0.05)
    if ended[0] == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended == (child, 0), "the child hung or failed"
    assert scrub("after") == 9
    assert contents(tmp_path / "child") == contents(tmp_path / "expected")


def test_a_ledger_is_a_file_and_other_urls_are_refused(rig: Rig, tmp_path: Path) -> None:
    file = f"{ROOT}/{names(rig.bucket / 'in')[0]}"
    with pytest.raises(ValueError, match="a ledger is a file"):
        cardhush.scrub_many([file], tmp_path / "clean", ledger=f"s3://{BUCKET}/ledger")
    with pytest.raises(cardhush.Error, match="hdfs: is no store that is read"):
        cardhush.scrub_many([file], "hdfs://nn/clean", ledger=tmp_path / "ledger.jsonl")
