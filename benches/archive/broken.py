"""Files that no scrubber may call clean, each kind with its name's ending, and a pattern that the reason given for it has to match."""

import os
import struct
import subprocess
import tempfile
import zlib

import formats
import soundfile as sf
from formats import RATE_HZ

SHORT = r"short|ends within|declares \d+ bytes: the file has|too short|bytes long|should begin at"
FORM = r"no RIFF|chunk|malformed|neither a frame|signature|not a"
KIND = r"not read|is read|are read|unsupported|no RIFF"


def encoded(pcm, name):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a." + formats.ending(name))
        formats.write(path, pcm, name)
        with open(path, "rb") as file:
            return file.read()


def other(pcm, ending, container, subtype):
    with tempfile.NamedTemporaryFile(suffix="." + ending) as file:
        sf.write(file.name, pcm, RATE_HZ, format=container, subtype=subtype)
        return file.read()


def ffmpeg(pcm, ending, *coding):
    with tempfile.TemporaryDirectory() as folder:
        sf.write(f"{folder}/a.wav", pcm, RATE_HZ)
        subprocess.run(["ffmpeg", "-v", "error", "-i", f"{folder}/a.wav", *coding, f"{folder}/b.{ending}"], check=True)
        with open(f"{folder}/b.{ending}", "rb") as file:
            return file.read()


def cut(data, part, off_by=0):
    return data[: int(len(data) * part) + off_by]


def put(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def flip(data, part):
    at = int(len(data) * part)
    return put(data, at, bytes([data[at] ^ 0x55]))


def wav(fmt, audio, size=None):
    """A WAV by hand, its header as wrong as wanted. `fmt` is tag, channels, rate, bytes a second, bytes a block, bits."""
    size = len(audio) if size is None else size
    body = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *fmt) + b"data" + struct.pack("<I", size) + audio
    return b"RIFF" + struct.pack("<I", min(0xFFFFFFFF, size + 36)) + body


def without_page(ogg, number):
    """An Ogg file less one page."""
    begins, at = [], 0
    while at < len(ogg):
        begins.append(at)
        at += 27 + ogg[at + 26] + sum(ogg[at + 27 : at + 27 + ogg[at + 26]])
    begins.append(at)
    number %= len(begins) - 1
    return ogg[: begins[number]] + ogg[begins[number + 1] :]


def mp3_joined(pcm):
    bare = ("-write_xing", "0", "-id3v2_version", "0")
    return ffmpeg(pcm, "mp3", "-ar", "8000", *bare) + ffmpeg(pcm, "mp3", "-ar", "16000", *bare)


def ulaw_fmt(tag=7, channels=1, rate=RATE_HZ, block=1, bits=8):
    return tag, channels, rate, rate * block, block, bits


# kind: (ending, what makes its bytes of some talk and random bytes, pattern of the reason)
KINDS = {
    "wav cut in its header": ("wav", lambda x, _: encoded(x, "wav mu-law")[:30], SHORT + "|" + FORM),
    "wav cut before its data": ("wav", lambda x, _: wav(ulaw_fmt(), b"")[:36], "data"),
    "mu-law wav cut short": ("wav", lambda x, _: cut(encoded(x, "wav mu-law"), 0.7), SHORT),
    "PCM wav cut short": ("wav", lambda x, _: cut(encoded(x, "wav PCM16"), 0.7, 1), SHORT),
    "stereo wav cut short": ("wav", lambda x, _: cut(wav((1, 2, RATE_HZ, RATE_HZ * 4, 4, 16), x.tobytes() * 2), 0.5), SHORT),
    "RF64 cut short": ("wav", lambda x, _: cut(encoded(x, "RF64"), 0.5), SHORT),
    "RF64 without ds64": ("wav", lambda x, _: encoded(x, "RF64").replace(b"ds64", b"junk"), FORM),
    "WAV49 cut short": ("wav", lambda x, _: cut(encoded(x, "WAV49"), 0.6, 3), SHORT),
    "gsm cut in a frame": ("gsm", lambda x, _: encoded(x, "gsm")[: 33 * 100 + 12], SHORT),
    "gsm with damage": ("gsm", lambda x, r: put(encoded(x, "gsm"), 33 * 50, r[:330]), FORM),
    "IMA ADPCM cut short": ("wav", lambda x, _: cut(encoded(x, "IMA ADPCM"), 0.5), SHORT),
    "MS ADPCM cut short": ("wav", lambda x, _: cut(encoded(x, "MS ADPCM"), 0.5), SHORT),
    "FLAC cut short": ("flac", lambda x, _: cut(encoded(x, "FLAC"), 0.6), SHORT + "|sum|check|CRC"),
    "FLAC cut in its header": ("flac", lambda x, _: encoded(x, "FLAC")[:30], SHORT),
    "FLAC with a wrong sum": ("flac", lambda x, _: flip(encoded(x, "FLAC"), 0.5), "FLAC"),
    "FLAC of a huge length": ("flac", lambda x, _: put(encoded(x, "FLAC"), 22, b"\xff\xff\xff\xff"), SHORT + "|samples"),
    "MP3 cut in a frame": ("mp3", lambda x, _: cut(encoded(x, "MP3"), 0.6, 7), SHORT + "|frames"),
    "MP3 without its last frames": ("mp3", lambda x, _: ffmpeg(x, "mp3", "-b:a", "16k")[: 144 * 30], SHORT),
    "MP3 with damage": ("mp3", lambda x, r: put(encoded(x, "MP3"), 3000, r[:1500]), FORM + "|frame"),
    "MP3 of two rates": ("mp3", lambda x, _: mp3_joined(x), "rate"),
    "Opus cut in a page": ("opus", lambda x, _: cut(encoded(x, "Opus"), 0.6, 1), SHORT),
    "Opus without its last page": ("opus", lambda x, _: without_page(encoded(x, "Opus"), -1), SHORT),
    "Opus with a page less": ("opus", lambda x, _: without_page(encoded(x, "Opus"), 3), "page|ends within"),
    "Opus with a wrong sum": ("opus", lambda x, _: flip(encoded(x, "Opus"), 0.5), "sum|CRC|check"),
    "two Opus streams": ("opus", lambda x, _: encoded(x, "Opus") * 2, "follow|another stream"),
    "AU cut short": ("au", lambda x, _: cut(encoded(x, "AU mu-law"), 0.7), SHORT),
    "AU of a huge length": ("au", lambda x, _: put(encoded(x, "AU mu-law"), 8, struct.pack(">I", 1 << 28)), SHORT),
    "AU without channels": ("au", lambda x, _: put(encoded(x, "AU mu-law"), 20, bytes(4)), "0 channels"),
    "AU cut in its header": ("au", lambda x, _: encoded(x, "AU mu-law")[:20], SHORT + "|" + FORM),
    "AU of 8-bit PCM": ("au", lambda x, _: other(x, "au", "AU", "PCM_S8"), KIND),
    "wav of a huge length": ("wav", lambda x, _: wav(ulaw_fmt(), x.tobytes(), 1 << 28), SHORT),
    "wav without channels": ("wav", lambda x, _: wav(ulaw_fmt(channels=0), x.tobytes()), "0 channels"),
    "wav of 24 channels": ("wav", lambda x, _: wav(ulaw_fmt(channels=24, block=24), x.tobytes()[:2400]), "channels"),
    "wav of 0 Hz": ("wav", lambda x, _: wav(ulaw_fmt(rate=0), x.tobytes()), "0 Hz"),
    "wav of 0 bits": ("wav", lambda x, _: wav(ulaw_fmt(bits=0), x.tobytes()), "bits"),
    "wav of blocks of 0 bytes": ("wav", lambda x, _: wav(ulaw_fmt(block=0), x.tobytes()), "bytes a frame"),
    "wav of two recordings": ("wav", lambda x, _: encoded(x, "wav mu-law") * 2, "second|no chunk|belong to no"),
    "wav of the wrong magic": ("wav", lambda x, _: b"XIFF" + encoded(x, "wav mu-law")[4:], FORM),
    "wav of high ends first": ("wav", lambda x, _: b"RIFX" + encoded(x, "wav PCM16")[4:], KIND),
    "GSM wav of two channels": ("wav", lambda x, _: wav((0x31, 2, RATE_HZ, 1625, 65, 0), x.tobytes()[:6500]), "channels"),
    "IMA wav of odd blocks": ("wav", lambda x, _: wav((0x11, 1, RATE_HZ, 4055, 3, 4), x.tobytes()[:6500]), "block|IMA"),
    "G.722 wav": ("wav", lambda x, _: ffmpeg(x, "wav", "-ar", "16000", "-c:a", "g722"), KIND),
    "G.726 wav": ("wav", lambda x, _: ffmpeg(x, "wav", "-c:a", "g726", "-b:a", "32k"), KIND),
    "G.721 wav": ("wav", lambda x, _: other(x, "wav", "WAV", "G721_32"), KIND),
    "G.729 wav": ("wav", lambda _, r: wav((0x83, 1, RATE_HZ, 1000, 10, 0), r[:1000]), KIND),
    "MP3 in wav": ("wav", lambda x, _: ffmpeg(x, "wav", "-c:a", "libmp3lame"), KIND),
    "AAC in m4a": ("m4a", lambda x, _: ffmpeg(x, "m4a", "-c:a", "aac"), KIND),
    "AMR": ("amr", lambda _, r: b"#!AMR\n" + (b"\x3c" + r[:31]) * 500, KIND),
    "WMA": ("wma", lambda x, _: ffmpeg(x, "wma", "-c:a", "wmav2"), KIND),
    "MPEG layer II": ("mp2", lambda x, _: ffmpeg(x, "mp2", "-ar", "16000", "-c:a", "mp2"), KIND),
    "Vorbis": ("ogg", lambda x, _: other(x, "ogg", "OGG", "VORBIS"), "Vorbis"),
    "Speex": ("spx", lambda x, _: ffmpeg(x, "ogg", "-c:a", "libspeex"), "Speex"),
    "AIFF": ("aiff", lambda x, _: other(x, "aiff", "AIFF", "PCM_16"), KIND),
    "CAF": ("caf", lambda x, _: other(x, "caf", "CAF", "ULAW"), KIND),
    "Dialogic ADPCM": ("vox", lambda x, _: other(x, "raw", "RAW", "VOX_ADPCM"), KIND + "|" + FORM),
    "samples of no known ending": ("bin", lambda x, _: x.tobytes(), KIND + "|" + FORM),
    "empty wav": ("wav", lambda *_: b"", SHORT + "|empty"),
    "empty mp3": ("mp3", lambda *_: b"", SHORT + "|empty"),
    "empty gsm": ("gsm", lambda *_: b"", SHORT + "|empty"),
    "empty ulaw": ("ulaw", lambda *_: b"", SHORT + "|empty"),
    "random bytes .wav": ("wav", lambda _, r: r, FORM),
    "random bytes .mp3": ("mp3", lambda _, r: r, FORM),
    "random bytes .gsm": ("gsm", lambda _, r: r, FORM),
    "zeros .wav": ("wav", lambda *_: bytes(80_000), FORM),
    "text .wav": ("wav", lambda *_: b"This call was lost when the disk was full.\n" * 9, FORM),
    "text .txt": ("txt", lambda *_: b"Calls of this month: see the other folder.\n", FORM),
    "compressed wav": ("wav.z", lambda x, _: zlib.compress(encoded(x, "wav mu-law")), FORM),
}
# Not made of bytes alone; `growing` is written to while the archive is scrubbed.
SPECIAL = {"growing wav": ("wav", "growing|changed"), "link": ("wav", "link"), "dead link": ("wav", "link"), "pipe": ("wav", "not a regular file")}
ALL = [*KINDS, *SPECIAL]


def ending(kind):
    return (KINDS.get(kind) or SPECIAL[kind])[0]


def pattern(kind):
    return (KINDS.get(kind) or SPECIAL[kind])[-1]


def write(path, kind, rng, pcm):
    """Makes one of a kind, of some seconds of talk."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind in ("link", "dead link"):
        target = os.path.join(os.path.dirname(path), "..", "..", "beyond.wav" if kind == "link" else "gone.wav")
        os.symlink(os.path.abspath(target), path)
    else:
        data = wav(ulaw_fmt(), pcm.tobytes(), 0xFFFFFFFF) if kind == "growing wav" else KINDS[kind][1](pcm, rng.bytes(40_000))
        with open(path, "wb") as file:
            file.write(data)
