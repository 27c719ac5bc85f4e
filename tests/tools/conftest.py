"""Outcomes of a made-up run of peers."""

from typing import Any

import pytest

from mainspring_perf.peers.race import Outcome, Row


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
    shared: dict[str, Any] = {"session": "reference session", "rounds": 3}
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
