"""In which order a driver does effects: an order waits for what it has to wait for, and for nothing else."""

import pytest

from mainspring.errors import PluginError
from mainspring.host.wiring import wire
from mainspring.session.driver import NOT_DURABLE, Driver
from mainspring_perf.parts import plan_of, standing_in
from mainspring_perf.path import Sink, Taker, moving_messages


class _Journal:
    """Takes down what it is asked for."""

    session = 1

    def __init__(self, said, *, waits):
        self.said = said
        self.waits = waits
        self.failed = None

    def write(self, data):
        self.said.append("log")

    def stage(self, entry):
        pass

    def commit(self, positions):
        if self.failed is not None:
            raise self.failed
        self.said.append("commit")
        return 0


class _Router(Sink):
    def __init__(self, said):
        super().__init__()
        self._said = said

    def submit(self, order, now_ns):
        super().submit(order, now_ns)
        self._said.append("order")


class _Log:
    def __init__(self, said):
        self._said = said

    def write(self, data):
        self._said.append("log")


def _driven(said, journal):
    known = ("market.daily_volatility=0.03", "market.daily_volume=20000", "slippage.plugin=square-root")
    router = _Router(said)
    registry = standing_in(strategy=Taker(), router=router)
    driver = Driver(wire(plan_of("python", *known), registry, order_log=journal or _Log(said)), journal=journal)
    driver.on_sent = lambda: said.append("sent")
    setup, moves = moving_messages(1)
    driver.run(setup)
    driver.settle(setup[-1][0])
    said.clear()
    return driver, router, moves


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        (True, ["log", "commit", "order", "sent"]),
        (False, ["order", "sent", "log", "commit"]),
        (None, ["order", "sent", "log"]),
    ],
)
def test_an_order_waits_for_the_journal_only_where_that_is_asked_for(waits, expected):
    """The log and a journal that is written later follow it."""
    said: list[str] = []
    driver, _, moves = _driven(said, None if waits is None else _Journal(said, waits=waits))
    driver.run(moves)
    assert said == expected


def test_no_order_leaves_once_the_journal_has_failed():
    """One that is written later fails later: what is asked for then is refused."""
    said: list[str] = []
    journal = _Journal(said, waits=False)
    driver, router, moves = _driven(said, journal)
    journal.failed = PluginError("mainspring", "the disk is full")
    before = router.taken
    with pytest.raises(PluginError, match="disk is full"):
        driver.run(moves)
    assert router.taken == before
    assert driver.lane.order_manager.quality.refusals == {f"venue: {NOT_DURABLE}": 1}
    assert driver.lane.open_orders == 0
