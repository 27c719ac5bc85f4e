"""The works of the peers on the first messages of the reference session."""

from collections.abc import Callable

import msgspec
import pytest

from mainspring_perf.peers.inputs import Inputs
from mainspring_perf.peers.race import Outcome, Row
from mainspring_perf.peers.works import WORKS, Given, Made
from mainspring_perf.sessions import sessions

Prepare = Callable[[str], tuple[Inputs, Made]]


@pytest.fixture(scope="session")
def given() -> Given:
    """2,000 messages of the reference session, seed 1."""
    _, plan, messages = sessions(tiny=True)[0]
    return Given(messages=messages, instrument=plan.instruments[0], fast=True)


@pytest.fixture(scope="session")
def prepare(given: Given, tmp_path_factory: pytest.TempPathFactory) -> Prepare:
    """Makes the inputs of a work, once each."""
    made: dict[str, tuple[Inputs, Made]] = {}

    def ready(name: str) -> tuple[Inputs, Made]:
        if name not in made:
            inputs = Inputs(tmp_path_factory.mktemp(name))
            inputs.write("instrument", msgspec.to_builtins(given.instrument))
            (work,) = (work for work in WORKS if work.name == name)
            made[name] = inputs, work.make(inputs, given)
        return made[name]

    return ready


@pytest.fixture
def outcomes() -> list[Outcome]:
    """Two works: in the one a peer is faster, in the other one couldn't be run."""
    ours = Row(
        peer="Mainspring", way="a <fast> part", versions="mainspring 0.1.0", one_ns=100.0, ratio=1.0, verdict="ours"
    )
    faster = Row(peer="rival & sons", way="their part", versions="rival 2.0", one_ns=40.0, ratio=2.5, verdict="faster")
    slower = Row(
        peer="tortoise", way="slowly", versions="tortoise 1.0", one_ns=123_456.0, ratio=0.00081, verdict="slower"
    )
    even = Row(peer="twin", way="alike", versions="twin 1.0", one_ns=101.0, ratio=0.99, verdict="even")
    absent = Row(peer="absentee", way="its way", versions="", reason="needs a | or two")
    shared = {"session": "reference session", "rounds": 3}
    return [
        Outcome(
            work="one",
            title="One work",
            operation="level",
            input="1 level",
            rows=(faster, ours, even, slower),
            **shared,
        ),
        Outcome(work="two", title="Another work", operation="order", input="2 orders", rows=(ours, absent), **shared),
    ]
