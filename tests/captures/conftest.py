"""The recorded sessions, where they are, and what runs them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mainspring.data.capture import read_capture
from mainspring.data.verify import VerifyReport, verify
from mainspring.seams import FeedContext, RawMessage
from mainspring.wire import WireFeed
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_coinm import BINANCE_COINM
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

_RECORDED = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
_FEEDS = {"spot": BINANCE_SPOT, "usdm": BINANCE_USDM, "cm": BINANCE_COINM}


class Session(NamedTuple):
    """A recorded session, of one or more files."""

    declared: WireFeed
    files: tuple[Path, ...]

    def messages(self) -> Iterator[RawMessage]:
        for file in self.files:
            yield from read_capture(file)


@pytest.fixture
def recorded() -> Callable[..., Session]:
    """The recorded session of these files, below ../shared/data/binance."""

    def find(*names: str) -> Session:
        absent = [name for name in names if not (_RECORDED / name).is_file()]
        if absent:
            pytest.skip(f"captures absent: {', '.join(absent)}")
        return Session(_FEEDS[names[0].partition("/")[0]], tuple(_RECORDED / name for name in names))

    return find


@pytest.fixture
def verified() -> Callable[[WireFeed, Iterable[RawMessage]], VerifyReport]:
    """Verifies a stream, on the grids found in it."""

    def run(declared: WireFeed, messages: Iterable[RawMessage]) -> VerifyReport:
        messages, codec = list(messages), OrjsonCodec()
        instruments = declared.find_instruments(messages, codec)
        feed = declared(FeedContext(instruments, codec))
        return verify(messages, feed, [BisectListBook(one) for one in instruments], instruments)

    return run
