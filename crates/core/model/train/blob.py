"""The weights as one little-endian blob, and back. A reader in another language can be written from this page.

    offset  size  what
    0       8     magic "CHDIGIT1"
    8       4     u32 format version, 1
    12      4     u32 size of the whole blob in bytes
    16      4     u32 number of layers
    20      4     u32 bands (40)
    24      4     u32 outputs (14)
    28      4     u32 shift: slots of 20 ms between a sound and the slot that speaks of it
    32      32    SHA-256 of everything behind this field (offset 64 to the end)
    64      32*n  layer table
    ...           data, every tensor on a multiple of 16 bytes, zero padded

Layer table, eight u32 each: inputs, outputs, taps, stride, dilation, then the offsets from the start of the blob of weights, scales and biases.
Weights are i8 [outputs][taps][inputs] (inputs fastest, so that one tap is a plain dot product), taps from the oldest frame to the newest; scales and
biases are f32 [outputs]. A layer computes

    y[o] = bias[o] + scale[o] * sum over k, i of weight[o][k][i] * x[i at time n * stride + stride - 1 - (taps - 1 - k) * dilation]

with x = 0 before the start. The first layer (stride 2) takes features; each of the next ones adds its output to its input, h += layer(relu(h)); the last one (one tap)
gives the logits from relu(h), without the sum: 12 for a softmax over none, zero to nine, oh, then two for sigmoids, any digit and onset.
"""
import argparse, hashlib, struct
import numpy as np, torch
from net import OUTPUTS, Net

MAGIC, VERSION, HEAD, ROW, ALIGN = b"CHDIGIT1", 1, 64, 32, 16


def quantised(w):
    """[out, in, taps] float -> (i8 [out, taps, in], f32 scale [out])"""
    w = w.permute(0, 2, 1).numpy()
    scale = np.maximum(np.abs(w).reshape(len(w), -1).max(1), 1e-12).astype(np.float32) / 127
    return np.clip(np.round(w / scale[:, None, None]), -127, 127).astype(np.int8), scale


def packed(layers, shift):
    """folded layers -> bytes"""
    at, table, data = HEAD + ROW * len(layers), b"", b""

    def add(a):
        nonlocal data
        data += b"\0" * (-(at + len(data)) % ALIGN)
        offset = at + len(data)
        data += a.tobytes()
        return offset
    for _, w, b, stride, dilation in layers:
        q, scale = quantised(w)
        table += struct.pack("<8I", w.shape[1], w.shape[0], w.shape[2], stride, dilation, add(q), add(scale.astype("<f4")), add(b.numpy().astype("<f4")))
    body = table + data
    return MAGIC + struct.pack("<6I", VERSION, HEAD + len(body), len(layers), 40, OUTPUTS, shift) + hashlib.sha256(body).digest() + body


def unpacked(raw):
    """bytes -> (folded layers with the quantised values, shift)"""
    version, size, count, bands, outputs, shift = struct.unpack_from("<6I", raw, 8)
    if raw[:8] != MAGIC or version != VERSION or size != len(raw) or hashlib.sha256(raw[HEAD:]).digest() != raw[32:HEAD]:
        raise ValueError("no digit model, or a damaged one")
    layers = []
    for i in range(count):
        inputs, outs, taps, stride, dilation, w, s, b = struct.unpack_from("<8I", raw, HEAD + ROW * i)
        q = np.frombuffer(raw, np.int8, outs * taps * inputs, w).reshape(outs, taps, inputs)
        scale, bias = (np.frombuffer(raw, "<f4", outs, k).copy() for k in (s, b))
        weight = torch.from_numpy(q.astype(np.float32) * scale[:, None, None]).permute(0, 2, 1).contiguous()
        name = "first" if i == 0 else "head" if i == count - 1 else f"block{i - 1}"
        layers.append((name, weight, torch.from_numpy(bias), stride, dilation))
    return layers, shift


def load(path):
    """A checkpoint (.pt, its averaged weights in float) or a blob -> (folded layers, shift)"""
    if not path.endswith(".pt"):
        with open(path, "rb") as f:
            return unpacked(f.read())
    kept = torch.load(path, weights_only=False)
    net = Net(kept["channels"])
    net.load_state_dict(kept["mean"])
    return net.eval().folded(), kept["shift"]


def main():
    ap = argparse.ArgumentParser(description="Writes a checkpoint's averaged weights as a blob.")
    ap.add_argument("checkpoint")
    ap.add_argument("blob")
    a = ap.parse_args()
    layers, shift = load(a.checkpoint)
    raw = packed(layers, shift)
    with open(a.blob, "wb") as f:
        f.write(raw)
    print(f"{a.blob}: {len(raw)} bytes, {sum(w.numel() + b.numel() for _, w, b, _, _ in layers)} parameters, sha256 {hashlib.sha256(raw).hexdigest()}")


if __name__ == "__main__":
    main()
