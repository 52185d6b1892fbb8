"""Calls for the tests: the example call, and cuts of it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[3]
CALL = ROOT / "examples" / "data" / "call.wav"
RATE_HZ = 8_000
CHANNELS = 2


def samples() -> NDArray[np.uint8]:
    """The example call's mu-law samples, (frames, 2)."""
    return samples_of(CALL)


def samples_of(path: Path) -> NDArray[np.uint8]:
    """The samples of a WAV file of bytes in two channels."""
    file = path.read_bytes()
    at = file.index(b"data")
    length = int.from_bytes(file[at + 4 : at + 8], "little")
    return np.frombuffer(file[at + 8 : at + 8 + length], dtype=np.uint8).copy().reshape(-1, CHANNELS)


def linear() -> NDArray[np.int16]:
    """The same call in 16 bits, decoded by G.711's formula."""
    code = ~samples() & 0xFF
    sign, exponent, mantissa = code & 0x80, (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(sign == 0, magnitude, -magnitude).astype(np.int16)


def wav(path: Path, audio: NDArray[np.generic], tag: int) -> Path:
    """Writes a WAV file of an array in the coding of a format tag."""
    frames, width = audio.reshape(-1, CHANNELS), audio.dtype.itemsize
    data = frames.tobytes()
    form = struct.pack("<HHIIHH", tag, CHANNELS, RATE_HZ, RATE_HZ * CHANNELS * width, CHANNELS * width, 8 * width)
    path.parent.mkdir(parents=True, exist_ok=True)
    head = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data)
    return path


def cuts(folder: Path, count: int, seconds: float) -> list[Path]:
    """So many different calls, each from another place of the example call round to it again, of about so many seconds."""
    call = samples()
    paths = []
    for number in range(count):
        frames = int(RATE_HZ * seconds) + 37 * number
        begin = 1_009 * number % len(call)
        audio = np.resize(np.roll(call, -begin, axis=0), (frames, CHANNELS))
        paths.append(wav(folder / f"day-{number % 7}" / f"call-{number:04d}.wav", audio, 7))
    return paths
