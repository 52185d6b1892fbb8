"""The network: causal convolutions from log-mel frames to posteriors, 50 slots per second.

    first   40 -> C, 4 frames of 10 ms, stride 2          slot n sees frames 2n-2 .. 2n+1
    blocks  h += W * relu(h), 3 taps, dilation d          taps at slots n-2d, n-d, n; d = 1, 2, 4, 8, 16, twice
    head    C -> 14 from relu(h)                          12 for a softmax over none, zero..nine, oh; 2 for sigmoids: any digit, onset

Batch norms behind the convolutions exist only in training: `folded` merges them into weights and biases. Slot n speaks of what was said
SHIFT slots earlier: the sound of slot m, samples 160 m .. 160 m + 159, is judged when sample 160 (m + SHIFT) + 159 is in, 300 ms after its end.
"""
import torch
from torch import nn
import torch.nn.functional as F

CLASSES, OUTPUTS = 12, 14
ANY_OUT, ONSET_OUT = 12, 13
SHIFT = 15                              # slots of 20 ms
FIRST, STRIDE, TAPS = 4, 2, 3
DILATIONS = (1, 2, 4, 8, 16) * 2


class Net(nn.Module):
    def __init__(self, channels=64, dilations=DILATIONS):
        super().__init__()
        self.channels, self.dilations = channels, tuple(dilations)
        self.first = nn.Conv1d(40, channels, FIRST, stride=STRIDE, bias=False)
        self.first_norm = nn.BatchNorm1d(channels)
        self.blocks = nn.ModuleList(nn.Conv1d(channels, channels, TAPS, dilation=d, bias=False) for d in dilations)
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in dilations)
        self.head = nn.Conv1d(channels, OUTPUTS, 1)
        for norm in self.norms:
            nn.init.constant_(norm.weight, 0.3)

    def forward(self, f):
        """[N, T, 40] -> logits [N, T // 2, 14]"""
        h = self.first_norm(self.first(F.pad(f.transpose(1, 2), (FIRST - STRIDE, 0))))
        for conv, norm, d in zip(self.blocks, self.norms, self.dilations):
            h = h + norm(conv(F.pad(torch.relu(h), (d * (TAPS - 1), 0))))
        return self.head(torch.relu(h)).transpose(1, 2)

    def folded(self):
        """[(name, weight [out, in, taps], bias [out], stride, dilation)], the norms merged"""
        def fold(conv, norm):
            g = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            return (conv.weight * g[:, None, None]).detach(), (norm.bias - norm.running_mean * g).detach()
        out = [("first", *fold(self.first, self.first_norm), STRIDE, 1)]
        out += [(f"block{i}", *fold(c, n), 1, d) for i, (c, n, d) in enumerate(zip(self.blocks, self.norms, self.dilations))]
        return out + [("head", self.head.weight.detach(), self.head.bias.detach(), 1, 1)]


def run_folded(layers, f, keep=None):
    """The same logits from folded (and perhaps quantised) layers; `keep` collects every layer's output [N, C, slots]."""
    h = None
    for name, w, b, stride, d in layers:
        if name == "first":
            h = F.conv1d(F.pad(f.transpose(1, 2), (w.shape[2] - stride, 0)), w, b, stride=stride)
        elif name == "head":
            h = F.conv1d(torch.relu(h), w, b)
        else:
            h = h + F.conv1d(F.pad(torch.relu(h), (d * (w.shape[2] - 1), 0)), w, b, dilation=d)
        if keep is not None:
            keep.append((name, h))
    return h.transpose(1, 2)


def posteriors(logits):
    """[..., 14] logits -> [..., 14] probabilities"""
    return torch.cat([torch.softmax(logits[..., :CLASSES], -1), torch.sigmoid(logits[..., CLASSES:])], -1)
