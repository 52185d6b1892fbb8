"""Finds keyed and spoken card digits in call audio and replaces them: in arrays, in files, in archives.

`scrub_array`, `scrub_file`, `scan_file` and `scrub_many` let other threads run while they work. `cardhush.spark` has the job for Spark.
"""

from ._native import __version__, scan_file, scrub_array, scrub_file, scrub_many
from .errors import Error, FileError
from .results import FileReport, Row, Span, Totals

__all__ = [
    "Error",
    "FileError",
    "FileReport",
    "Row",
    "Span",
    "Totals",
    "__version__",
    "scan_file",
    "scrub_array",
    "scrub_file",
    "scrub_many",
]
