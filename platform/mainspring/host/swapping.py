"""Makes what exchanges a lane's parts while it runs: a slot for each kind of part, and what its flags do."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter_ns, thread_time_ns
from typing import Any

import msgspec

from mainspring.errors import MainspringError
from mainspring.host.check_maker import CheckMaker
from mainspring.host.maker import Maker
from mainspring.host.offers import decode_options
from mainspring.host.plan import KEPT_APART, Choice, Plan
from mainspring.host.registry import Registry
from mainspring.lane import BookSlot, BoundStrategy, FlagBoard, FlagControl, Lane, OrderManager, Outbox, Timers
from mainspring.lane.swaps import (
    BookPairs,
    Candidate,
    CheckPairs,
    FeedPair,
    FeedPairs,
    Make,
    ModelPairs,
    Part,
    StrategyPairs,
    SwapControl,
    SwapRefusedError,
    SwapSlot,
)
from mainspring.model import Instrument
from mainspring.seams import Feed

__all__ = ["Swapping"]

_FUSED = (
    "the lane runs decoder, books and markets as one, natively: to exchange its {0}, name the slot in a flag, so that "
    "the next session keeps them apart"
)
_NEVER: Mapping[str, str] = {
    "queue": "a queue model knows the places of our orders at the venue, and another one doesn't",
    "router": "a router has orders at its venue",
    "records": "the order log has one format from its first record on",
    "journal": "the journal has what the session began with",
}


class Swapping:
    """Collects a lane's parts as wiring makes them, and then makes what exchanges them.

    `plans` are the lane's feeds, `labels` and `instruments` those of the lane by index. `board` has its flags.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        registry: Registry,
        maker: Maker,
        labels: Sequence[str],
        instruments: Sequence[Instrument],
    ) -> None:
        self._plans = plans
        self._registry = registry
        self._maker = maker
        self._labels = labels
        self._instruments = instruments
        self._books: list[tuple[int, BookSlot, Choice]] = []
        self._pairs: dict[str, list[tuple[str, FeedPair, Part, Part]]] = {}
        self._strategies: dict[str, tuple[Part, Callable[[str, str, Any], BoundStrategy]]] = {}
        self.board: FlagBoard | None = None

    def keeps_apart(self, plan: Plan) -> bool:
        """Returns whether a flag exchanges what a fused run would do as one."""
        return any(one.flag.slot in KEPT_APART for one in plan.flags)

    def feed(self, plan: Plan, first: int, made: Feed) -> Feed:
        """Returns a feed, or what reads with a candidate next to it where a flag names one.

        `made` is the feed, whose first instrument has the index `first`.
        """
        for one in plan.flags:
            slot, choice = one.flag.slot, one.choice
            if choice is None or slot not in ("decoder", "codec"):
                continue
            changed = msgspec.structs.replace(plan, **{slot: choice})
            other: Feed = self._maker.make(plan.feed, self._maker.feed_context(changed, first))
            pair = FeedPair(made, other, thread_time_ns)
            active: Choice = getattr(plan, slot)
            wanted = Candidate(one.flag.plugin, one.flag.options)
            self._pairs.setdefault(slot, []).append(
                (plan.name or "feed", pair, _part(active, made), Part(wanted, choice.distribution, other))
            )
            return pair
        return made

    def book(self, index: int, slot: BookSlot, choice: Choice) -> None:
        """Takes the book of the instrument at an index, which `choice` made."""
        self._books.append((index, slot, choice))

    def strategy(self, made: BoundStrategy, choice: Choice, bind: Callable[[str, str, Any], BoundStrategy]) -> None:
        """Takes a strategy that may be exchanged: `bind` binds the object of a plugin and its distribution for it."""
        self._strategies[made.name] = _part(choice, made), bind

    def flagged(self, strategy: str) -> bool:
        """Returns whether a flag exchanges the strategy of that name."""
        return any(one.flag.slot == f"strategy {strategy}" for one in self._plans[0].flags)

    def changing(
        self, manager: OrderManager | None, checker: CheckMaker | None, timers: Timers, outbox: Outbox
    ) -> Callable[[Lane], tuple[SwapControl, FlagControl]]:
        """Returns what makes the controls of a lane. `checker` made its checks, None if it trades nothing."""

        def make(lane: Lane) -> tuple[SwapControl, FlagControl]:
            slots: dict[str, SwapSlot] = {}
            missing = {slot: _FUSED.format(slot) for slot in KEPT_APART}
            instruments = dict(zip(self._labels, self._instruments, strict=True))
            control = SwapControl(
                slots, {**missing, **_NEVER}, instruments, begin=lane.begin, renew=lane.renew, clock=perf_counter_ns
            )
            rest = control.note, lambda: lane.now_ns
            self._add_books(slots, rest)
            self._add_feeds(slots, rest)
            if manager is not None and checker is not None:
                self._add_models(slots, rest, manager)
                self._add_checks(slots, rest, manager, checker)
            for name, (part, bind) in self._strategies.items():
                slot, made_by = f"strategy {name}", partial(self._strategy_part, bind)
                slots[slot] = StrategyPairs(slot, [name], [part], made_by, *rest, strategies=lane.strategies)
            assert self.board is not None
            flags = FlagControl(
                self.board,
                control,
                timers,
                shadowed=frozenset(one.flag.name for one in self._plans[0].flags if one.shadow),
                begin=lane.begin,
                order_key=outbox.client_order_id,
            )
            return control, flags

        return make

    def _add_books(self, slots: dict[str, SwapSlot], rest: tuple[Any, ...]) -> None:
        if not self._books:
            return
        indexes = [index for index, _, _ in self._books]
        parts = [_part(choice, None) for _, _, choice in self._books]
        books = [slot for _, slot, _ in self._books]
        make = self._for_instruments("book", indexes)
        labels = [self._labels[index] for index in indexes]
        slots["book"] = BookPairs(books, labels, parts, make, *rest, clock=thread_time_ns)

    def _add_feeds(self, slots: dict[str, SwapSlot], rest: tuple[Any, ...]) -> None:
        for slot, found in self._pairs.items():
            names, pairs, actives, others = zip(*found, strict=True)
            slots[slot] = FeedPairs(slot, pairs, others, names, actives, *rest)

    def _add_models(self, slots: dict[str, SwapSlot], rest: tuple[Any, ...], manager: OrderManager) -> None:
        choices = [plan.slippage for plan in self._plans for _ in plan.instruments]
        parts = [
            _part(choice, made) for choice, made in zip(choices, manager.models, strict=True) if choice is not None
        ]
        make = self._for_instruments("slippage", range(len(parts)))
        slots["slippage"] = ModelPairs(
            manager.models, manager.estimates, self._labels, parts, make, *rest, clock=thread_time_ns
        )

    def _add_checks(
        self, slots: dict[str, SwapSlot], rest: tuple[Any, ...], manager: OrderManager, checker: CheckMaker
    ) -> None:
        gate, session = manager.gate, manager.risk.session
        rows = [plan.risk for plan in self._plans for _ in plan.instruments]
        for name in dict.fromkeys(choice.plugin for row in rows for choice in row):
            if self._registry.get("risk", name).capabilities.get("across_instruments"):
                continue
            found = [(at, choice) for at, row in enumerate(rows) for choice in row if choice.plugin == name]
            indexes = [at for at, _ in found]
            parts = [_part(choice, gate.named(name, at)) for at, choice in found]
            make = self._for_instruments("risk", indexes, checker.note)
            slots[f"risk {name}"] = CheckPairs(
                f"risk {name}",
                indexes,
                [self._labels[at] for at in indexes],
                parts,
                make,
                *rest,
                gate=gate,
                session=session,
                clock=thread_time_ns,
            )

    def _for_instruments(
        self, seam: str, indexes: Sequence[int], make: Callable[[Choice, Any], Any] | None = None
    ) -> Make:
        """Returns what makes candidates for instruments, by the factories unless `make` does."""
        made_by = self._maker.make if make is None else make

        def made(candidate: Candidate, at: int) -> Part:
            choice = self._choice(seam, candidate)
            return Part(candidate, choice.distribution, _made(made_by, choice, self._instruments[indexes[at]]))

        return made

    def _strategy_part(self, bind: Callable[[str, str, Any], BoundStrategy], candidate: Candidate, _at: int) -> Part:
        choice = self._choice("strategy", candidate)
        made = _made(self._maker.make, choice)
        return Part(candidate, choice.distribution, _made(bind, choice.plugin, choice.distribution, made))

    def _choice(self, seam: str, candidate: Candidate) -> Choice:
        try:
            offer = self._registry.get(seam, candidate.plugin)
            options = decode_options(offer, candidate.options)
        except (MainspringError, ValueError) as error:
            raise SwapRefusedError(f"{candidate.plugin!r}: {error}") from error
        return Choice(
            slot=seam,
            seam=seam,
            plugin=offer.name,
            distribution=offer.distribution,
            version=offer.version,
            rule="flag",
            because="",
            options=options,
        )


def _made(make: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except MainspringError as error:
        raise SwapRefusedError(str(error)) from error


def _part(choice: Choice, made: Any) -> Part:
    options = {} if choice.options is None else msgspec.to_builtins(choice.options)
    return Part(Candidate(choice.plugin, options), choice.distribution, made)
