import copy
from typing import Any

import pytest

from mainspring_perf.peers.contract import BUY, LEVEL, SELL, TRADE, Inputs
from mainspring_perf.peers.venues import VENUES
from mainspring_perf.peers.works import WORKS, agrees

NAMES = [work.name for work in WORKS]


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_agrees_with_itself_and_states_its_input(name: str, prepare: Any) -> None:
    """What is right is right, and a pass has operations, on an input that is said."""
    _, made = prepare(name)
    assert agrees(made.right, made.right) == ""
    assert made.operations > 0
    assert made.input


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_answer_is_found(name: str, prepare: Any) -> None:
    """One value changed in any part of the answer is found, and so is a part too few."""
    _, made = prepare(name)
    for key in made.right:
        assert agrees({key: spoilt(made.right[key])}, made.right).startswith(f"its {key} are")
        if isinstance(made.right[key], list):
            assert agrees({key: made.right[key][:-1]}, made.right).startswith(f"its {key} are")


def spoilt(value: Any) -> Any:
    """The value with its last number or word changed."""
    if isinstance(value, list | tuple):
        changed = list(copy.deepcopy(value))
        changed[-1] = spoilt(changed[-1])
        return changed
    return value * (1 + 1e-6) if isinstance(value, float) else value + 1 if isinstance(value, int) else f"{value}?"


def test_a_venues_work_names_its_own_recording() -> None:
    """Each work of a venue is of a session of that venue; all others are of the session that they are given."""
    sessions = {work.name: work.session for work in WORKS if work.session}
    assert sessions.keys() == {venue.work for venue in VENUES}
    for venue in VENUES:
        assert venue.title in sessions[venue.work]
        assert venue.files[0] in sessions[venue.work]


def test_an_empty_answer_is_wrong() -> None:
    """An answer of nothing, or of something that wasn't asked for, isn't right by having nothing wrong in it."""
    assert agrees({}, {"callbacks": 1}) == "it answers nothing, where callbacks are asked for"
    assert agrees({"other": 1}, {"callbacks": 1}) == "it answers other, where callbacks are asked for"


def test_deltas_are_the_levels_of_a_message(tmp_path: Any) -> None:
    """Levels are gathered up to the end of their message; a message of trades alone makes no delta."""
    inputs = Inputs(tmp_path)
    events = [
        (1, 100, 5, LEVEL, BUY, 0),
        (1, 101, 6, LEVEL, SELL, 1),
        (2, 101, 1, TRADE, BUY, 1),
        (-3, 2**62, 0, LEVEL, SELL, 1),
    ]
    inputs.write_events(events)
    assert inputs.events() == events
    assert inputs.deltas() == [([(100, 5)], [(101, 6)]), ([], [(2**62, 0)])]


def test_messages_come_back_as_they_were(tmp_path: Any) -> None:
    """Raw messages keep their spaces and their times."""
    inputs = Inputs(tmp_path)
    messages = [(1, b'{"a": 1}'), (2, b'{"b":  "x y"}')]
    inputs.write_messages(messages)
    assert inputs.messages() == messages
