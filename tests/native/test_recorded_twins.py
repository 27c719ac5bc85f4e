"""Recorded sessions that trade in fused runs: to the last byte and figure what the plain lane does."""

from itertools import islice

import pytest

from mainspring.data import find_capture, find_entry
from mainspring_tools.twins.lanes import generated_messages
from mainspring_tools.twins.sessions import SessionTwins

_SIZES = {"btcusdt-spot": "0.01", "btcusdt-usdm": "0.01", "btcusd-perp-coinm": "1"}
_MESSAGES = 4_000


@pytest.mark.parametrize("capture", sorted(_SIZES))
def test_recorded_sessions_are_traded_alike(capture: str) -> None:
    """The same on what venues sent: spot, linear contracts, and inverse ones, whose money is in base currency."""
    if find_capture(find_entry(capture)) is None:
        pytest.skip(f"the capture {capture} isn't here: mainspring data get {capture}")
    text = f"""
feed = {{ plugin = "auto", capture = "{capture}" }}
router = {{ maker_fee_bps = "-0.5", taker_fee_bps = 5 }}
latency = {{ plugin = "constant", request_us = 250 }}
[strategy.one]
plugin = "chaos"
size = {_SIZES[capture]}
[risk]
max_order_size = 5_000
max_order_notional = 100_000_000
max_position = 10_000
max_book_age_ms = 2_000
collar_bps = 100
"""
    twins = SessionTwins(text, "book-walk", 5, chunk=512)
    twins.run(list(islice(generated_messages(text), _MESSAGES)))
    assert twins.counts["records"] > 300
    assert twins.counts["Fill"] > 20
