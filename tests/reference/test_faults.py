"""Each fault does to the messages what it says, to as many as it says, and leaves the rest alone."""

from itertools import pairwise

import msgspec
import orjson
import pytest

from mainspring_plugins.simulated_market import SimulatedFaults, SimulatedOptions, market_messages

SECONDS = 60


@pytest.fixture(scope="module")
def clean(btc):
    return list(market_messages((btc,), SimulatedOptions(seconds=SECONDS)))


@pytest.fixture(scope="module")
def depths(clean):
    return [raw for _, raw in clean if b"@depth@" in raw]


def faulty(btc, **faults):
    return list(market_messages((btc,), SimulatedOptions(seconds=SECONDS, faults=SimulatedFaults(**faults))))


def test_drop_loses_depth_messages_only(btc, clean, depths):
    messages = faulty(btc, drop=0.1)
    lost = len(clean) - len(messages)
    assert 0.05 < lost / len(depths) < 0.15
    kept = set(messages)
    assert [message for message in clean if message in kept] == messages
    assert all(b"@depth@" in raw for _, raw in set(clean) - kept)


def test_duplicate_sends_depth_messages_twice(btc, clean, depths):
    raws = [raw for _, raw in faulty(btc, duplicate=0.1)]
    twice = [raw for raw, following in pairwise(raws) if raw == following]
    assert 0.05 < len(twice) / len(depths) < 0.15
    assert len(raws) == len(clean) + len(twice)


def test_reorder_sends_a_depth_message_after_the_next(btc, clean, depths):
    messages = faulty(btc, reorder=0.1)
    ids = [orjson.loads(raw)["data"]["u"] for _, raw in messages if b"@depth@" in raw]
    backwards = sum(later < earlier for earlier, later in pairwise(ids))
    assert 0.05 < backwards / len(depths) < 0.15
    assert sorted(raw for _, raw in messages) == sorted(raw for _, raw in clean)
    assert [received_ns for received_ns, _ in messages] == sorted(received_ns for received_ns, _ in messages)


def test_stale_sends_a_depth_message_again_much_later(btc, clean, depths):
    messages = faulty(btc, stale=0.05)
    first: dict[bytes, int] = {}
    again = []
    for received_ns, raw in messages:
        if b"@depth@" in raw and raw in first:
            again.append(received_ns - first[raw])
        first.setdefault(raw, received_ns)
    assert 0.02 < len(again) / len(depths) < 0.08
    assert len(messages) == len(clean) + len(again)
    assert all(3e9 <= late_ns < 5e9 for late_ns in again)


def test_truncate_leaves_no_json(btc, clean, depths):
    broken = 0
    for (_, raw), (_, whole) in zip(faulty(btc, truncate=0.1), clean, strict=True):
        if raw != whole:
            broken += 1
            assert whole.startswith(raw)
            assert raw
            with pytest.raises(orjson.JSONDecodeError):
                orjson.loads(raw)
    assert 0.05 < broken / len(depths) < 0.15


def test_off_tick_puts_one_price_between_two_ticks(btc, clean, depths):
    broken = 0
    for (_, raw), (_, whole) in zip(faulty(btc, off_tick=0.1), clean, strict=True):
        if raw != whole:
            broken += 1
            reported, true = (
                [price for side in "ba" for price, _ in orjson.loads(text)["data"][side]] for text in (raw, whole)
            )
            assert [(one, other) for one, other in zip(reported, true, strict=True) if one != other] == [
                (true[0] + "1", true[0])
            ]
    assert 0.05 < broken / len(depths) < 0.15


def test_silence_cuts_the_line_for_as_long_as_it_says(btc, clean):
    start_ns = SimulatedOptions().start_ns
    messages = faulty(btc, silent_from_ms=20_000, silent_ms=5_000)
    lost = set(clean) - set(messages)
    assert lost == {message for message in clean if 20e9 <= message[0] - start_ns < 25e9}
    assert lost


def test_faults_come_together_and_are_seeded(btc):
    faults = {"drop": 0.02, "duplicate": 0.02, "reorder": 0.02, "stale": 0.02, "truncate": 0.02, "off_tick": 0.02}
    assert faulty(btc, **faults) == faulty(btc, **faults)


def test_impossible_options_are_refused():
    with pytest.raises(ValueError, match="drop is a chance"):
        SimulatedFaults(drop=1.5)
    with pytest.raises(ValueError, match="silent"):
        SimulatedFaults(silent_ms=-1)
    with pytest.raises(ValueError, match="rate"):
        SimulatedOptions(rate=0)
    with pytest.raises(ValueError, match="seconds"):
        SimulatedOptions(seconds=0)
    with pytest.raises(msgspec.ValidationError, match="drap"):
        msgspec.convert({"faults": {"drap": 0.1}}, SimulatedOptions)
