import os
from collections.abc import Iterable, Sequence
from typing import Literal, TypedDict, Union, type_check_only

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Unpack

from .results import FileReport, Row, Span, Totals

_Path = Union[str, os.PathLike[str]]
_Samples = Union[NDArray[np.int16], NDArray[np.int32], NDArray[np.float32], NDArray[np.float64], NDArray[np.uint8]]

@type_check_only
class _Settings(TypedDict, total=False):
    keyed: bool
    spoken: Literal["card", "digits", "armed", "off"]
    armed: Sequence[str]
    fill: Literal["comfort-noise", "silence", "marker"]
    channels: Literal["linked", "own"]
    masks: Sequence[str]

__all__ = ["__version__", "check_settings", "is_place", "scan_file", "scrub_array", "scrub_file", "scrub_many", "spelled", "strays"]

__version__: str

def scrub_array(
    samples: _Samples, rate_hz: int, *, coding: Literal["ulaw", "alaw"] | None = None, **settings: Unpack[_Settings]
) -> list[Span]:
    """Finds and replaces card digits in an array of samples, in place; gives the spans that were replaced.

    Full scale is 2**15 for int16, 2**31 for int32 and 1.0 for floats: floats that are not finite or over 4.0 in magnitude, and int32 of which none is over 2**15, are a ValueError. The class is
    numpy.ndarray or numpy.memmap itself, else a TypeError. An array that changes meanwhile is an Error, and nothing is written.
    """

def scrub_file(
    input: _Path, output: _Path | None = None, *, in_place: bool = False, force: bool = False, **settings: Unpack[_Settings]
) -> FileReport: ...
def scan_file(path: _Path, **settings: Unpack[_Settings]) -> FileReport: ...
def scrub_many(
    files: Iterable[_Path],
    output: _Path,
    *,
    ledger: _Path,
    root: _Path | None = None,
    jobs: int = 1,
    key: _Path | None = None,
    shard: str = "1/1",
    force: bool = False,
    sync: bool = True,
    memory_mib: int = 192,
    **settings: Unpack[_Settings],
) -> tuple[Totals, list[Row]]: ...
def check_settings(**settings: Unpack[_Settings]) -> None: ...
def is_place(name: _Path) -> bool: ...
def spelled(name: str) -> str: ...
def strays(files: Sequence[str], root: _Path | None) -> list[tuple[str, str]]: ...
