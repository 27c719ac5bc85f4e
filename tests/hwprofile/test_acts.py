import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwprofile.actions import Action, Scope


def action(number, outcome="applied"):
    return Action(name=f"action-{number}", subject="host", wanted="it", holds="it", outcome=outcome, evidence="seen")


class Interrupted(BaseException):
    """As Ctrl-C is."""


@settings(derandomize=True)
@given(ends=st.lists(st.sampled_from(("ok", "nothing to undo", "raises")), max_size=12), released=st.integers(0, 3))
def test_all_undone_once_in_reverse(ends, released):
    """Whatever the undoings do, each runs once, the last first, and one that raises is told and stops no other."""
    ran = []

    def undoing(number, end):
        def undo():
            ran.append(number)
            if end == "raises":
                raise RuntimeError(f"broken {number}")
            return action(number)

        return None if end == "nothing to undo" else undo

    with Scope() as scope:
        for number, end in enumerate(ends):
            assert scope.add(action(number), undoing(number, end)) == action(number)
        for _ in range(released):
            scope.release()
    expected = [number for number, end in enumerate(ends) if end != "nothing to undo"]
    assert ran == expected[::-1]
    assert len(scope.actions) == len(ends)
    assert [undone.name for undone in scope.undone] == [f"action-{number}" for number in expected[::-1]]
    for undone in scope.undone:
        number = int(undone.name.removeprefix("action-"))
        assert undone.outcome == ("unknown" if ends[number] == "raises" else "applied")
        assert (f"RuntimeError: broken {number}" in undone.evidence) == (ends[number] == "raises")


def test_undone_when_the_block_raises():
    """An error of the block undoes everything, and stays the error."""
    scope = Scope()

    def block():
        with scope:
            scope.add(action(1), lambda: action(1))
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        block()
    assert len(scope.undone) == 1


def test_interrupted_while_undoing():
    """Ctrl-C in the middle of undoing comes through, after the others have run."""
    ran = []

    def undo_first():
        ran.append("first")
        return action(0)

    def interrupted():
        ran.append("interrupted")
        raise Interrupted

    scope = Scope()
    scope.add(action(0), undo_first)
    scope.add(action(1), interrupted)
    scope.add(action(2), interrupted)
    with pytest.raises(Interrupted):
        scope.release()
    assert ran == ["interrupted", "interrupted", "first"]
