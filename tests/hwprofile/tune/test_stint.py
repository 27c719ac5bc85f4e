"""One stint in one process: what is taken off a score, and which rounds are run."""

from hwprofile.tune.orders import StintOrder
from hwprofile.tune.stint import RoundSigns, run_stint
from hwprofile.tune.values import Score


class Waits:
    """A contest that tells how long others had the CPU while it was timed."""

    names = ("default", "other")

    def answer(self, name: str) -> str:
        return name

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        del names, unseen

    def advance(self, blocks: int) -> None:
        del blocks

    def run(self, name: str) -> Score:
        return Score(elapsed_ns=1_000_000, waited_ns=400_000 if name == "other" else 0)

    def memory(self, name: str) -> int | None:
        del name
        return None


def test_what_a_contest_waited_is_taken_off_its_score() -> None:
    """The time in which others had the CPU, where the contest tells it, is no part of a score."""
    order = StintOrder(names=("default", "other"), default="default", seed=1, seconds=0.0, blocks=1, least=5)
    stint = run_stint(Waits(), order, signs=lambda: RoundSigns(0, 0))
    assert len(stint.rounds) == 2
    assert {tuple(score.elapsed_ns for score in one.scores) for one in stint.rounds} == {(1_000_000, 600_000)}
