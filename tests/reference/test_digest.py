"""The same seed gives the same bytes, here and everywhere; another seed, other ones."""

import os
import subprocess
import sys
from itertools import islice

import pytest

from mainspring_plugins.simulated_market import SimulatedFaults, SimulatedOptions, market_messages, recipe_digest

# Made on x86-64 with CPython 3.11. A change here means other bytes for everybody: raise GENERATOR_VERSION with it.
DEFAULT_MESSAGES = 42_006
DEFAULT_DIGEST = "80a9ef635ca4676b0d9876253ac52e34e5b26035d5fbf6c553cddd7e15588b20"
SHORT_DIGEST = "4037f8ec7edbbf31c7156e443935b689f64e7de79d4ff5165b8bce3ca6b9baf2"


def test_the_reference_session_is_the_recorded_one(btc, digest):
    messages = list(market_messages((btc,), SimulatedOptions()))
    assert len(messages) == DEFAULT_MESSAGES
    assert digest(messages) == DEFAULT_DIGEST


def test_its_first_5000_messages_are_the_recorded_ones_in_a_process_of_its_own(digest):
    program = (
        "import hashlib\n"
        "from mainspring_plugins.feeds.simulated import SimulatedFeed\n"
        "from mainspring_plugins.simulated_market import SimulatedOptions\n"
        "feed = SimulatedFeed()\n"
        "sha = hashlib.sha256()\n"
        "for time_ns, raw in feed.source((feed.describe('BTC/USDT'),), SimulatedOptions(messages=5000)):\n"
        "    sha.update(b'%d %b\\n' % (time_ns, raw))\n"
        "print(sha.hexdigest())\n"
    )
    for hash_seed in ("0", "4711"):
        run = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == SHORT_DIGEST


def test_two_runs_side_by_side_give_the_same_bytes(btc, eth):
    options = SimulatedOptions(seed=7, messages=3_000)
    first, second = market_messages((btc, eth), options), market_messages((btc, eth), options)
    assert all(one == other for one, other in zip(first, second, strict=True))


def test_another_seed_gives_another_market(btc):
    first = list(market_messages((btc,), SimulatedOptions(seed=1, messages=100)))
    second = list(market_messages((btc,), SimulatedOptions(seed=2, messages=100)))
    assert first != second


def test_a_shorter_session_is_the_start_of_a_longer_one(btc):
    short = list(market_messages((btc,), SimulatedOptions(seconds=5)))
    longer = list(islice(market_messages((btc,), SimulatedOptions(seconds=10)), len(short)))
    assert short == longer


@pytest.mark.parametrize(
    "other",
    [
        SimulatedOptions(seed=2),
        SimulatedOptions(seconds=60),
        SimulatedOptions(messages=5),
        SimulatedOptions(rate=2.0),
        SimulatedOptions(start_ns=0),
        SimulatedOptions(open_prices={"BTC/USDT": "50000"}),
        SimulatedOptions(faults=SimulatedFaults(drop=0.1)),
    ],
)
def test_every_option_has_its_part_in_the_recipe(btc, other):
    assert recipe_digest((btc,), SimulatedOptions()) == recipe_digest((btc,), SimulatedOptions())
    assert recipe_digest((btc,), other) != recipe_digest((btc,), SimulatedOptions())


def test_the_instruments_have_their_part_in_the_recipe(btc, eth):
    recipes = {recipe_digest(chosen, SimulatedOptions()) for chosen in ((btc,), (eth,), (btc, eth), (eth, btc))}
    assert len(recipes) == 4
