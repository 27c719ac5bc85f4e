"""What tests of recovery share: sessions that are journalled in memory."""

from typing import Any

import pytest

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.orders import OrderTracker
from mainspring.session.lane_run import LaneRun
from mainspring_tools.recovery import KeptJournal, make_offer, with_offers

SHORT = (
    "market.warm_up_s=1",
    'strategy.trend={plugin="momentum", size=0.01}',
    'journal.plugin="kept"',
)


@pytest.fixture(scope="session")
def installed() -> Registry:
    """What is installed."""
    return Registry.load()


@pytest.fixture
def journal() -> KeptJournal:
    """Where the sessions of a test are journalled."""
    return KeptJournal()


@pytest.fixture
def registry(installed, journal) -> Registry:
    """The installed plugins, and the journal `kept`."""
    return with_offers(installed, make_offer("journal", "kept", lambda: journal, durable=True))


@pytest.fixture(params=["python", "native"])
def decoder(request, installed) -> str:
    """The override that makes the plain order tracker, or the native one."""
    if request.param not in installed.offers("decoder"):
        pytest.skip("mainspring-native absent")
    return f"decoder.plugin={request.param}"


@pytest.fixture
def make_run(registry):
    """Makes a session's only lane with overrides, ready to run."""

    def make(*overrides: str, registry: Registry = registry, **options: Any) -> LaneRun:
        session = make_session(load_config(None, (*SHORT, *overrides)), registry)
        (lane,) = session.lanes
        return LaneRun(lane, registry, {}, **options)

    return make


@pytest.fixture(params=["python", "native"])
def trackers(request):
    """What makes order trackers."""
    if request.param == "python":
        return OrderTracker
    return pytest.importorskip("mainspring_native._native").OrderTracker
