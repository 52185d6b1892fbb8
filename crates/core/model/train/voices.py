"""Synthetic voices that widen the accents: digits, strings and what is easily taken for digits, from espeak-ng and flite.

For training only; people test. English digits are said by English voices and, respelled, by the voices of other languages, which is
roughly how their speakers say them. What must stay unheard: the digits of those languages, and sentences full of to, for, won and ate.
`load(folder, seed)` makes the set once (some minutes) and keeps it as `voices.npz`.
"""
import os, subprocess
import numpy as np
from scipy.signal import resample_poly
from corpus import ANY, FS, LABEL, Said, sounding

ENGLISH = "en-gb en-us en-gb-scotland en-gb-x-gbclan en-gb-x-rp en-gb-x-gbcwmd en-029".split()
TIMBRES = "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 f5 Andy Annie adam linda steph rob max edward klatt2 Denis anika belinda".split()
FLITE = "kal awb rms slt".split()
# zero to nine and oh as the other languages spell what they hear
RESPELT = {
    "hi": "ज़ीरो|वन|टू|थ्री|फोर|फाइव|सिक्स|सेवन|एट|नाइन|ओ", "mr": "झीरो|वन|टू|थ्री|फोर|फाइव|सिक्स|सेव्हन|एट|नाइन|ओ",
    "bn": "জিরো|ওয়ান|টু|থ্রি|ফোর|ফাইভ|সিক্স|সেভেন|এইট|নাইন|ও", "ta": "ஜீரோ|ஒன்|டூ|த்ரீ|ஃபோர்|ஃபைவ்|சிக்ஸ்|செவன்|எய்ட்|நைன்|ஓ",
    "te": "జీరో|వన్|టూ|త్రీ|ఫోర్|ఫైవ్|సిక్స్|సెవెన్|ఎయిట్|నైన్|ఓ", "ur": "زیرو|ون|ٹو|تھری|فور|فائیو|سکس|سیون|ایٹ|نائن|او",
    "de": "siero|uann|tuh|ssrie|fohr|feif|ssiks|ssewen|äit|nein|oh", "fr": "ziro|ouane|tou|sri|fore|faïve|sixe|sévenne|éïte|naïne|ô",
    "es": "zirou|uan|tu|zri|for|faiv|siks|seven|eit|nain|ou", "it": "siro|uan|tu|tri|for|faiv|sics|seven|eit|nain|ou",
    "pl": "ziro|łan|tu|fri|for|fajw|syks|sewen|ejt|najn|oł", "ru": "зиро|уан|ту|сри|фор|файв|сикс|сэвэн|эйт|найн|оу",
    "nl": "zierow|wan|toe|srie|foor|faaif|siks|sevven|eet|nain|oo", "sv": "siro|oann|to|tri|får|fajv|siks|seven|ejt|najn|åo",
}
FOREIGN = "de fr es it nl pl ru hi pt sv tr cs hu ro el fi da id vi cmn ar fa".split()
DECOYS = """I want to go to the shop for a while and talk to them|she won the prize and ate the cake|we have to wait for the train to arrive|
for all of us to see it too|he ate too much before they won|it is fine to have it on the line for a minute|can you tell me the name on the account please|
my wife said she would try to find the wire|they fought for the high road to the sea|thank you very much for calling how may I help you today|
please hold the line while I look that up for you|would you like to add a note to the order|the weather is fine and the sky is high|
could you spell the surname for me|a b c d e f g h i j k l m n p q r s t u v w x y z|the sick man went to heaven in a fix of hate and wine|
free tree brief sheriff fever river live drive hive dive thrive|nine is not mine shine wine sign line|we will send it to your address in the post|
what is the expiry date and the security code on the back of the card|can I take the long number across the front|
press the hash key or say yes to continue|all our agents are busy your call is important to us|a while ago I tried to buy a pair of boots for her|
great late wait fate state plate rate straight|do you through threw shoe blue new few|fore door more floor wore sure store|
sun fun run done gun son one's own bun|hero arrow narrow pharaoh zebra xerox|I said it was mine and he lied|uh um well so okay right yes no sorry hello"""


def _audio(argv, text=None):
    wav = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    n = wav.index(b"data") + 8                       # a piped WAV states no length
    fs = int.from_bytes(wav[24:28], "little")
    x = np.frombuffer(wav[n:len(wav) - (len(wav) - n) % 2], "<i2").astype(np.float32) / 32768
    g = np.gcd(fs, FS)
    x = resample_poly(x, FS // g, fs // g).astype(np.float32) if fs != FS else x
    s, e = sounding(x)
    return x[s:e]


def _espeak(voice, text, rng):
    return _audio(["espeak-ng", "--stdout", "-v", voice, "-s", str(rng.integers(130, 240)), "-p", str(rng.integers(25, 75)), text])


def _flite(voice, text, rng):
    return _audio(["flite", "-voice", voice, "--setf", f"duration_stretch={rng.uniform(.75, 1.2):.2f}", "-t", text, "-o", "/dev/stdout"])


def make(seed):
    """-> (digit words, strings of which only the extent is known, decoys)"""
    rng = np.random.default_rng([seed, 3])
    names = list(LABEL)
    words, strings, decoys = [], [], []

    def say(list_, speak, voice, text, label, who):
        x = speak(voice, text, rng)
        if len(x) > 400:
            list_.append(Said(x, [(label, 0, len(x))] if label else [], who))

    def string(spelling):
        return " ".join(spelling[i] for i in rng.integers(0, len(spelling), rng.integers(3, 7)))

    english = [(_espeak, f"{v}+{t}") for v in ENGLISH for t in rng.choice(TIMBRES, 8, replace=False)] + [(_flite, v) for v in FLITE] * 4
    for speak, voice in english:
        for name in names:
            say(words, speak, voice, name, LABEL[name], voice)
        for _ in range(4):
            say(strings, speak, voice, string(names), ANY, voice)
        for text in rng.choice(DECOYS.split("|"), 6, replace=False):
            say(decoys, speak, voice, text.strip(), 0, voice)
    for language, spelling in RESPELT.items():
        for timbre in rng.choice(TIMBRES, 5, replace=False):
            voice = f"{language}+{timbre}"
            for name, text in zip(names, spelling.split("|")):
                say(words, _espeak, voice, text, LABEL[name], voice)
            for _ in range(4):
                say(strings, _espeak, voice, string(spelling.split("|")), ANY, voice)
    for language in FOREIGN:
        for timbre in rng.choice(TIMBRES, 4, replace=False):
            for _ in range(4):
                say(decoys, _espeak, f"{language}+{timbre}", " ".join(map(str, rng.integers(0, 10, 6))), 0, language)
    return words, strings, decoys


def load(folder, seed):
    path = os.path.join(folder, "voices.npz")
    if not os.path.exists(path):
        flat = [(k, s) for k, said in enumerate(make(seed)) for s in said]
        np.savez(path, audio=np.concatenate([s.audio for _, s in flat]), length=[len(s.audio) for _, s in flat],
                 kind=[k for k, _ in flat], label=[s.marks[0][0] if s.marks else 0 for _, s in flat], who=[s.speaker for _, s in flat])
    z = np.load(path)
    parts, out = np.split(z["audio"], np.cumsum(z["length"])[:-1]), ([], [], [])
    for x, k, l, w in zip(parts, z["kind"], z["label"], z["who"]):
        out[k].append(Said(x, [(int(l), 0, len(x))] if l else [], str(w)))
    return out
