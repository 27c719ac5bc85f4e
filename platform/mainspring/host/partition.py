"""Shares instruments out among lanes. It depends on the plan alone, so the same session always gets the same split."""

from collections.abc import Sequence

from mainspring.host.plan import Plan

__all__ = ["partition"]


def partition(feeds: Sequence[Plan], lanes: int, weights: Sequence[int]) -> tuple[tuple[Plan, ...], ...]:
    """Returns what each lane takes: at least one instrument, feeds in order.

    A lane that takes an instrument reads the whole of its feed, so a feed is only split if there are more lanes than
    feeds: each time the one whose pieces hold most instruments, into two consecutive halves. Then each piece, heaviest
    first, goes to the lane with the least weight so far. `weights` are those of the feeds, divided in proportion to
    instruments. There must be at least as many instruments as lanes.
    """
    pieces = list(feeds)
    weight_of = {plan.name: weight / len(plan.instruments) for plan, weight in zip(feeds, weights, strict=True)}
    while len(pieces) < lanes:
        most = max(range(len(pieces)), key=lambda index: len(pieces[index].instruments))
        whole = pieces[most].instruments
        half = (len(whole) + 1) // 2
        pieces[most : most + 1] = [pieces[most].of(whole[:half]), pieces[most].of(whole[half:])]
    loads = [0.0] * lanes
    taken: list[list[int]] = [[] for _ in range(lanes)]
    heaviest_first = sorted(
        range(len(pieces)), key=lambda index: -len(pieces[index].instruments) * weight_of[pieces[index].name]
    )
    for index in heaviest_first:
        # A lane without a piece comes before one whose piece has no weight.
        lane = min(range(lanes), key=lambda lane: (loads[lane], len(taken[lane]), lane))
        loads[lane] += len(pieces[index].instruments) * weight_of[pieces[index].name]
        taken[lane].append(index)
    in_order = sorted(taken, key=min)
    return tuple(_joined([pieces[index] for index in sorted(lane)]) for lane in in_order)


def _joined(pieces: Sequence[Plan]) -> tuple[Plan, ...]:
    """Merges the pieces of each feed into one."""
    joined: dict[str, Plan] = {}
    for piece in pieces:
        before = joined.get(piece.name)
        joined[piece.name] = piece if before is None else piece.of(before.instruments + piece.instruments)
    return tuple(joined.values())
