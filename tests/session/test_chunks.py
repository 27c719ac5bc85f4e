"""How many messages a lane takes at a time changes how fast it runs, and nothing else."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.report import without_timing
from mainspring.session import run_session

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
SPOT = CAPTURES / "spot/btcusdt_20240808.gz"
SHORT = "feed.seconds=12"
NATIVE = ("decoder.plugin=native", "book.plugin=btree")


def outcome(registry, *overrides):
    """All of a session's report but its times and what filled its slots."""
    report = run_session(make_session(load_config(None, overrides), registry), registry)
    return msgspec.structs.replace(without_timing(report), slots=[])


@pytest.fixture(scope="module", params=[(), NATIVE], ids=["plain", "fused"])
def parts(request, registry):
    """Overrides for a lane that runs each message by itself, and for one that runs feed and book as one."""
    if request.param and "native" not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    return request.param


@pytest.fixture(scope="module")
def expected(parts, registry):
    return outcome(registry, SHORT, *parts)


def test_any_chunk_gives_the_same_session(parts, registry, expected):
    """The same orders, digest of the order log, books and samples for chunks of one message to more than all."""
    assert expected.order_log_records
    assert expected.instruments[0].book.bid

    @given(st.integers(1, 65_536) | st.integers(1, 64))
    @example(1)
    @example(65_536)
    @settings(max_examples=8, deadline=None, derandomize=True, database=None)
    def same(chunk):
        assert outcome(registry, SHORT, f"session.chunk={chunk}", *parts) == expected

    same()


@pytest.mark.parametrize("messages", [10_000, pytest.param(41_249, marks=pytest.mark.gate)])
def test_a_recorded_session_is_the_same_in_any_chunk(parts, registry, first_messages, messages):
    """The recorded BTC spot market, from bytes to books and order log, in small chunks and in large ones."""
    source = f'feed={{capture="{first_messages(SPOT, messages)}"}}'
    small, large = (outcome(registry, source, f"session.chunk={chunk}", *parts) for chunk in (37, 4_000))
    assert small == large
    assert small.feed.messages == messages
    assert small.order_log_sha256
