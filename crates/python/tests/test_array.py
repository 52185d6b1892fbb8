"""Arrays are scrubbed in place, as files of them are, and nothing else of them is touched."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from pathlib import Path
from typing import Any, Callable

import cardhush
import numpy as np
import pytest
from calls import CALL, CHANNELS, RATE_HZ, linear, samples, samples_of, wav

PCM, FLOAT, ALAW, ULAW = 1, 3, 6, 7


def of_kind(kind: str) -> np.ndarray[Any, Any]:
    if kind == "ulaw":
        return samples()
    if kind == "alaw":
        # Any bytes are A-law; these are the call's levels, near enough: sign and magnitude have the same places.
        return (~samples() & 0xFF) ^ 0xD5
    scale = {"int16": 1, "int32": 1 << 16, "float32": 1 / 32_768, "float64": 1 / 32_768}[kind]
    return (linear() * np.array(scale, dtype=kind)).astype(kind)


KINDS = {"ulaw": ULAW, "alaw": ALAW, "int16": PCM, "int32": PCM, "float32": FLOAT, "float64": FLOAT}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", [{}, {"fill": "silence", "channels": "own"}, {"spoken": "off", "masks": ["*:0.5-0.75"]}, {"keyed": False}])
def test_an_array_is_scrubbed_as_a_file_of_it(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    before = of_kind(kind)
    path = wav(tmp_path / "call.wav", before, KINDS[kind])
    report = cardhush.scrub_file(path, tmp_path / "scrubbed.wav", **settings)
    after = before.copy()
    spans = cardhush.scrub_array(after, RATE_HZ, coding=kind if after.dtype == np.uint8 else None, **settings)  # type: ignore[arg-type]
    assert spans == report.spans and len(spans) >= 3
    assert wav(tmp_path / "array.wav", after, KINDS[kind]).read_bytes() == (tmp_path / "scrubbed.wav").read_bytes()


def test_the_shipped_call_is_what_it_is_outside_of_the_spans(tmp_path: Path) -> None:
    before, after = samples(), samples()
    spans = cardhush.scrub_array(after, RATE_HZ, coding="ulaw")
    planned = np.zeros(before.shape, dtype=bool)
    for span in spans:
        planned[span.start : span.end, span.channel] = True
        assert (before[span.start : span.end, span.channel] != after[span.start : span.end, span.channel]).mean() > 0.5
    assert (before == after)[~planned].all() and 0.2 < planned.mean() < 0.6
    cardhush.scrub_file(CALL, tmp_path / "out.wav")
    assert (samples_of(tmp_path / "out.wav") == after).all()
    assert {span.cause for span in spans} >= {"keyed", "spoken", "linked"}
    # What was scrubbed is clean.
    assert cardhush.scan_file(tmp_path / "out.wav").outcome == "nothing_found"


def test_one_channel_is_an_array_of_one_dimension_or_of_one_column() -> None:
    flat = np.ascontiguousarray(samples()[:, 1])
    column = flat.copy().reshape(-1, 1)
    assert cardhush.scrub_array(flat, RATE_HZ, coding="ulaw") == cardhush.scrub_array(column, RATE_HZ, coding="ulaw") != []
    assert (flat == column[:, 0]).all()
    assert cardhush.scrub_array(np.zeros((0, CHANNELS), dtype=np.int16), RATE_HZ) == []


def frozen() -> np.ndarray[Any, Any]:
    array = np.zeros(800, dtype=np.int16)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("array", "given", "words"),
    [
        (np.zeros(800, dtype=np.int64), {}, "samples of type int64: must be int16, int32"),
        (np.zeros(800, dtype=np.uint16), {}, "samples of type uint16: must be int16"),
        (np.zeros(800, dtype=">i2"), {}, "must be little-endian"),
        (np.zeros(800, dtype=np.uint8), {}, 'say what they are with coding="ulaw" or "alaw"'),
        (np.zeros(800, dtype=np.uint8), {"coding": "u8"}, 'coding="u8": must be ulaw or alaw'),
        (np.zeros(800, dtype=np.int16), {"coding": "ulaw"}, 'coding="ulaw" of samples of type int16'),
        (np.zeros((8, 8, 8), dtype=np.int16), {}, "samples of 3 dimensions: must be 1"),
        (np.zeros((), dtype=np.int16), {}, "samples of 0 dimensions: must be 1"),
        (np.zeros((800, 9), dtype=np.int16), {}, "samples of 9 channels: must be 1 to 8"),
        (np.zeros((2, 800), dtype=np.int16), {}, r"samples of 800 channels: must be 1 to 8; is it \(channels, frames\)"),
        (np.zeros((800, 0), dtype=np.int16), {}, "samples of 0 channels: must be 1 to 8"),
        (np.zeros((2, 800), dtype=np.int16).T, {}, "must be C-contiguous"),
        (np.zeros(800, dtype=np.int16)[::2], {}, "must be C-contiguous"),
        (frozen(), {}, "not writeable"),
        (np.zeros(800, dtype=np.int16), {"rate_hz": 7_999}, "7999 Hz: must be 8000 to 192000 Hz"),
        (np.zeros(800, dtype=np.int16), {"rate_hz": 192_001}, "192001 Hz: must be 8000 to 192000 Hz"),
        (np.zeros(800, dtype=np.int16), {"rate_hz": -1}, "-1 Hz: must be 8000 to 192000 Hz"),
        (np.zeros(800, dtype=np.int16), {"rate_hz": 2**70}, "1180591620717411303424 Hz: must be 8000 to 192000 Hz"),
        (np.zeros(800, dtype=np.int16), {"fill": "noise"}, 'fill="noise": must be comfort-noise, silence or marker'),
        (np.zeros(800, dtype=np.int16), {"spoken": "auto"}, 'spoken="auto": must be card, digits, armed or off'),
        (np.zeros(800, dtype=np.int16), {"channels": "both"}, 'channels="both": must be linked or own'),
        (np.zeros(800, dtype=np.int16), {"masks": ["0:1"]}, "masks: mask `0:1`: must be CH:FROM-TO"),
        (np.zeros(800, dtype=np.int16), {"masks": ["1:@1-@2"]}, "channel 1: the call has 1"),
        (np.zeros(800, dtype=np.int16), {"spoken": "off", "keyed": False}, "nothing to look for"),
        (np.zeros(800, dtype=np.int16), {"spoken": "armed"}, "nothing would be masked"),
        (np.zeros(800, dtype=np.int16), {"spoken": "off", "armed": ["1-2"]}, "arms nothing"),
    ],
)
def test_mistakes_are_told_with_their_limits(array: Any, given: dict[str, Any], words: str) -> None:
    before = array.copy()
    with pytest.raises(ValueError, match=words):
        cardhush.scrub_array(array, **{"rate_hz": RATE_HZ, **given})
    assert (array == before).all()


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_floats_that_are_no_audio_are_not_told_to_be_clean(kind: str) -> None:
    whole = of_kind(kind)
    assert cardhush.scrub_array(whole.copy(), RATE_HZ)
    # Of the scale of integers nothing was found: every key was over full scale.
    as_integers = whole * np.array(32_768, dtype=kind)
    # The last sample of all is looked at too.
    odd = [np.concatenate([whole, np.full((1, CHANNELS), value, dtype=kind)]) for value in (np.nan, np.inf, -np.inf, 4.001, -4.001)]
    for array, words in [(as_integers, "over 4.0 in magnitude: full scale is 1.0"), *zip(odd, 3 * ["not finite: must be from -4.0 to 4.0"] + 2 * ["over 4.0"])]:
        before = array.copy()
        with pytest.raises(ValueError, match=words):
            cardhush.scrub_array(array, RATE_HZ)
        assert np.array_equal(array, before, equal_nan=True)
    assert cardhush.scrub_array(np.full((800, 1), 4, dtype=kind), RATE_HZ) == []


def test_sixteen_bits_in_thirty_two_are_not_told_to_be_clean() -> None:
    low = linear().astype(np.int32)
    before = low.copy()
    with pytest.raises(ValueError, match=r"none is over 2\*\*15 in magnitude.*samples << 16.*int16"):
        cardhush.scrub_array(low, RATE_HZ)
    assert (low == before).all()
    # As the message says, both come to the same.
    assert cardhush.scrub_array(low << 16, RATE_HZ) == cardhush.scrub_array(low.astype(np.int16), RATE_HZ) != []
    # Silence has no scale, and one sample that 16 bits do not hold says that there are more.
    for last in (0, 1 << 15, -(1 << 15) - 1):
        quiet = np.zeros((8_000, 1), dtype=np.int32)
        quiet[-1] = last
        assert cardhush.scrub_array(quiet, RATE_HZ) == []


class Copies(np.ndarray):  # type: ignore[type-arg]
    """An array whose views are copies: what is written to them is not written to it."""

    def reshape(self, *shape: Any, **given: Any) -> Any:
        return np.asarray(self).copy().reshape(*shape, **given)

    def view(self, *given: Any, **named: Any) -> Any:
        return np.asarray(self).copy().view(*given, **named)


def test_what_is_not_its_memory_alone_is_refused(tmp_path: Path) -> None:
    call = linear()
    for array, name in [(call.copy().view(Copies), "Copies"), (np.ma.masked_array(call.copy()), "MaskedArray"), (np.asmatrix(call.copy()), "matrix")]:
        with pytest.raises(TypeError, match=rf"a numpy.ndarray or numpy.memmap is needed, not [\w.]*{name}: pass the array that it holds"):
            cardhush.scrub_array(array, RATE_HZ)
        assert (np.asarray(array) == call).all()
    mapped = np.memmap(tmp_path / "samples", dtype=np.int16, mode="w+", shape=call.shape)
    mapped[:] = call
    # Whatever an object calls its own.
    for name in ("reshape", "view"):
        setattr(mapped, name, lambda *_: np.zeros(call.nbytes, dtype=np.uint8))
    assert cardhush.scrub_array(mapped, RATE_HZ) == cardhush.scrub_array(plain := call.copy(), RATE_HZ)
    mapped.flush()
    written = np.fromfile(tmp_path / "samples", dtype=np.int16).reshape(call.shape)
    assert (written == plain).all() and (written != call).any()


@pytest.mark.parametrize("found", [True, False])
def test_an_array_that_changes_meanwhile_is_an_error(found: bool) -> None:
    call = np.concatenate([samples()] * 16) if found else np.full((RATE_HZ * 600, CHANNELS), 0xFF, dtype=np.uint8)
    raised: list[BaseException] = []

    def scrub() -> None:
        try:
            cardhush.scrub_array(call, RATE_HZ, coding="ulaw")
        except cardhush.Error as error:
            raised.append(error)

    before = call.copy()
    worker = threading.Thread(target=scrub)
    worker.start()
    # Whenever it is copied, it is another one soon.
    writes = 0
    while worker.is_alive():
        writes += 1
        call[-4:, 0] = np.frombuffer(writes.to_bytes(4, "little"), dtype=np.uint8)
        time.sleep(0.001)
    worker.join()
    assert [str(error) for error in raised] == ["samples: changed meanwhile: what they are now was not looked at, and nothing was written"]
    assert writes > 1 and (call[:-4] == before[:-4]).all()


def test_what_is_no_argument_is_a_type_error() -> None:
    scrub: Any = cardhush.scrub_array
    array = np.zeros(800, dtype=np.int16)
    for mistake, words in [
        (lambda: scrub([1, 2], RATE_HZ), "a numpy array is needed, not list"),
        (lambda: scrub(array, 8_000.5), "rate_hz"),
        (lambda: scrub(array, RATE_HZ, kyed=True), "unexpected keyword argument `kyed`"),
        (lambda: scrub(array, RATE_HZ, masks="*:0-1"), "masks: a list of texts is needed, not str"),
        (lambda: scrub(array, RATE_HZ, keyed="yes"), "keyed: True or False is needed, not str"),
    ]:
        with pytest.raises(TypeError, match=words):
            mistake()


@pytest.mark.skipif(os.environ.get("CARDHUSH_TIMED") != "1", reason="times: CARDHUSH_TIMED=1, on a machine with two processors to spare")
def test_two_threads_are_faster_than_one_after_the_other() -> None:
    calls = [np.concatenate([samples()] * 8) for _ in range(2)]

    def scrub(call: Any) -> None:
        cardhush.scrub_array(call.copy(), RATE_HZ, coding="ulaw")

    def serial() -> None:
        for call in calls:
            scrub(call)

    def together() -> None:
        threads = [threading.Thread(target=scrub, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def seconds(work: Callable[[], None]) -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    serial()
    ratios = []
    # Others may use the machine for a while: not all the time.
    until = time.monotonic() + 240
    while time.monotonic() < until:
        rounds = [(seconds(together), seconds(serial)) for _ in range(3)]
        ratios.append(statistics.median(one for one, _ in rounds) / statistics.median(other for _, other in rounds))
        print(f"two threads take {ratios[-1]:.2f} of the time that one takes")
        if ratios[-1] < 0.8:
            return
        time.sleep(5)
    pytest.fail(f"two threads took {ratios} of the time that one took")


def test_another_thread_runs_meanwhile() -> None:
    ticks, done = 0, threading.Event()

    def work() -> None:
        cardhush.scrub_array(np.concatenate([samples()] * 16), RATE_HZ, coding="ulaw")
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.wait(0.005):
        ticks += 1
    worker.join()
    assert ticks > 20, "the interpreter was held"


def test_an_interrupt_is_heard_and_leaves_the_array_as_it_was() -> None:
    call = np.concatenate([samples()] * 40)
    before = call.copy()
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        cardhush.scrub_array(call, RATE_HZ, coding="ulaw")
        time.sleep(1)
    assert time.perf_counter() - begun < 2.5
    assert (call == before).all()
