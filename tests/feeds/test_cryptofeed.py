"""Sessions of several instruments with the REST snapshots that were really fetched: all bridge, nothing is lost."""

import re
from pathlib import Path

import pytest

from mainspring.data.verify import verify
from mainspring.seams import FeedContext, RawMessage
from mainspring.wire import Cause
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

_SNAPSHOT = re.compile(rb"https?://\S*depth\?symbol=(\w+)\S* -> (\d+\.\d+): (.*)")
_RECEIVED = re.compile(rb"(\d+\.\d+): (.*)")


def _ns(seconds: bytes) -> int:
    whole, _, fraction = seconds.decode().partition(".")
    return int(whole) * 10**9 + int(fraction.ljust(9, "0"))


def _session(streamed: Path, fetched: Path) -> list[RawMessage]:
    """Both files in order of time; a snapshot in an envelope that names its instrument."""
    messages = [(_ns(at), raw) for at, raw in map(_groups(_RECEIVED), _matching(streamed, _RECEIVED))]
    for symbol, at, raw in map(_groups(_SNAPSHOT), _matching(fetched, _SNAPSHOT)):
        messages.append((_ns(at), b'{"stream":"%b@depthSnapshot","data":%b}' % (symbol.lower(), raw)))
    return sorted(messages)


def _matching(path: Path, pattern: re.Pattern[bytes]) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines() if pattern.fullmatch(line)]


def _groups(pattern: re.Pattern[bytes]):
    return lambda line: pattern.fullmatch(line).groups()


@pytest.mark.parametrize(
    ("declared", "name", "deltas"),
    [(BINANCE_SPOT, "BINANCE", 177), (BINANCE_USDM, "BINANCE_FUTURES", 764)],
    ids=["spot", "usdm"],
)
def test_several_instruments(data_file, json_codec, declared, name, deltas):
    """Each of the four books starts from its own snapshot and goes on without a gap; what can be compared matches."""
    messages = _session(data_file(f"cryptofeed/{name}.ws.1.0"), data_file(f"cryptofeed/{name}.http.0.0"))
    instruments = declared.find_instruments(messages, json_codec)
    assert len(instruments) == 4
    feed = declared(FeedContext(instruments, json_codec))
    report = verify(messages, feed, [BisectListBook(one) for one in instruments], instruments)
    assert (report.refused, report.by_kind["delta"], report.by_kind["snapshot"]) == (0, deltas, 4)
    assert report.truths.compared == report.truths.matched > 0
    assert all(one.snapshots == 1 and not (one.gaps or one.crossed) for one in report.instruments)
    assert set(report.by_cause) <= {Cause.PRE_SNAPSHOT, Cause.STALE, Cause.IGNORED}
