"""Scrubs the files of a manifest with Spark: each task treats its part of them, and keeps a ledger of its own.

Outputs are the same whoever writes them and however often, and a task that is repeated, or runs twice at once, has another ledger each time. So neither retries nor speculative
execution can do harm: of a file that several ledgers tell of, the last line by its `ended` counts.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple, Optional, Tuple

from pyspark import StorageLevel, TaskContext

from . import scrub_many

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
    path: str
    size: int
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
    """Scrubs the files, or objects by their URLs, of column `path` into the folder or the place in a store `output`, and returns one row a file when all are done.

    `size`, where there is such a column, is what the work is shared out by; `etag` comes back as it is. `ledgers` is a folder that every executor
    reaches, as it reaches inputs and outputs; a store keeps none. `memory_mib` is what the objects of a task may take. All else is as of `cardhush.scrub_many`.
    """
    if "://" in ledgers:
        raise ValueError(f"ledgers={ledgers}: a store keeps no ledger: name a folder that every executor reaches")
    columns = ["path"] + [name for name in ("size", "etag") if name in manifest.columns]
    files = manifest.select(*columns).dropDuplicates(["path"]).rdd.map(_file)
    if partitions is None:
        partitions = _WAVES * spark.sparkContext.defaultParallelism
    if partitions < 1:
        raise ValueError(f"partitions={partitions}: must be 1 or more")
    os.makedirs(ledgers, exist_ok=True)
    job = _Job(output, ledgers, root, key, force, sync, memory_mib, dict(settings))
    count = partitions
    dealt = files.sortBy(_large_first).zipWithIndex().map(lambda one: (_deal(one[1], count), one[0]))
    # The number of a partition is the key; a task reads all of its part before it begins.
    rows = dealt.partitionBy(count, int).mapPartitionsWithIndex(lambda number, part: _task(job, number, (file for _, file in part)))
    # Done once and kept: a table that is counted and then written must not scrub twice.
    rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
    rows.count()
    return spark.createDataFrame(rows, SCHEMA)


def _file(row: Any) -> _File:
    fields = row.asDict()
    return _File(row.path, int(fields.get("size") or 0), fields.get("etag"))


def _large_first(file: _File) -> Tuple[int, str]:
    return -file.size, file.path


def _deal(place: int, partitions: int) -> int:
    """Who gets the file of this place, of all in the order of their sizes: to and fro, so that parts are as long as each other but for one file."""
    turn, at = divmod(place, partitions)
    return at if turn % 2 == 0 else partitions - 1 - at


def _task(job: _Job, number: int, part: Iterable[_File]) -> Iterator[Tuple[Any, ...]]:
    files = sorted(part, key=_large_first)
    if not files:
        return iter(())
    context = TaskContext.get()
    attempt = context.attemptNumber() if context else 0
    # An executor that does not share the driver's disks has to make its own, and then its ledgers stay there.
    os.makedirs(job.ledgers, exist_ok=True)
    ledger = f"{job.ledgers.rstrip('/')}/part-{number:05d}-attempt-{attempt}-{uuid.uuid4().hex}.jsonl"
    etags = {file.path: file.etag for file in files}
    _, rows = scrub_many(
        [file.path for file in files],
        job.output,
        ledger=ledger,
        root=job.root,
        key=job.key,
        force=job.force,
        sync=job.sync,
        memory_mib=job.memory_mib,
        **job.settings,
    )
    return iter(
        [
            (one.file, etags.get(one.file), one.outcome, one.reason, one.duration_s, len(one.spans), one.input_sha256, one.output_sha256, ledger)
            for one in rows
        ]
    )
