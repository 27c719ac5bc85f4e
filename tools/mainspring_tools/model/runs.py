"""Runs one seed of the model, and checks what it leaves."""

from collections import Counter

from mainspring_tools.model.invariants import check
from mainspring_tools.model.world import World

__all__ = ["run_seed"]


def run_seed(seed: int) -> Counter[str]:
    """Runs a seed, and returns how often what happened. Raises `AssertionError`, which names the seed."""
    world = World(seed)
    try:
        world.run()
        check(world)
    except BaseException as error:
        error.add_note(f"replay it by: uv run python -m mainspring_tools.model --seeds {seed}")
        raise
    world.counts["sent"] += len(world.sent)
    world.counts["fills"] += len(world.venue.fills)
    return world.counts
