"""Checks a queue model against the contract of `mainspring.seams.QueueModel`."""

from collections.abc import Callable
from random import Random

from mainspring.model import Instrument
from mainspring.seams import QueueModel
from mainspring.testing._rules import Rules
from mainspring.testing.market import INSTRUMENT

__all__ = ["BackOfQueue", "check_queue"]

_SIZES = (0, 1, 2, 7, 100, 12_345, 10**9, 10**15)


class BackOfQueue:
    """The simplest queue model, for tests: nothing ahead is cancelled while fewer are displayed than that."""

    def lots_ahead(self, ahead_lots: int, behind_lots: int, cancelled_lots: int) -> int:
        """Returns how many of `ahead_lots` are left."""
        return min(ahead_lots, ahead_lots + behind_lots - cancelled_lots)


def check_queue(
    factory: Callable[[Instrument], QueueModel],
    *,
    instrument: Instrument = INSTRUMENT,
    seed: int = 0,
    rounds: int = 500,
) -> None:
    """Asks a model of `factory` about `rounds` seeded places in a queue, then again in another order.

    Raises `ConformanceError`, which names the broken rule, the arguments and the answer, and the seed.
    """
    rules = Rules(seed)
    model = factory(instrument)
    asked = []
    for _ in range(rounds):
        arguments = _place(rules.random)
        answer = rules.never_raises("a model never raises", model.lots_ahead, *arguments)
        ahead, behind, cancelled = arguments
        detail = f"{ahead} ahead, {behind} behind and {cancelled} cancelled gave {answer!r}"
        rules.hold("the answer is a whole number", type(answer) is int, detail)
        least, most = max(ahead - cancelled, 0), min(ahead, ahead + behind - cancelled)
        rules.hold("the answer is possible", least <= answer <= most, f"{detail}, not {least} to {most}")
        asked.append((arguments, answer))
    rules.random.shuffle(asked)
    again = factory(instrument)
    for arguments, before in asked:
        answer = again.lots_ahead(*arguments)
        detail = f"{arguments} gave {before}, and later {answer}"
        rules.hold("the answer depends on the arguments alone", answer == before, detail)


def _place(random: Random) -> tuple[int, int, int]:
    ahead, behind = (random.choice((random.choice(_SIZES), random.randrange(50))) for _ in range(2))
    behind += not ahead + behind
    cancelled = random.choice((1, ahead, behind, ahead + behind, random.randint(1, ahead + behind)))
    return ahead, behind, max(cancelled, 1)
