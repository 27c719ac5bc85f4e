"""One lane over two recorded feeds: the same orders whatever reads them, and however many messages at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
SPOT = CAPTURES / "spot/btcusdt_20240808.gz"
USDM = CAPTURES / "usdm/btcusdt_20240808.gz"
SHORT = 3_000

TEXT = """
[feeds.binance-spot]
plugin = "binance-spot"
instruments = ["BTC/USDT"]
capture = "{spot}"
[feeds.binance-usdm]
plugin = "binance-usdm"
instruments = ["BTC/USDT"]
capture = "{usdm}"
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[market]
warm_up_s = 1
[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1
collar_bps = 50
max_book_age_ms = 2_000
"""

PARTS = [("python", 512), ("python", 1), ("native", 7)]
WHOLE = [("native", 512), ("native", 1), ("native", 7), ("python", 512)]
ALL_PARTS = [*WHOLE, ("python", 1), ("python", 7)]


@pytest.fixture
def run(registry: Registry) -> Callable[..., Any]:
    """Runs a session over two captures."""

    def run(spot: Path, usdm: Path, decoder: str, chunk: int) -> Any:
        if decoder not in registry.offers("decoder"):
            pytest.skip("mainspring-native absent")
        overrides = [f"decoder.plugin={decoder}", f"session.chunk={chunk}"]
        loaded = parse_config(TEXT.format(spot=spot, usdm=usdm), "two.toml", Path(), overrides)
        return run_session(make_session(loaded, registry), registry)

    return run


@pytest.fixture
def captures(first_messages: Callable[..., Path]) -> Callable[[int | None], tuple[Path, Path]]:
    """The two captures, or copies of so many of their first messages."""

    def of(messages: int | None) -> tuple[Path, Path]:
        if messages is None:
            for capture in (SPOT, USDM):
                if not capture.exists():
                    pytest.skip(f"capture absent: binance/{capture.parent.name}/{capture.name}")
            return SPOT, USDM
        return first_messages(SPOT, messages), first_messages(USDM, messages)

    return of


@pytest.mark.parametrize(
    ("messages", "parts"),
    [
        (SHORT, PARTS),
        pytest.param(None, WHOLE, marks=pytest.mark.gate),
        pytest.param(None, ALL_PARTS, marks=[pytest.mark.gate, pytest.mark.weekly]),
    ],
)
def test_any_decoder_and_chunk_gives_the_same_orders(
    run: Callable[..., Any], captures: Callable[..., Any], messages: int | None, parts: list[tuple[str, int]]
) -> None:
    """Twice in a row, in chunks of 1, 7 and 512, with both decoders: the same order log and instruments."""
    spot, usdm = captures(messages)
    reports = [run(spot, usdm, decoder, chunk) for decoder, chunk in [parts[0], *parts]]
    first = reports[0]
    assert first.order_log_records > 100
    assert [instrument.symbol for instrument in first.instruments] == ["binance-spot:BTC/USDT", "binance-usdm:BTC/USDT"]
    assert all(instrument.orders_sent for instrument in first.instruments)
    for report in reports[1:]:
        assert report.order_log_sha256 == first.order_log_sha256
        assert report.instruments == first.instruments
        assert [(feed.messages, feed.by_kind) for feed in report.feeds] == [
            (feed.messages, feed.by_kind) for feed in first.feeds
        ]


GENERATED = """
[feeds.one]
plugin = "simulated"
instruments = ["BTC/USDT"]
seconds = 40
[feeds.two]
plugin = "simulated"
instruments = ["ETH/USDT"]
seconds = 40
seed = 7
[slippage]
plugin = "book-walk"
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1
collar_bps = 500
max_book_age_ms = 2_000
"""


def test_markouts_are_taken_at_their_time_though_another_feed_is_run(registry: Registry) -> None:
    """A run of one feed that ends before a message of its own doesn't measure what the other has yet to say."""
    if "native" not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    reports = []
    for decoder in ("python", "native"):
        loaded = parse_config(GENERATED, "two.toml", Path(), [f"decoder.plugin={decoder}"])
        reports.append(run_session(make_session(loaded, registry), registry))
    assert all(len(instrument.fill_samples) > 50 for instrument in reports[0].instruments)
    assert reports[0].instruments == reports[1].instruments
