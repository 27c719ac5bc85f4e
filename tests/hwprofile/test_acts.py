import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwprofile.acts import Act, Hold


def act(number, outcome="applied"):
    return Act(name=f"act-{number}", subject="host", wanted="it", holds="it", outcome=outcome, evidence="seen")


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
            return act(number)

        return None if end == "nothing to undo" else undo

    with Hold() as hold:
        for number, end in enumerate(ends):
            assert hold.add(act(number), undoing(number, end)) == act(number)
        for _ in range(released):
            hold.release()
    expected = [number for number, end in enumerate(ends) if end != "nothing to undo"]
    assert ran == expected[::-1]
    assert len(hold.acts) == len(ends)
    assert [undone.name for undone in hold.undone] == [f"act-{number}" for number in expected[::-1]]
    for undone in hold.undone:
        number = int(undone.name.removeprefix("act-"))
        assert undone.outcome == ("unknown" if ends[number] == "raises" else "applied")
        assert (f"RuntimeError: broken {number}" in undone.evidence) == (ends[number] == "raises")


def test_undone_when_the_block_raises():
    """An error of the block undoes everything, and stays the error."""
    hold = Hold()

    def block():
        with hold:
            hold.add(act(1), lambda: act(1))
            raise ValueError("of the block")

    with pytest.raises(ValueError, match="of the block"):
        block()
    assert len(hold.undone) == 1


def test_interrupted_while_undoing():
    """Ctrl-C in the middle of undoing comes through, after the others have run."""
    ran = []

    def interrupted():
        ran.append("interrupted")
        raise Interrupted

    hold = Hold()
    hold.add(act(0), lambda: ran.append("first") or act(0))
    hold.add(act(1), interrupted)
    hold.add(act(2), interrupted)
    with pytest.raises(Interrupted):
        hold.release()
    assert ran == ["interrupted", "interrupted", "first"]
