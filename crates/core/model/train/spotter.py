"""From posteriors to masked spans: a small reference of decoder and policy, to report what a network is worth.

Works on one call, all channels, offline; but every rule looks back only, or ahead by a bounded time, so that a streaming form decides the same.
Slots are 20 ms, half open. What it does, in order:

    hits      a slot whose any-digit posterior passes `hit` (less once two digits were heard within 2 s: `again`) starts a hit, which reaches back over at
              most LOOKBACK slots and on for as long as the posterior stays above a quarter of that
    tokens    how many digits a hit is likely to be: the onset posterior summed over it, by the slots that an onset is taught to last; a doubtful
              digit counts as part of one
    voices    a hit that is `quiet` nepers weaker than the digits before it usually were (which is forgotten at `fade` nepers a second) is somebody else,
              such as the other side heard here: it goes to a second voice, unless it follows within `follow_s` of the first voice's last hit
    phrases   hits of one voice no more than `phrase_s` apart; one that holds less than `lone` tokens (`other` for the second voice) is no digit
    runs      phrases of one voice no more than `pause_s` apart
    card      a run of `open` tokens and more becomes a region from its first to its last hit
    after     a run on any channel that starts within 90 s of a card's end, or while the card is read, is a region as well
    growth    a region grows back over adjoining speech until a pause of 0.2 s, at most `grow_s`, where the posterior is above `faint`
              `reach_s`; then by a guard at either end
"""
from dataclasses import dataclass
import numpy as np
from net import ANY_OUT, ONSET_OUT

LOOKBACK = 9                        # slots; with SHIFT and the slot itself 500 ms in all
SLOT_S = 0.02
BEFORE, BEHIND, REST = 4, 20, 10    # slots: guard before and behind a region, pause that ends its growth
AFTER_S, EARLY_S = 90, 1            # how long after a card runs are regions; how much earlier than its opening they may start
ONSET_SLOTS = 4


@dataclass
class Policy:
    hit: float = 0.7
    again: float = 0.35
    open: float = 4.5
    lone: float = 0.9
    other: float = 1.5
    phrase_s: float = 1.3
    pause_s: float = 2.5
    quiet: float = 2.0
    fade: float = 0.03
    follow_s: float = 0.2
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


def voices(found, loud, policy):
    """hits -> hits of the first and of the second voice; `loud` is the log power per slot"""
    first, second, usual, since = [], [], None, 0
    for s, e, n in found:
        power = float(loud[s:e].max())
        now = power if usual is None else usual - policy.fade * (s - since) * SLOT_S
        if power < now - policy.quiet and s - first[-1][1] > policy.follow_s / SLOT_S:
            second.append((s, e, n))
            continue
        first.append((s, e, n))
        if n >= .5 and power >= now - policy.quiet:
            usual, since = now + .25 * (power - now), e
    return first, second


def joined(found, pause_s):
    """[(start, end, ...)] -> lists of neighbours no more than `pause_s` apart"""
    out = []
    for h in found:
        if out and h[0] - out[-1][-1][1] <= pause_s / SLOT_S:
            out[-1].append(h)
        else:
            out.append([h])
    return out


def runs(p, loud, policy):
    """posteriors and log power -> [[(start, end, tokens)]], the runs of either voice as lists of hits"""
    out = []
    for voice, least in zip(voices(hits(p, policy), loud, policy), (policy.lone, policy.other)):
        said = [h for phrase in joined(voice, policy.phrase_s) if sum(n for *_, n in phrase) >= least for h in phrase]
        out += joined(said, policy.pause_s)
    return out


def opening(run, policy):
    """slot at which a run is known to be a card, None if it is none"""
    total = 0
    for _, e, n in run:
        total += n
        if total >= policy.open:
            return e


def grown(start, p, active, policy):
    far, rest = start, 0
    for k in range(1, int(policy.reach_s / SLOT_S)):
        t = start - k
        if t < 0:
            break
        if p[t, ANY_OUT] >= policy.faint or (active[t] and k <= policy.grow_s / SLOT_S):
            far, rest = t, 0
        else:
            rest += 1
            if rest >= REST:
                break
    return far


def regions(channels, policy):
    """[(posteriors [slots, 14], active [slots], log power [slots])] per channel -> [(channel, start, end)] in slots"""
    spans = [(c, run[0][0], run[-1][1], opening(run, policy)) for c, (p, _, loud) in enumerate(channels) for run in runs(p, loud, policy)]
    cards = [(opened - EARLY_S / SLOT_S, e + AFTER_S / SLOT_S) for _, _, e, opened in spans if opened is not None]
    return [(c, max(0, grown(s, *channels[c][:2], policy) - BEFORE), min(len(channels[c][0]), e + BEHIND))
            for c, s, e, opened in spans if opened is not None or any(a <= s <= b for a, b in cards)]
