"""Files and many files: what they are told to be is what the command makes of them."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import subprocess
import threading
from pathlib import Path

import cardhush
import pytest
from calls import CALL, cuts

CARDHUSH = os.environ["CARDHUSH"]


def run(*arguments: object) -> None:
    subprocess.run([CARDHUSH, *map(str, arguments)], check=True, capture_output=True)


def test_a_file_is_scrubbed_as_by_the_command(tmp_path: Path) -> None:
    report = cardhush.scrub_file(CALL, tmp_path / "python.wav")
    run("scrub", CALL, "-o", tmp_path / "command.wav", "--report", tmp_path / "report.jsonl")
    assert (tmp_path / "python.wav").read_bytes() == (tmp_path / "command.wav").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    told = [(line["channel"], line["start"], line["end"], line["cause"]) for line in lines if line["type"] == "redaction"]
    assert sorted(report.spans) == sorted(told)
    (file,) = (line for line in lines if line["type"] == "file")
    for name in ("container", "coding", "rate_hz", "channels", "frames", "duration_s", "masked_s", "notes"):
        assert getattr(report, name) == file[name], name
    assert (report.path, report.output, report.outcome) == (str(CALL), str(tmp_path / "python.wav"), "scrubbed")


def test_in_place_and_scan(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(CALL.read_bytes())
    found = cardhush.scan_file(path)
    assert (found.outcome, found.output) == ("found", None) and path.read_bytes() == CALL.read_bytes()
    done = cardhush.scrub_file(path, in_place=True)
    assert done.spans == found.spans and done.outcome == "scrubbed" and done.output == str(path)
    assert cardhush.scan_file(str(path)).outcome == "nothing_found"


def test_what_goes_wrong_is_told_in_the_librarys_words(tmp_path: Path) -> None:
    with pytest.raises(cardhush.Error, match="No such file") as missing:
        cardhush.scan_file(tmp_path / "missing.wav")
    assert isinstance(missing.value, OSError) and missing.value.errno == errno.ENOENT
    (tmp_path / "there.wav").write_bytes(b"mine")
    with pytest.raises(cardhush.FileError, match="exists already") as there:
        cardhush.scrub_file(CALL, tmp_path / "there.wav")
    assert there.value.errno == errno.EEXIST and (tmp_path / "there.wav").read_bytes() == b"mine"
    again = pickle.loads(pickle.dumps(there.value))
    assert (type(again), str(again)) == (cardhush.FileError, str(there.value))
    with pytest.raises(cardhush.Error, match="malformed WAV") as none:
        cardhush.scan_file(tmp_path / "there.wav")
    assert not isinstance(none.value, OSError)
    cardhush.scrub_file(CALL, tmp_path / "there.wav", force=True)
    for wrong, words in [({}, "no output"), ({"output": tmp_path / "x", "in_place": True}, "give one of them")]:
        with pytest.raises(ValueError, match=words):
            cardhush.scrub_file(CALL, **wrong)  # type: ignore[arg-type]


def test_many_files_their_ledger_and_going_on(tmp_path: Path) -> None:
    paths = cuts(tmp_path / "archive", 12, 6)
    (tmp_path / "archive" / "none.wav").write_bytes(b"")
    run("keygen", "-o", tmp_path / "key")
    root, output, ledger = tmp_path / "archive", tmp_path / "output", tmp_path / "ledger.jsonl"
    files = [*paths, root / "none.wav"]
    totals, rows = cardhush.scrub_many(files, output, ledger=ledger, root=root, jobs=2, key=tmp_path / "key")
    assert (totals.found, totals.scrubbed + totals.nothing_found, totals.refused, totals.failed, totals.before) == (13, 12, 1, 0, 0)
    assert sorted(row.file for row in rows) == sorted(map(str, files))
    for row in rows:
        assert row.root == str(root) and row.path == str(Path(row.file).relative_to(root))
        assert (row.output_sha256 is not None) == (output / row.path).exists() == (row.outcome != "refused")
        assert (row.reason is not None) == (row.outcome == "refused")
    run("verify", ledger, "--key", tmp_path / "key.pub", "--originals", root, "--outputs", output)
    again, rows = cardhush.scrub_many(files, output, ledger=ledger, root=root, key=tmp_path / "key")
    assert again.before == 12 and [row.outcome for row in rows] == ["refused"]
    # The ledger is signed: it is not gone on with by just anybody.
    with pytest.raises(cardhush.Error, match="its seals are signed"):
        cardhush.scrub_many(files, output, ledger=ledger, root=root)
    # Each file is in one of the shards.
    parts = [cardhush.scrub_many(paths, tmp_path / "parts", ledger=tmp_path / f"{n}.jsonl", root=root, shard=f"{n}/3")[1] for n in (1, 2, 3)]
    assert sorted(row.file for part in parts for row in part) == sorted(map(str, paths))


def test_mistakes_of_many(tmp_path: Path) -> None:
    given = {"output": tmp_path / "output", "ledger": tmp_path / "ledger.jsonl"}
    with pytest.raises(TypeError, match="a list of paths is needed"):
        cardhush.scrub_many(str(CALL), **given)
    for more, words in [({"jobs": 0}, "jobs=0"), ({"shard": "3/2"}, "shard"), ({"root": tmp_path}, "is not below root")]:
        with pytest.raises(ValueError, match=words):
            cardhush.scrub_many([CALL], **given, **more)  # type: ignore[arg-type]
    for more, words in [({"output": "http://calls"}, "http: is no store"), ({"root": "dbfs:/calls"}, "dbfs: is no store")]:
        with pytest.raises(cardhush.Error, match=words):
            cardhush.scrub_many([CALL], **{**given, **more})
    with pytest.raises(cardhush.Error, match="file: is no store"):
        cardhush.scrub_many([f"file://{CALL}"], **given)
    with pytest.raises(cardhush.Error, match="not a private key"):
        cardhush.scrub_many([CALL], **given, key=key_of_nobody(tmp_path))
    assert not (tmp_path / "output").exists()


def key_of_nobody(folder: Path) -> Path:
    path = folder / "none.key"
    path.write_text("none")
    path.chmod(0o600)
    return path


def test_an_interrupt_ends_a_run_which_can_be_gone_on_with(tmp_path: Path) -> None:
    paths = cuts(tmp_path / "archive", 60, 20)
    given = {"output": tmp_path / "output", "ledger": tmp_path / "ledger.jsonl", "root": tmp_path / "archive"}
    timer = threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        cardhush.scrub_many(paths, **given)
    timer.join()
    totals, rows = cardhush.scrub_many(paths, jobs=2, **given)
    assert totals.found == len(paths) == totals.before + len(rows) and totals.failed == 0
    assert totals.before > 0, "what was done before the interrupt is done"
    run("verify", tmp_path / "ledger.jsonl", "--originals", tmp_path / "archive", "--outputs", tmp_path / "output", "--no-scan")
