"""Phone codecs, round trip, with lost packets concealed by each codec's own decoder.

Calls the shared libraries of Debian through ctypes: libgsm1, libopencore-amrnb0, libbcg729-0, libopus0. int16 in, int16 of the same
length out, 8 kHz. G.711 is computed here; its lost packets are silence or the packet before, as cheap endpoints do. A codec's own delay (0-7 ms) stays
in: it is less than a frame of the labels.
"""
import ctypes
from ctypes import byref, c_int, c_int32, c_ubyte, c_void_p
from functools import lru_cache
import numpy as np

AMR_MODE = {475: 0, 515: 1, 59: 2, 67: 3, 74: 4, 795: 5, 102: 6, 122: 7}
OPUS_VOIP, OPUS_SET_BITRATE = 2048, 4002


@lru_cache
def _library(name):
    lib = ctypes.CDLL(name)
    for function in ("gsm_create", "Encoder_Interface_init", "Decoder_Interface_init", "initBcg729EncoderChannel",
                     "initBcg729DecoderChannel", "opus_encoder_create", "opus_decoder_create"):
        if hasattr(lib, function):
            getattr(lib, function).restype = c_void_p
    return lib


@lru_cache
def _g711(law):
    """int16 + 32768 -> decoded value, by the segment rule of G.711"""
    code = np.arange(256)
    if law == "u":
        u = ~code & 0xff
        v = (((u & 15) << 3) + 132 << ((u >> 4) & 7)) - 132
        value = np.where(u & 0x80, -v, v)
    else:
        a = code ^ 0x55
        e, m = (a >> 4) & 7, (a & 15) << 4
        v = np.where(e == 0, m + 8, (m + 264) << np.maximum(e - 1, 0))
        value = np.where(a & 0x80, v, -v)
    levels = np.unique(value)
    x = np.arange(-32768, 32768)
    i = np.clip(np.searchsorted(levels, x), 1, len(levels) - 1)
    return np.where(x - levels[i - 1] <= levels[i] - x, levels[i - 1], levels[i]).astype(np.int16)


def g711(x, law, lost, rng):
    y = _g711(law)[x.astype(np.int32) + 32768]
    for p in np.flatnonzero(lost):
        k = slice(p * 160, (p + 1) * 160)
        y[k] = y[(p - 1) * 160:p * 160][:len(y[k])] if p and rng.random() < .5 else 0
    return y


def _framewise(x, size, lost, step):
    """`step(samples, lost) -> samples` over frames of `size`; packets are 20 ms"""
    pad = np.concatenate([x, np.zeros(-len(x) % size, np.int16)])
    out = np.empty_like(pad)
    inp, outp = pad.ctypes.data, out.ctypes.data
    for i in range(0, len(pad), size):
        step(c_void_p(inp + 2 * i), c_void_p(outp + 2 * i), bool(lost[min(i // 160, len(lost) - 1)]))
    return out[:len(x)]


def gsm(x, lost):
    lib = _library("libgsm.so.1")
    enc, dec, packet = lib.gsm_create(), lib.gsm_create(), (c_ubyte * 33)()

    def step(a, b, gone):                            # no concealment in libgsm: the packet before is played again
        kept = (c_ubyte * 33).from_buffer_copy(packet)
        lib.gsm_encode(c_void_p(enc), a, packet)
        lib.gsm_decode(c_void_p(dec), kept if gone else packet, b)
    y = _framewise(x, 160, lost, step)
    lib.gsm_destroy(c_void_p(enc)), lib.gsm_destroy(c_void_p(dec))
    return y


def amr(x, lost, rate):
    lib = _library("libopencore-amrnb.so.0")
    enc, dec, packet = lib.Encoder_Interface_init(0), lib.Decoder_Interface_init(), (c_ubyte * 64)()

    def step(a, b, gone):
        lib.Encoder_Interface_Encode(c_void_p(enc), AMR_MODE[rate], a, packet, 0)
        lib.Decoder_Interface_Decode(c_void_p(dec), packet, b, int(gone))
    y = _framewise(x, 160, lost, step)
    lib.Encoder_Interface_exit(c_void_p(enc)), lib.Decoder_Interface_exit(c_void_p(dec))
    return y


def g729(x, lost):
    lib = _library("libbcg729.so.0")
    enc, dec = lib.initBcg729EncoderChannel(0), lib.initBcg729DecoderChannel()
    packet, size = (c_ubyte * 16)(), c_ubyte()

    def step(a, b, gone):
        lib.bcg729Encoder(c_void_p(enc), a, packet, byref(size))
        lib.bcg729Decoder(c_void_p(dec), packet, size, int(gone), 0, 0, b)
    y = _framewise(x, 80, lost, step)
    lib.closeBcg729EncoderChannel(c_void_p(enc)), lib.closeBcg729DecoderChannel(c_void_p(dec))
    return y


def opus(x, lost, kbps):
    lib, err = _library("libopus.so.0"), c_int()
    enc, dec = lib.opus_encoder_create(8000, 1, OPUS_VOIP, byref(err)), lib.opus_decoder_create(8000, 1, byref(err))
    lib.opus_encoder_ctl(c_void_p(enc), OPUS_SET_BITRATE, c_int32(kbps * 1000))
    packet = (c_ubyte * 1500)()

    def step(a, b, gone):
        n = lib.opus_encode(c_void_p(enc), a, 160, packet, 1500)
        lib.opus_decode(c_void_p(dec), None if gone else packet, 0 if gone else n, b, 160, 0)
    y = _framewise(x, 160, lost, step)
    lib.opus_encoder_destroy(c_void_p(enc)), lib.opus_decoder_destroy(c_void_p(dec))
    return y


CHAINS = {"linear": .14, "pcmu": .24, "pcma": .12, "gsm": .12, "amr122": .1, "amr795": .04, "amr475": .05, "g729": .09, "opus6": .03, "opus8": .04, "opus16": .03}


def through_phone(x, rng):
    """One codec by chance, at times over lossy packets, at times with G.711 behind it."""
    name = rng.choice(list(CHAINS), p=list(CHAINS.values()))
    packets = len(x) // 160 + 1
    lost = rng.random(packets) < (rng.uniform(.005, .06) if rng.random() < .15 else 0)
    if name == "linear":
        return x
    if name.startswith("pcm"):
        return g711(x, name[-1], lost, rng)
    y = gsm(x, lost) if name == "gsm" else g729(x, lost) if name == "g729" else amr(x, lost, int(name[3:])) if name.startswith("amr") else opus(x, lost, int(name[4:]))
    return g711(y, "u", np.zeros(packets, bool), rng) if rng.random() < .5 else y
