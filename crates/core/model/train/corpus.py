"""The recorded speech: digit words, digit strings, talk without digits, noise and rooms of one split, in memory.

Reads `digits/manifest.csv`, `digits/alignments.csv`, `speech/manifest.csv` and `noise/manifest.csv` below the data folder; all audio
is 8 kHz mono. A frame is 10 ms (80 samples). Labels of a frame: 0 none, 1..10 the digits zero..nine, 11 "oh", ANY a digit whose
identity is not known, SKIP not scored (teens, tens, the letter o, uncertain edges).
"""
import collections, csv, os, zlib
from dataclasses import dataclass
import numpy as np, soundfile as sf

FS, HOP = 8000, 80
ANY, SKIP = 254, 255
LABEL = {w: i + 1 for i, w in enumerate("zero one two three four five six seven eight nine oh".split())}
AMBIGUOUS = set("""o ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
eighty ninety hundred thousand double triple first second third fourth fifth sixth seventh eighth ninth tenth twelfth fifteenth sixteenth
seventeenth eighteenth nineteenth twentieth thirtieth""".split())
SURE = 0.90         # alignment score below which the edges of a word are not scored
LOOSE_S = 0.08      # how far round such an edge


@dataclass
class Said:
    """Audio of one talker with the digits in it: `marks` are (label, first sample, end sample)."""
    audio: np.ndarray
    marks: list
    speaker: str = ""


def rows(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def fold_of(row, folds):
    """0.. `folds`, the same for all that one person said in any corpus; what has no speaker's name goes by its source as a whole"""
    who = row["source"] if row["speaker"] in ("", "unk") else row["speaker"]
    return zlib.crc32(who.encode()) % folds


def sounding(x, below_db=30):
    """[start, end) of what lies within `below_db` of the loudest 20 ms."""
    n = max(1, (len(x) - 2 * HOP) // HOP + 1)
    c = np.concatenate([[0], np.cumsum(x.astype(np.float64) ** 2)])
    at = np.arange(n) * HOP
    e = c[np.minimum(at + 2 * HOP, len(x))] - c[at]
    k = np.flatnonzero(e > e.max() * 10 ** (-below_db / 10))
    return (int(k[0] * HOP), int(min(len(x), (k[-1] + 2) * HOP))) if len(k) else (0, len(x))


class Corpus:
    """words by speaker, strings, talk by kind, noise, rooms."""

    def __init__(self, root, split="train", homophones=True, fold=None):
        """`homophones`: keep talk with to, for, won, ate and the like. `fold` "K/N": the people of both splits are dealt into N folds; "dev" is fold K alone,
        "train" all others; noise and rooms keep their split"""
        self.root = root
        mine = lambda r: r["split"] == split if fold is None else (fold_of(r, int(fold.split("/")[1])) == int(fold.split("/")[0])) == (split == "dev")
        digits = [r for r in rows(f"{root}/digits/manifest.csv") if mine(r)]
        speech = [r for r in rows(f"{root}/speech/manifest.csv") if mine(r) and r["transcript_status"] == "known"]
        noise = [r for r in rows(f"{root}/noise/manifest.csv") if r["split"] == split]
        self.words = collections.defaultdict(list)
        for r in digits:
            if r["kind"] == "isolated":
                x = self.audio(r["path"])
                s, e = sounding(x)
                who = f'{r["source"]}/{r["speaker"]}'
                self.words[who].append(Said(x[s:e], [(LABEL[r["label"]], 0, e - s)], who))
        self.strings = self._strings({r["path"]: r for r in digits + speech})
        self.talk = collections.defaultdict(list)
        for r in speech:
            if r["has_number_word"] == "0" and (homophones or r["has_homophone"] == "0") and "o" not in r["label"].split():
                self.talk[r["source"]].append(self.audio(r["path"]))
        self.noise = [self.audio(r["path"]) for r in noise if r["kind"] == "noise"]
        self.rooms = [self.audio(r["path"]) for r in noise if r["kind"] == "rir"]

    def audio(self, path):
        x, fs = sf.read(os.path.join(self.root, path), dtype="float32", always_2d=True)
        if fs != FS:
            raise ValueError(f"{path}: {fs} Hz, expected {FS}")
        return x[:, 0]

    def _strings(self, mine):
        """Aligned recordings that hold at least one digit; words are marked, ambiguous and uncertain spans skipped."""
        timed, out = collections.defaultdict(list), []
        for a in rows(f"{self.root}/digits/alignments.csv"):
            if a["path"] in mine:
                timed[a["path"]].append(a)
        for path, words in timed.items():
            marks, skips = [], []
            for w in words:
                s, e = (int(float(w[k]) * FS) for k in ("start_s", "end_s"))
                if w["word"] in LABEL:
                    marks.append((LABEL[w["word"]], s, e))
                    if float(w["score"]) < SURE:
                        skips += [(SKIP, int(max(0, t - LOOSE_S * FS)), int(t + LOOSE_S * FS)) for t in (s, e)]
                elif w["word"] in AMBIGUOUS:
                    skips.append((SKIP, s, e))
            if marks:
                out.append(Said(self.audio(path), marks + skips, mine[path]["speaker"]))
        return out
