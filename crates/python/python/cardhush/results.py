"""What the functions return. Nothing here holds a digit, audio or a transcript."""

from typing import List, NamedTuple, Optional


class Span(NamedTuple):
    """Samples of a channel that were replaced, or are to be."""

    channel: int
    """From 0; of a packet capture, the number of the stream."""
    start: int
    """The first sample."""
    end: int
    """The sample after the last."""
    cause: str
    """`keyed`, `event`, `spoken`, `linked`, `echo` or `manual`; of a capture also `unread`."""


class FileReport(NamedTuple):
    """One file and what became of it."""

    path: str
    """The file, as it was named."""
    output: Optional[str]
    """What was written; None if nothing was."""
    outcome: str
    """`scrubbed`, `found` (and nothing written) or `nothing_found`."""
    spans: List[Span]
    """What was replaced, or would be."""
    container: str
    """`RIFF`, `FLAC`, `raw`, `pcap` and so on."""
    coding: Optional[str]
    """How samples are written. This and what follows it, but for `masked_s` and `notes`, is None for a packet capture."""
    rate_hz: Optional[int]
    """Samples a second."""
    channels: Optional[int]
    """Channels."""
    frames: Optional[int]
    """Samples a channel."""
    duration_s: Optional[float]
    """Length in seconds."""
    masked_s: List[float]
    """Seconds that are replaced, by channel."""
    notes: List[str]
    """What was accepted although the header says otherwise."""


class Row(NamedTuple):
    """One file of many, as the ledger tells of it."""

    file: str
    """The file, as it was named."""
    path: str
    """What the ledger calls it: relative to `root`, with `/`."""
    root: str
    """What the path is relative to, whole."""
    outcome: str
    """`scrubbed`, `nothing_found`, `refused` or `failed`."""
    reason: Optional[str]
    """Why it was refused or failed."""
    duration_s: Optional[float]
    """Length in seconds, where it could be read."""
    spans: List[Span]
    """What was replaced."""
    input_sha256: Optional[str]
    """What was read, where it could be."""
    output_sha256: Optional[str]
    """What was written; None where nothing was."""


class Totals(NamedTuple):
    """How the files of a run ended, now or in an earlier run of the same ledger."""

    found: int
    """All of them: the sum of the next four."""
    scrubbed: int
    """With digits that were replaced."""
    nothing_found: int
    """Without any that were found."""
    refused: int
    """Not to be read whole, or of a kind that is not supported: not copied."""
    failed: int
    """Went wrong in a way that may not happen again: not copied."""
    hours: float
    """Hours of audio that were examined."""
    before: int
    """How many of `found` had been treated before, and have no row."""
