"""Market data that come later than recorded: in order, in every decoder, and merged by the times at which they come."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring.session.feed_delay import FeedDelay
from mainspring_plugins.strategies.momentum import Momentum

S = 1_000_000_000
MS = 1_000_000

LIMITS = """
[slippage]
plugin = "fixed-bps"
[strategy.one]
plugin = "momentum"
size = 0.01
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 1
collar_bps = 50
max_book_age_ms = 60_000
"""


def test_no_message_overtakes_another() -> None:
    """A slow message holds up the fast ones behind it; chunks make no difference; a clock that ran back is held too."""
    took = {10: 5, 11: 100, 12: 1, 200: 3, 190: 0}
    messages = [(at, str(at).encode()) for at in took]
    expected = [15, 111, 111, 203, 203]
    for size in (1, 2, 5):
        delay = FeedDelay(took.__getitem__)
        delayed = [one for at in range(0, 5, size) for one in delay.delay(messages[at : at + size])]
        assert delayed == [(at, raw) for at, (_, raw) in zip(expected, messages, strict=True)]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """What the strategy saw: the market, the lane's time, and the bid."""
    found: list[tuple[str, int, int]] = []

    def on_bbo(self: Any, market: Any) -> None:
        found.append((market.name, market.now_ns, market.bid_ticks))

    monkeypatch.setattr(Momentum, "on_bbo", on_bbo)
    return found


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> Callable[..., Any]:
    """Runs a session over quotes of Binance spot at 1, 2 and 3 s, from two feeds if the config names them."""
    quote = '{"u":%d,"s":"BTCUSDT","b":"100.0%d","B":"2.01","a":"100.12","A":"1.00"}'
    book = '{"lastUpdateId":1,"bids":[["100.00","2.01"]],"asks":[["100.12","1.00"]]}'
    lines = [f"{S} {book}", *(f"{at * S} {quote % (at + 1, at)}" for at in (1, 2, 3))]
    capture = tmp_path / "quotes.cap"
    capture.write_text("\n".join(lines) + "\n")

    def go(text: str, *overrides: str) -> Any:
        loaded = parse_config(text.replace("CAPTURE", str(capture)) + LIMITS, "s.toml", tmp_path, overrides)
        return run_session(make_session(loaded, registry), registry)

    return go


ONE = 'feed = { plugin = "binance-spot", capture = "CAPTURE" }\ninstruments = ["BTC/USDT"]\n'
TWO = """
[feeds.near]
plugin = "binance-spot"
capture = "CAPTURE"
instruments = ["BTC/USDT"]
[feeds.far]
plugin = "binance-spot"
capture = "CAPTURE"
instruments = ["BTC/USDT"]
latency = { plugin = "constant", feed_us = 1_500_000 }
"""


@pytest.mark.parametrize("chunk", [1, 512])
@pytest.mark.parametrize("decoder", ["python", "native"])
def test_messages_reach_the_lane_later(
    run: Callable[..., Any], registry: Registry, seen: list[tuple[str, int, int]], decoder: str, chunk: int
) -> None:
    """By 250 ms each, and the session ends that much later."""
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    options = (f"decoder.plugin={decoder}", f"session.chunk={chunk}")
    run(ONE, *options)
    plain = seen[:]
    seen.clear()
    report = run(ONE, *options, "latency.feed_us=250_000")
    assert len(plain) >= 3
    assert seen == [(name, now_ns + 250 * MS, bid) for name, now_ns, bid in plain]
    assert report.feed.last_receive_ns == 3 * S + 250 * MS


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_a_feed_of_its_own_latency_is_merged_by_when_it_comes(
    run: Callable[..., Any], registry: Registry, seen: list[tuple[str, int, int]], decoder: str
) -> None:
    """One that is 1.5 s slower is a quote and a half behind, whatever its capture says."""
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    run(TWO, f"decoder.plugin={decoder}")
    times = [(name.partition(":")[0], now_ns) for name, now_ns, _ in seen]
    assert list(dict.fromkeys(times)) == [
        ("near", S),
        ("near", 2 * S),
        ("far", 5 * S // 2),
        ("near", 3 * S),
        ("far", 7 * S // 2),
        ("far", 9 * S // 2),
    ]


def test_a_jitter_is_the_same_each_time(run: Callable[..., Any]) -> None:
    """Delays drawn at random follow from the seed: two runs log the same, and another seed something else."""
    latency = 'latency = { plugin = "distribution", feed_us = 100, feed_jitter_us = 900_000 }\n'
    ends = [run(latency + ONE, f"seed={seed}").feed.last_receive_ns for seed in (1, 1, 2)]
    assert ends[0] == ends[1] != ends[2]
    assert ends[0] > 3 * S


def test_a_wrong_option_of_a_feeds_latency_names_its_key(run: Callable[..., Any]) -> None:
    """The error points into the feed's table."""
    with pytest.raises(ConfigError, match=r"feeds\.far\.latency\.feed_us"):
        run(TWO, "feeds.far.latency.feed_us=-1")
