"""Runs one seed of the model, and checks what it leaves."""

from collections import Counter

from mainspring_tools.model.invariants import check
from mainspring_tools.model.world import World

__all__ = ["run_seed"]


def run_seed(seed: int, *, steps: int | None = None, without: frozenset[str] = frozenset()) -> Counter[str]:
    """Runs a seed, and returns how often what happened. Raises `AssertionError`, which names the seed.

    `steps` and `without` make less of it: see `World`.
    """
    world = World(seed, steps=steps, without=without)
    try:
        world.run()
        check(world)
    except BaseException as error:
        error.add_note(f"replay it by: uv run python -m mainspring_tools.model --seeds {seed}")
        error.add_note(
            f"and find the fewest steps that fail by: uv run python -m mainspring_tools.model --shrink {seed}"
        )
        raise
    world.counts["sent"] += len(world.sent)
    world.counts["fills"] += len(world.venue.fills)
    return world.counts
