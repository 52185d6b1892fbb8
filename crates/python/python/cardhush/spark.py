"""Scrubs the files of a manifest with Spark: each task treats its part of them, and keeps a ledger of its own.

Outputs are the same whoever writes them and however often, and a task that is repeated, or runs twice at once, has another ledger each time: of a file that several tell of,
`cardhush verify` knows which line counts. Beside its ledger a task writes the rows of its files, and the table that `scrub` returns is read from those: nothing that is done with it scrubs again.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
import zlib
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from pyspark import StorageLevel, TaskContext

from . import scrub_many
from ._native import check_settings, is_place, spelled, strays

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from typing_extensions import Unpack

    from ._native import _Settings

SCHEMA = (
    "path string, etag string, outcome string, reason string, duration_s double, spans bigint, input_sha256 string, output_sha256 string, ledger string"
)
"""The columns of what `scrub` returns."""

_WAVES = 4
"""Partitions a core, so that what a lost executor had not finished is little, and the last task does not keep the others waiting long."""


class _File(NamedTuple):
    path: Optional[str]
    etag: Optional[str]


class _Job(NamedTuple):
    """What each task is told."""

    output: str
    ledgers: str
    root: Optional[str]
    key: Optional[str]
    force: bool
    sync: bool
    memory_mib: int
    settings: dict[str, Any]
    marks: Tuple[str, ...]
    """What the driver has put into the folders that all share."""


def scrub(
    spark: SparkSession,
    manifest: DataFrame,
    output: str,
    ledgers: str,
    *,
    root: Optional[str] = None,
    partitions: Optional[int] = None,
    key: Optional[str] = None,
    force: bool = False,
    sync: bool = True,
    memory_mib: int = 192,
    **settings: Unpack[_Settings],
) -> DataFrame:
    """Scrubs the files, or objects by their URLs, of column `path` into the folder or the place in a store `output`, and returns one row a path when all are done.

    `etag`, where there is such a column, comes back as it is. `ledgers`, and `output` if it is a folder, are folders that the driver and every executor reach by the same whole path; a
    store keeps no ledger. `memory_mib` is what the objects of a task may take. All else is as of `cardhush.scrub_many`.
    """
    job = _job(output, ledgers, root, key, force, sync, memory_mib, dict(settings))
    if partitions is None:
        partitions = _WAVES * spark.sparkContext.defaultParallelism
    if partitions < 1:
        raise ValueError(f"partitions={partitions}: must be 1 or more")
    if "path" not in manifest.columns or manifest.schema["path"].dataType.typeName() != "string":
        raise ValueError("manifest: must have a column `path` of type string")
    columns = ["path"] + [name for name in ("etag",) if name in manifest.columns]
    with _marked(job.marks):
        # By a hash of each path, so that it is in one part whatever is read again, and in no other.
        files = manifest.select(*columns).rdd.map(_named).reduceByKey(_one_of, partitions, _part).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            count = files.count()
            done = files.mapPartitionsWithIndex(lambda number, part: _task(job, number, (file for _, file in part))).collect()
        finally:
            files.unpersist()
    told = sum(rows for _, rows in done)
    if told != count:
        raise RuntimeError(f"manifest: {count} different paths, and {told} rows of what was done: it was not the same each time that it was read")
    written = [name for name, _ in done]
    return spark.createDataFrame(spark.sparkContext.parallelize(written, max(1, len(written))).flatMap(_rows), SCHEMA)


def _job(
    output: str, ledgers: str, root: Optional[str], key: Optional[str], force: bool, sync: bool, memory_mib: int, settings: dict[str, Any]
) -> _Job:
    """What can be wrong for every task is found here, before there is any."""
    check_settings(**settings)
    if memory_mib < 1:
        raise ValueError(f"memory_mib={memory_mib}: must be 1 or more")
    named = {"output": output, "ledgers": ledgers, "root": root, "key": key}
    places = {name for name, path in named.items() if path is not None and is_place(path)}
    for name, path in named.items():
        if name in places and name in ("ledgers", "key"):
            raise ValueError(f"{name}={path}: a store keeps none: name a path that every executor reaches")
        if name not in places and path is not None and not os.path.isabs(path):
            raise ValueError(f"{name}={path}: is relative, and each executor works in another folder: name the whole path")
    shared = [ledgers] if "output" in places else [ledgers, output]
    mark = f".cardhush-{uuid.uuid4().hex[:16]}"
    return _Job(output, ledgers, root, key, force, sync, memory_mib, settings, tuple(os.path.join(folder, mark) for folder in shared))


@contextmanager
def _marked(marks: Iterable[str]) -> Iterator[None]:
    """Files of names that nobody else has, for as long as the tasks run: who sees them has the driver's folders."""
    try:
        for mark in marks:
            os.makedirs(os.path.dirname(mark), exist_ok=True)
            with open(mark, "w", encoding="utf-8"):
                pass
        yield
    finally:
        for mark in marks:
            with suppress(FileNotFoundError):
                os.remove(mark)


def _named(row: Any) -> Tuple[str, _File]:
    """A file of the manifest by the name that all spellings of its path have."""
    etag = row.asDict().get("etag")
    return spelled(row.path or ""), _File(row.path, None if etag is None else str(etag))


def _one_of(one: _File, other: _File) -> _File:
    """Of two rows of a file the one that comes first, in whatever order they are read."""
    return min(one, other, key=lambda file: (file.path or "", file.etag or ""))


def _part(path: str) -> int:
    # Python's own hash is another in each process.
    return zlib.crc32(path.encode("utf-8", "surrogatepass"))


def _task(job: _Job, number: int, part: Iterable[_File]) -> List[Tuple[str, int]]:
    """Scrubs a part; gives the name of the file with its rows, and how many they are."""
    files = sorted(part, key=lambda file: file.path or "")
    if not files:
        return []
    for mark in job.marks:
        if not os.path.exists(mark):
            folder = os.path.dirname(mark)
            raise RuntimeError(f"{folder}: {socket.gethostname()} has another folder of that name than the driver, or none: what is written there would be lost")
    context = TaskContext.get()
    attempt = context.attemptNumber() if context else 0
    name = os.path.join(job.ledgers, f"part-{number:05d}-attempt-{attempt}-{uuid.uuid4().hex}")
    ledger = f"{name}.jsonl"
    refused = _refused(files, job.root)
    rows: List[Tuple[Any, ...]] = [
        (file.path, file.etag, "refused", refused[file.path], None, 0, None, None, None) for file in files if file.path in refused
    ]
    etags = {file.path: file.etag for file in files if file.path is not None and file.path not in refused}
    if etags:
        _, done = scrub_many(
            list(etags),
            job.output,
            ledger=ledger,
            root=job.root,
            key=job.key,
            force=job.force,
            sync=job.sync,
            memory_mib=job.memory_mib,
            **job.settings,
        )
        rows += [
            (one.file, etags.get(one.file), one.outcome, one.reason, one.duration_s, len(one.spans), one.input_sha256, one.output_sha256, ledger)
            for one in done
        ]
    wanted, told = Counter(file.path for file in files), Counter(row[0] for row in rows)
    if wanted != told:
        wrong = next(iter((wanted - told) + (told - wanted)))
        raise RuntimeError(f"{wrong}: has {told[wrong]} rows of what was done, and should have {wanted[wrong]}: is it there by another name?")
    with open(f"{name}.rows", "x", encoding="utf-8") as to:
        to.writelines(json.dumps(row) + "\n" for row in rows)
        if job.sync:
            to.flush()
            os.fsync(to.fileno())
    return [(to.name, len(rows))]


def _refused(files: List[_File], root: Optional[str]) -> dict[Optional[str], str]:
    """Paths that are none that a task could go to, with the reason; they have no line in a ledger."""
    refused: dict[Optional[str], str] = {path: "the manifest has no path here" for path, _ in files if not path}
    refused.update(strays([path for path, _ in files if path], root))
    return refused


def _rows(name: str) -> List[Tuple[Any, ...]]:
    with open(name, encoding="utf-8") as rows:
        return [tuple(json.loads(row)) for row in rows]
