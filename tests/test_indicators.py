"""Indicators of talipp and TA-Lib behind one interface."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from mainspring import indicators
from mainspring.errors import ConfigError
from mainspring.indicators import adapt
from mainspring.model import Bar
from mainspring.testing import FakeSession

talipp = pytest.importorskip("talipp.indicators", reason="talipp isn't installed: mainspring[indicators]")

_RANDOM = Random(11)
VALUES = [100 + _RANDOM.gauss(0, 1) for _ in range(1_500)]


def bar(number: int) -> Bar:
    return Bar(0, 0, 0, 100 + number, 110 + number % 7, 90, 105 + number % 5, 1_000, 3, 0.0)


def test_a_value_is_there_once_enough_was_seen() -> None:
    """Before that it's None; decimals and whole numbers are as good as floats."""
    mean = adapt(talipp.SMA(period=3))
    assert mean.value is None
    assert [mean.update(value) for value in (1, Decimal("2.5"), 3.0, 4)] == [
        None,
        None,
        pytest.approx(6.5 / 3),
        9.5 / 3,
    ]
    assert mean.value == 9.5 / 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: talipp.EMA(period=20),
        lambda: talipp.RSI(period=14),
        lambda: talipp.BB(period=20, std_dev_mult=2),
        lambda: talipp.MACD(12, 26, 9),
        lambda: talipp.StdDev(20),
    ],
)
def test_forgetting_old_values_changes_nothing(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """talipp would keep every value; told to forget, it gives what it gives with all of them."""
    monkeypatch.setattr(indicators, "_KEPT", 100)
    whole, adapted = make(), adapt(make())
    for value in VALUES:
        whole.add(value)
        assert adapted.update(value) == whole[-1]
    kept: Any = adapted
    assert len(kept._indicator.input_values) < 200


def test_bars_go_in_as_prices_in_ticks() -> None:
    """An indicator of ranges takes bars."""
    ranges, expected = adapt(talipp.ATR(period=5)), talipp.ATR(period=5)
    from talipp.ohlcv import OHLCV

    for number in range(20):
        one = bar(number)
        expected.add(OHLCV(one.open_ticks, one.high_ticks, one.low_ticks, one.close_ticks, one.volume_lots))
        assert ranges.update(one) == expected[-1]


def test_a_session_adapts_indicators() -> None:
    """`session.indicator` is the way to it."""
    session = FakeSession().session
    assert session.indicator(talipp.SMA(period=1)).update(5) == 5


@pytest.mark.parametrize(
    ("wrong", "text"),
    [(talipp.SMA, "needs an indicator that was made"), (5, "a int is of neither. To get some, install talipp")],
)
def test_what_is_no_indicator_is_refused(wrong: Any, text: str) -> None:
    """The error says what to pass, or what to install."""
    with pytest.raises(ConfigError, match=text):
        adapt(wrong)


def test_functions_of_ta_lib() -> None:
    """TA-Lib computes over the last values: what it gives over all of them, by name if there are several results."""
    talib = pytest.importorskip("talib", reason="TA-Lib isn't installed")
    abstract = pytest.importorskip("talib.abstract")
    import numpy as np

    strength, averages = adapt(abstract.Function("RSI", timeperiod=14)), adapt(abstract.Function("MACD"))
    for value in VALUES:
        strength.update(value)
        averages.update(value)
    whole = np.array(VALUES)
    assert strength.value == pytest.approx(talib.RSI(whole, 14)[-1], rel=1e-9)
    expected = dict(zip(("macd", "macdsignal", "macdhist"), (line[-1] for line in talib.MACD(whole)), strict=True))
    assert averages.value == pytest.approx(expected, rel=1e-9)
    ranges = adapt(abstract.Function("ATR", timeperiod=5))
    found = [ranges.update(bar(number)) for number in range(20)]
    assert found[:5] == [None] * 5
    assert all(isinstance(value, float) for value in found[5:])
