"""The formats of the archive: how each is written, and what anyone's decoder makes of it.

All calls have 8 kHz and 16 bits. `SHARES` says how many calls of a hundred have which format.
"""

import os
import subprocess

import numpy as np
import soundfile as sf

RATE_HZ = 8000

# name: (ending, container and subtype of libsndfile, channels, share in percent)
FORMATS = {
    "wav mu-law": ("wav", "WAV", "ULAW", 1, 21),
    "wav A-law": ("wav", "WAV", "ALAW", 1, 10),
    "wav PCM16": ("wav", "WAV", "PCM_16", 1, 6),
    "wav PCM16 stereo": ("wav", "WAV", "PCM_16", 2, 2),
    "WAV49": ("wav", "WAV", "GSM610", 1, 14),
    "gsm": ("gsm", "RAW", "GSM610", 1, 7),
    "IMA ADPCM": ("wav", "WAV", "IMA_ADPCM", 1, 7),
    "MS ADPCM": ("wav", "WAV", "MS_ADPCM", 1, 4),
    "FLAC": ("flac", "FLAC", "PCM_16", 1, 5),
    "MP3": ("mp3", "MP3", "MPEG_LAYER_III", 1, 10),
    "Opus": ("opus", "OGG", "OPUS", 1, 7),
    "AU mu-law": ("au", "AU", "ULAW", 1, 2),
    "AU PCM16": ("au", "AU", "PCM_16", 1, 1),
    "raw mu-law": ("ulaw", "RAW", "ULAW", 1, 2),
    "raw A-law": ("alaw", "RAW", "ALAW", 1, 1.9),
    "RF64": ("wav", "RF64", "PCM_16", 1, 0.1),
}
SHARES = {name: form[4] for name, form in FORMATS.items()}
# What takes long to encode: so many encodings of each stand for all calls without a card.
POOLS = {"MP3": 300, "Opus": 300, "WAV49": 1000, "gsm": 1000}


def ending(name):
    return FORMATS[name][0]


def channels(name):
    return FORMATS[name][3]


def write(path, pcm, name):
    """Writes int16 [n] or [n, 2] in a format."""
    _, container, subtype, _, _ = FORMATS[name]
    sf.write(path, pcm, RATE_HZ, format=container, subtype=subtype)


def read(path, name):
    """-> int16 [n, channels], and how many samples of the file's own rate one of them is.

    MP3 and Opus by ffmpeg, which leaves out what encoders put in front, as the formats say; Opus has 48 kHz.
    """
    _, container, subtype, count, _ = FORMATS[name]
    if name in ("MP3", "Opus"):
        step = 6 if name == "Opus" else 1
        rate = str(RATE_HZ * step)
        command = ["ffmpeg", "-v", "error", "-i", os.fspath(path), "-f", "s16le", "-ar", rate, "-ac", str(count), "-"]
        raw = subprocess.run(command, check=True, capture_output=True).stdout
        return np.frombuffer(raw, np.int16).reshape(-1, count)[::step], step
    raw = {"samplerate": RATE_HZ, "channels": count, "subtype": subtype, "format": "RAW"} if container == "RAW" else {}
    return sf.read(path, dtype="int16", always_2d=True, **raw)[0], 1
