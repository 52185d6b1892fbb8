"""What `mypy --strict` has to say nothing about, and of each line that is wrong, something: it is told to expect that."""

from __future__ import annotations

from pathlib import Path

import cardhush
import cardhush.spark
import numpy as np
from pyspark.sql import DataFrame, SparkSession


def arrays() -> int:
    samples = np.zeros((8_000, 2), dtype=np.int16)
    spans = cardhush.scrub_array(samples, 8_000, spoken="digits", masks=["*:0-0.1"])
    cardhush.scrub_array(samples, "8000")  # type: ignore[arg-type]
    cardhush.scrub_array(samples, 8_000, spoken="all")  # type: ignore[arg-type]
    cardhush.scrub_array(samples, 8_000, kyed=True)  # type: ignore[call-arg]
    cardhush.scrub_array([0, 1], 8_000)  # type: ignore[arg-type]
    return sum(span.end - span.start for span in spans)


def files(path: Path) -> str:
    try:
        report: cardhush.FileReport = cardhush.scrub_file(path, path.with_suffix(".scrubbed.wav"), force=True, fill="marker")
        return report.outcome + ", ".join(span.cause for span in cardhush.scan_file(str(path)).spans)
    except cardhush.FileError as error:
        return f"{error.errno}: {error}"
    except cardhush.Error as error:
        return str(error)


def many(paths: list[Path]) -> list[str | None]:
    totals, rows = cardhush.scrub_many(paths, "clean", ledger="ledger.jsonl", root="archive", jobs=2, shard="1/2", keyed=True)
    rows.append("none")  # type: ignore[arg-type]
    return [row.output_sha256 for row in rows][: totals.found]


def table(spark: SparkSession, manifest: DataFrame) -> DataFrame:
    cardhush.spark.scrub(spark, manifest, "clean", "ledgers", fil="silence")  # type: ignore[call-arg]
    return cardhush.spark.scrub(spark, manifest, "clean", "ledgers", partitions=8, fill="silence").filter("outcome = 'failed'")
