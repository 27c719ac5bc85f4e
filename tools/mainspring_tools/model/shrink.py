"""Finds the least of a failing run that still fails."""

from typing import NamedTuple

from mainspring_tools.model.runs import run_seed
from mainspring_tools.model.world import PARTS

__all__ = ["Shrunk", "shrink"]

_MOST_STEPS = 2_000


class Shrunk(NamedTuple):
    """What is left of a failing seed: the fewest steps, without those parts of `World`, and how it fails then."""

    seed: int
    steps: int
    without: frozenset[str]
    error: str

    @property
    def command(self) -> str:
        """What runs it again."""
        without = f" --without {','.join(sorted(self.without))}" if self.without else ""
        return f"uv run python -m mainspring_tools.model --seeds {self.seed} --steps {self.steps}{without}"


def shrink(seed: int) -> Shrunk:
    """Leaves out whatever a seed fails without, and then looks for the fewest steps after which it fails.

    A run of fewer steps settles as any does, so that it fails in its own way; what counts is that it fails. Raises
    `ValueError` if the seed doesn't.
    """
    if not _error(seed, None, frozenset()):
        raise ValueError(f"seed {seed} doesn't fail")
    without = _leave_out(seed, None, frozenset())
    steps = next((steps for steps in range(_MOST_STEPS) if _error(seed, steps, without)), _MOST_STEPS)
    without = _leave_out(seed, steps, without)
    return Shrunk(seed, steps, without, _error(seed, steps, without))


def _leave_out(seed: int, steps: int | None, without: frozenset[str]) -> frozenset[str]:
    for part in PARTS:
        if _error(seed, steps, without | {part}):
            without |= {part}
    return without


def _error(seed: int, steps: int | None, without: frozenset[str]) -> str:
    """How a run fails; empty if it doesn't."""
    try:
        run_seed(seed, steps=steps, without=without)
    except Exception as error:  # noqa: BLE001  whatever a lane raises is a failure
        return f"{type(error).__name__}: {str(error)[:500]}"
    return ""
