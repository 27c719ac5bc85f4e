"""What is counted of a feed's messages."""

import pytest

from mainspring.session.totals import SessionTotals

_TIMES = ([3, 4, 4, 2, 9, 8], [0, 0, 5], [7])


@pytest.mark.parametrize("times", _TIMES)
def test_messages_that_are_counted_alone_come_to_the_same(times):
    """As in a live session: first and last time, and where the clock first went back."""
    messages = [(time_ns, b"") for time_ns in times]
    together, alone = SessionTotals(), SessionTotals()
    together.count(messages, 0, len(messages))
    for at in range(len(messages)):
        alone.count(messages, at, at + 1)
    assert alone == together
