"""A lane against a hostile venue, through crashes and restarts: what must hold, holds; and what checks it can fail."""

from pathlib import Path

import pytest

from mainspring.model import CancelRequest
from mainspring_tools.model import Asked, Said, explain, run_seed
from mainspring_tools.model import history as history_module
from mainspring_tools.model.shrink import shrink
from mainspring_tools.model.world import World


def _run(seeds: range) -> None:
    for seed in seeds:
        run_seed(seed)


def test_some_runs_hold() -> None:
    """Orders with durable intent, fills once, positions as the venue has them, limits and the kill switch kept."""
    _run(range(12))


@pytest.mark.gate
def test_two_hundred_runs_hold() -> None:
    """The seed that fails is named, with the command that replays it."""
    _run(range(1_000, 1_200))


@pytest.mark.parametrize("seed", [5_276, 5_364])
def test_an_execution_counts_while_requests_go_on(seed: int) -> None:
    """The stream loses a fill of an order that a pair tries to cancel each second: the venue's answer has it."""
    run_seed(seed)


def test_a_seed_is_the_same_run_again() -> None:
    """Whatever else ran before: the same orders, fills and crashes."""
    assert run_seed(7) == run_seed(7)


def test_a_failing_seed_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that doesn't hold is broken by few steps, without what has nothing to do with it; one less holds."""

    def no_cancels(world: World) -> None:
        assert not any(isinstance(one.request, CancelRequest) for one in world.sent), "a cancel was sent"

    monkeypatch.setattr("mainspring_tools.model.runs.check", no_cancels)
    shrunk = shrink(3)
    assert shrunk.error.startswith("AssertionError: a cancel was sent")
    assert shrunk.steps < 20
    assert {"lose_message", "fail_query"} <= shrunk.without
    assert f"--seeds 3 --steps {shrunk.steps} --without " in shrunk.command
    run_seed(3, steps=shrunk.steps - 1, without=shrunk.without)
    with pytest.raises(AssertionError, match="a cancel was sent"):
        run_seed(3, steps=shrunk.steps, without=shrunk.without)


def test_the_check_of_histories_knows_nothing_of_the_platform() -> None:
    """It imports the standard library alone."""
    assert history_module.__file__ is not None
    assert "mainspring" not in Path(history_module.__file__).read_text(encoding="utf-8")


_NEW, _CANCEL, _REPLACE = Asked("new", 1, 100, 5), Asked("cancel", 20), Asked("replace", 10, 99, 8)
_ACCEPTED, _FILL = Said("accepted", 3), Said("filled", 5, 100, 2, 1)


@pytest.mark.parametrize(
    ("asked", "said", "truth"),
    [
        ([_NEW], [], []),
        ([_NEW], [_FILL], [_FILL]),
        ([_NEW, _CANCEL], [_ACCEPTED, Said("cancelled", 21, 0, 3)], [_FILL]),
        ([_NEW, _REPLACE], [_ACCEPTED, Said("replaced", 12, 99, 8), Said("expired", 15, 0, 6)], [_FILL]),
        ([_NEW, _REPLACE], [Said("filled", 12, 99, 6, 2)], [_FILL, Said("filled", 12, 99, 6, 2)]),
        ([_CANCEL], [Said("too-late", 22)], []),
    ],
    ids=["lost", "unacknowledged", "cancelled", "replaced", "replaced unheard", "never sent"],
)
def test_what_can_have_happened_is_explained(asked: list[Asked], said: list[Said], truth: list[Said]) -> None:
    """Lost words included."""
    assert explain(asked, said, truth) == ""


@pytest.mark.parametrize(
    ("asked", "said", "truth"),
    [
        ([_NEW, _NEW], [], []),
        ([], [_ACCEPTED], []),
        ([_NEW], [Said("accepted", 0)], []),
        ([_NEW], [_FILL], []),
        ([_NEW], [], [_FILL, _FILL]),
        ([_NEW], [], [Said("filled", 5, 100, 6, 1)]),
        ([_NEW], [_ACCEPTED, Said("cancelled", 21, 0, 5)], []),
        ([_NEW, _CANCEL], [Said("cancelled", 15, 0, 5)], []),
        ([_NEW, _CANCEL], [Said("cancelled", 21, 0, 5)], [_FILL]),
        ([_NEW], [Said("replaced", 12, 99, 8)], []),
        ([_NEW, _CANCEL], [Said("cancelled", 21, 0, 5)], [Said("filled", 22, 100, 1, 1)]),
    ],
    ids=[
        *("sent twice", "never sent", "before it was sent", "invented fill", "one execution twice", "too much"),
        *("cancel unasked", "cancel before", "a fill forgotten", "replaced unasked", "a fill after the end"),
    ],
)
def test_what_can_not_have_happened_is_named(asked: list[Asked], said: list[Said], truth: list[Said]) -> None:
    """No sequence of operations gives it."""
    assert explain(asked, said, truth)
