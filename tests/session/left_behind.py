"""Runs sessions of many kinds in this process, and prints what each kind leaves behind, as JSON by kind.

A program of its own, since other tests fill the process that they run in.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from mainspring.errors import PluginError
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring_native import why_missing

OURS = ("mainspring", "mainspring_native", "mainspring_plugins", "mainspring_tools", "__main__")
SEAMS = ("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency", "records", "strategy")
INSTALLED = Registry.load()
PLAIN = ("decoder.plugin=python", "book.plugin=bisect-list", "slippage.plugin=square-root", "router.plugin=paper")


class Breaks:
    """A strategy that raises while it has an order."""

    def __init__(self, **_options: object) -> None:
        self.calls = 0

    def on_bbo(self, market: Any) -> None:
        self.calls += 1
        if self.calls == 50:
            self.order = market.buy(size_lots=10, price_ticks=market.bid_ticks)
        if self.calls == 500:
            raise LookupError("lost")


class Keeps:
    """A strategy that keeps whatever it is given, and that the session's registry keeps."""

    def __init__(self) -> None:
        self.kept: list[object] = []
        self.markets: list[Any] = []

    def on_start(self, session: Any) -> None:
        self.markets += session.markets
        self.kept += [session, session.every(seconds=1, call=self.fire)]

    def fire(self) -> None:
        for market in self.markets:
            for order in market.open_orders:
                order.cancel()
            self.kept.append(market.buy(size_lots=10, price_ticks=market.bid_ticks))
            self.kept.append(market.sell(size_lots=10))

    def on_bbo(self, market: Any) -> None:
        self.kept.append(market.book)

    def on_order(self, order: Any, event: object) -> None:
        self.kept.append((order, event))

    def on_fill(self, fill: object, order: object) -> None:
        self.kept.append((order, fill))


def replaced(**factories: tuple[str, Callable[..., Any]]) -> Registry:
    """The installed plugins, some of which are made by others: a stranger's, of which no native part knows."""
    offers = {seam: dict(INSTALLED.offers(seam)) for seam in SEAMS}
    for seam, (name, factory) in factories.items():
        offer = offers[seam][name]
        fields = {field: getattr(offer, field) for field in offer.__struct_fields__}
        offers[seam][name] = type(offer)(**{**fields, "factory": factory, "capabilities": {}})
    return Registry(offers, ())


def strangers(seam: str, name: str) -> tuple[str, Callable[..., Any]]:
    """A class of a stranger's with the rules of ours."""
    rules: Any = INSTALLED.offers(seam)[name].factory
    return name, type(f"Strangers{rules.__name__}", (rules,), {})


def run(*overrides: str, registry: Registry = INSTALLED, **options: Any) -> None:
    session = make_session(load_config(None, ["feed.seconds=10", *overrides]), registry)
    run_session(session, registry, **options)


def recorded() -> None:
    with TemporaryDirectory() as folder:
        run(order_log=Path(folder, "log"), record_inputs=Path(folder, "inputs"))


def breaks() -> None:
    try:
        run(registry=replaced(strategy=("quote-maker", Breaks)))
    except PluginError:
        return
    raise AssertionError("the strategy raises")


def keeps(*overrides: str) -> None:
    keeping = Keeps()
    run(*overrides, registry=replaced(strategy=("quote-maker", lambda **_options: keeping)))
    assert len(keeping.kept) > 50


def twins(kind: int) -> None:
    from mainspring_tools.twins.sessions import compare_session

    for seed in range(kind, 16, 4):
        compare_session(seed, seconds=2)


def replays() -> None:
    import numpy as np

    from mainspring_native.replay import EVENT, replay, strategy

    @strategy(state=[("calls", "i8")])
    def reads(market: Any, orders: object, state: Any) -> None:
        state.calls += 1

    replay(np.zeros(0, EVENT), reads, compiled=False)


KINDS: dict[str, Callable[[], None]] = {
    "plain": lambda: run(*PLAIN),
    "a strategy that keeps all, plain": lambda: keeps(*PLAIN),
    "as installed": run,
    "a strategy that keeps all": keeps,
    "a strategy that raises": breaks,
    "a paper venue in Python": lambda: run("router.plugin=paper"),
    "a book walk": lambda: run("slippage.plugin=book-walk"),
    "without orders": lambda: run("mode=replay"),
    "recorded": recorded,
    "a stranger's check": lambda: run(registry=replaced(risk=strangers("risk", "max_order_size"))),
    "a stranger's models": lambda: run(
        registry=replaced(queue=strangers("queue", "proportional"), latency=strangers("latency", "constant"))
    ),
}
if why_missing() is None:
    KINDS["a native book walk"] = lambda: run("slippage.plugin=native-book-walk")
    KINDS["hostile"] = lambda: twins(0)
    if find_spec("numba") is not None:
        KINDS["a compiled strategy"] = lambda: twins(1)
        KINDS["a compiled strategy for everything"] = lambda: twins(3)
        KINDS["a replay"] = replays


def ours() -> Counter[str]:
    """The objects of our classes that the garbage collector knows, by class."""
    kinds = (type(one) for one in gc.get_objects())
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).partition(".")[0] in OURS)


def left_behind(kind: Callable[[], None]) -> tuple[int, dict[str, int]]:
    """The blocks of memory and the objects of ours that two sessions leave behind; two before them fill the caches."""
    for _ in range(2):
        kind()
    gc.collect()
    before, blocks = ours(), sys.getallocatedblocks()
    for _ in range(2):
        kind()
    gc.collect()
    return sys.getallocatedblocks() - blocks, dict(ours() - before)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode({name: left_behind(kind) for name, kind in KINDS.items()}))
