"""Three generated markets that trade, and their reports without what differs from lane to lane."""

from pathlib import Path

import msgspec

from mainspring.host.config import parse_config
from mainspring.host.session_planning import make_session

TRADING = """
[router]
plugin = "paper"
[latency]
plugin = "distribution"
request_us = 250
request_jitter_us = 300
response_us = 200
response_jitter_us = 100
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[strategy.trend]
plugin = "momentum"
size = 0.01
[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1.0
collar_bps = 50
max_book_age_ms = 2_000
"""
GENERATED = """
hardware.pin = "off"
[feeds.a]
plugin = "simulated"
seed = 11
seconds = 25
instruments = ["BTC/USDT"]
[feeds.b]
plugin = "simulated"
seed = 12
seconds = 25
instruments = ["ETH/USDT", "BTC/USDT"]
[feeds.c]
plugin = "simulated"
seed = 13
seconds = 25
instruments = ["SOL/USDT"]
"""


def plan(registry, text, *overrides):
    return make_session(parse_config(text + TRADING, "s.toml", Path(), overrides), registry)


def without_ids(instruments):
    """Instruments without what is their lane's: client order ids, and markouts up to the lane's last message."""
    return [
        msgspec.structs.replace(
            one,
            open_orders=[msgspec.structs.replace(order, client_order_id="") for order in one.open_orders],
            markouts=[],
            slippage=[],
            fill_samples=[
                msgspec.structs.replace(fill, markouts_bps=[], realised_bps=None) for fill in one.fill_samples
            ],
        )
        for one in instruments
    ]
