"""From posteriors to masked spans: a small reference of decoder and policy, to report what a network is worth.

Works on one call, all channels, offline. Slots are 20 ms, half open. What it does, in order:

    hits      a slot whose any-digit posterior passes `hit` (less once two digits were heard within 2 s: `again`) starts a hit, which reaches back over at
              most LOOKBACK slots and on for as long as the posterior stays above a quarter of that
    tokens    how many digits a hit is likely to be: the onset posterior summed over it, by the slots that an onset is taught to last; a doubtful
              digit counts as part of one
    runs      hits of one channel no more than `pause_s` apart; what counts as less than `weak` digits must
              lie within `close_s` of one that counts more
    card      a run of `open` tokens and more becomes a region from its first to its last hit
    after     within 90 s of a card's end, runs of `short` tokens and more on any channel are regions as well
    growth    a region grows over adjoining speech until the next pause of 0.2 s, at most `grow_s`, where the posterior is above `faint`
              `reach_s`, then by a guard of 80 ms
"""
from dataclasses import dataclass
import numpy as np
from net import ANY_OUT, ONSET_OUT

LOOKBACK = 9                        # slots; with SHIFT and the slot itself 500 ms in all
SLOT_S = 0.02
GUARD, REST = 4, 10                 # slots: guard round a region, pause that ends its growth
AFTER_S = 90
ONSET_SLOTS = 4


@dataclass
class Policy:
    hit: float = 0.6
    again: float = 0.3
    open: float = 4.5
    short: float = 0.8
    weak: float = 0.5
    close_s: float = 1.0
    pause_s: float = 2.5
    grow_s: float = 0.4
    faint: float = 0.08
    reach_s: float = 1.2


def hits(p, policy):
    """[slots, 14] -> [(start, end, tokens)]"""
    any_, out, recent = p[:, ANY_OUT], [], [-999, -999]
    n, t = len(p), 0
    while t < n:
        limit = policy.again if t - recent[0] < 2 / SLOT_S else policy.hit
        if any_[t] < limit:
            t += 1
            continue
        s = t
        while s > 0 and t - s < LOOKBACK and any_[s - 1] >= limit / 4 and (not out or s > out[-1][1]):
            s -= 1
        e = t
        while e < n and any_[e] >= limit / 4:
            e += 1
        tokens = float(p[s:e, ONSET_OUT].sum()) / ONSET_SLOTS
        out.append((s, e, tokens))
        recent = [recent[1], e] if tokens < 1.5 else [e, e]
        t = e + 1
    return out


def runs(found, policy):
    """hits -> [(start, end, tokens)] of runs"""
    sure, close = [n >= policy.weak for _, _, n in found], policy.close_s / SLOT_S
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):       # doubtful hits close to a sure one are kept, from either side
        for i in order:
            j = i - 1 if order.step > 0 else i + 1
            sure[i] |= sure[j] and max(found[i][0], found[j][0]) - min(found[i][1], found[j][1]) <= close
    out = []
    for s, e, n in (h for h, kept in zip(found, sure) if kept):
        if out and s - out[-1][1] <= policy.pause_s / SLOT_S:
            out[-1] = (out[-1][0], e, out[-1][2] + n)
        else:
            out.append((s, e, n))
    return out


def grown(span, p, active, policy):
    def reach(t, step):
        far, rest = t, 0
        for k in range(1, int(policy.reach_s / SLOT_S)):
            q = t + step * k
            if not 0 <= q < len(p):
                break
            faint = p[q, ANY_OUT] >= policy.faint
            if faint or (active[q] and k <= policy.grow_s / SLOT_S):
                far, rest = q, 0
            else:
                rest += 1
                if rest >= REST:
                    break
        return far
    return max(0, reach(span[0], -1) - GUARD), min(len(p), reach(span[1] - 1, 1) + 1 + GUARD)


def regions(channels, policy):
    """[(posteriors [slots, 14], active [slots])] per channel -> [(channel, start, end)] in slots"""
    every = [runs(hits(p, policy), policy) for p, _ in channels]
    cards = [(c, s, e) for c, found in enumerate(every) for s, e, n in found if n >= policy.open]
    ends = [e for _, _, e in cards]
    later = [(c, s, e) for c, found in enumerate(every) for s, e, n in found
             if policy.short <= n < policy.open and any(0 <= s - end + 50 and s - end <= AFTER_S / SLOT_S for end in ends)]
    return [(c, *grown((s, e), *channels[c], policy)) for c, s, e in cards + later]
