"""Runs sessions with random flag changes, swaps and rollbacks, and runs what each was fed again.

`python -m mainspring_tools.flag_seeds --seeds FIRST:END`: every effect has to be the same, byte for byte.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from mainspring.flags import ALL_BP
from mainspring.host.config import parse_config
from mainspring.host.plan import LanePlan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import Lane, SetFlag, SwapPart
from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun

__all__ = ["CONFIG", "Outcome", "run_seed"]

CONFIG = """
market.warm_up_s = 1
orders.max_answers = 100
session = { chunk = 16 }
feed = { plugin = "simulated", seconds = 6 }
instruments = ["BTC/USDT", "ETH/USDT"]
strategy.maker = { plugin = "quote-maker", size = 0.01 }
strategy.trend = { plugin = "momentum", size = 0.01 }
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 100
max_book_age_ms = 5_000
max_message_rate = 100_000
max_drawdown = 100_000
[flags.book]
slot = "book"
control = "bisect-list"
candidate = "sorted-dict"
shadow = true
owner = "the tool"
reason = "seeds"
[flags.model]
slot = "slippage"
control = "square-root"
candidate = "fixed-bps"
unit = "order"
owner = "the tool"
reason = "seeds"
[flags.size]
slot = "risk max_order_size"
options = { limit = 0.005 }
shadow = true
owner = "the tool"
reason = "seeds"
[flags.codec]
slot = "codec"
candidate = "msgspec"
owner = "the tool"
reason = "seeds"
[flags.maker]
slot = "strategy maker"
options = { size = 0.02 }
owner = "the tool"
reason = "seeds"
"""

_SWAPS = (
    ("book", "sorted-dict"),
    ("book", "no-such-book"),
    ("slippage", "square-root"),
    ("risk max_order_notional", "max_order_notional"),
    ("strategy maker", "quote-maker"),
    ("decoder", "native"),
)
_EVERY = 12
"""How many chunks pass between two changes, at most."""


class Outcome(NamedTuple):
    """What a seed's session did: what was changed how often, and the digests of its order log and of its repetition."""

    changes: dict[str, int]
    first: str
    again: str
    records: int


def run_seed(seed: int, registry: Registry, folder: Path) -> Outcome:
    """Runs a session with the changes of a seed, and again from what it was fed."""
    session = make_session(parse_config(CONFIG, "the tool's config", folder, [f"seed={seed}"]), registry)
    plan, inputs = session.lanes[0], folder / f"{seed}.inputs"
    random = Random(seed)  # noqa: S311  no secret comes of it
    changes: Counter[str] = Counter()
    with LaneRun(plan, registry, {}, record_inputs=inputs) as run:
        left = random.randrange(1, _EVERY)
        while run.step():
            left -= 1
            if not left:
                left = random.randrange(1, _EVERY)
                event = _change(random, run.lane)
                run.feed(event)
                changes[_kind(event, run.lane)] += 1
        first = run.finish()
    second = _again(plan, registry, inputs)
    inputs.unlink()
    assert first.log is not None
    return Outcome(dict(changes), _digest(first), _digest(second), first.log.records)


def _again(plan: LanePlan, registry: Registry, inputs: Path) -> Any:
    with LaneRun(plan, registry, {}, inputs=RecordedInputs(inputs)) as run:
        while run.step():
            pass
        return run.finish()


def _digest(result: Any) -> str:
    """The digest of the order log, with what the report says of orders and refusals."""
    return f"{result.log.sha256} {sorted(result.refusals.items())} {result.failure}"


def _change(random: Random, lane: Lane) -> SetFlag | SwapPart:
    assert lane.flags is not None
    assert lane.swaps is not None
    if random.random() < 0.6:
        flag = random.choice(sorted(lane.flags.board.flags.values(), key=lambda one: one.name))
        share_bp = random.choice((0, 0, 500, 2_500, 5_000, ALL_BP))
        return SetFlag(lane.now_ns, msgspec.structs.replace(flag, share_bp=share_bp), who="the tool", why="a seed")
    slot, plugin = random.choice(_SWAPS)
    action: Any = random.choice(("shadow", "swap", "swap", "back", "end"))
    options: dict[str, Any] = {"limit": random.choice((50_000, 100_000))} if slot.startswith("risk") else {}
    if slot == "strategy maker":
        options = {"size": 0.01}
    target = random.choice(("", "ETH/USDT"))
    return SwapPart(lane.now_ns, action, slot, target, plugin, options, who="the tool", why="a seed")


def _kind(event: SetFlag | SwapPart, lane: Lane) -> str:
    assert lane.flags is not None
    assert lane.swaps is not None
    if isinstance(event, SetFlag):
        done, what = lane.flags.outcome.done, "set" if event.flag.share_bp else "rolled back"
        return what if done else f"{what}, partly"
    return event.action if lane.swaps.outcome.done else f"{event.action} refused"


def main() -> int:
    """Runs the seeds that were asked for, prints what they did, and returns 1 if one was different the second time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:1000", help="FIRST:END, without END")
    first, end = map(int, parser.parse_args().seeds.split(":"))
    registry = Registry.load()
    changes, records, wrong = Counter[str](), 0, []
    with TemporaryDirectory() as folder:
        for seed in range(first, end):
            outcome = run_seed(seed, registry, Path(folder))
            changes.update(outcome.changes)
            records += outcome.records
            if outcome.first != outcome.again:
                wrong.append(seed)
                sys.stdout.write(f"seed {seed} differs: {outcome.first} and {outcome.again}\n")
    said = ", ".join(f"{number:,} {what}" for what, number in sorted(changes.items()))
    sys.stdout.write(f"{end - first} sessions, {records:,} records, {said}: {len(wrong)} differ\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
