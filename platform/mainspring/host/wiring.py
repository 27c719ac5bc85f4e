"""Makes a lane from a plan: creates and binds every part. After this nothing uses pluggy, registry or config."""

from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Any

from mainspring.host.guard import calling
from mainspring.host.plan import Choice, Plan
from mainspring.host.registry import Registry
from mainspring.lane import (
    BoundStrategy,
    Gateway,
    Lane,
    LaneStages,
    Market,
    OrderManager,
    Outbox,
    StreamStatistics,
    Trading,
)
from mainspring.orders import OrderLog, OrderTracker, Sink
from mainspring.risk import Gate
from mainspring.seams import SEAMS, Book, Codec, Feed, FeedContext, FuseContext, Fused, RouterContext

__all__ = ["wire"]


def wire(plan: Plan, registry: Registry, *, order_log: Sink | None = None) -> Lane:
    """Makes the lane of a plan. `order_log` is where the encoded order log is written, or None.

    Raises `PluginError` or `ConfigError`, naming the plugin, if one of its factories raised.
    """
    maker = _Maker(registry)
    stages = LaneStages()
    feed = maker.make(plan.feed, maker.feed_context(plan))
    books = tuple(maker.make(plan.book, instrument) for instrument in plan.instruments)
    top_of_book = not registry.get("feed", plan.feed.plugin).capabilities.get("books", True)
    with calling(registry.get("decoder", plan.decoder.plugin), "run feed and books as one"):
        fused = _fuse(feed, books, plan, top_of_book=top_of_book)
    markets: list[Market] = (
        list(fused.markets)
        if fused is not None
        else [
            Market(index, instrument, book, StreamStatistics(instrument, plan.market))
            for index, (instrument, book) in enumerate(zip(plan.instruments, books, strict=True))
        ]
    )
    order_manager, watch = None, None
    strategies: list[BoundStrategy] = []
    if plan.router is not None:
        trading, watch = _trading(plan, registry, maker, markets, order_log)
        strategies.extend(trading.strategies)
        order_manager = OrderManager(trading, markets, stages, perf_counter_ns)
    return Lane(
        feed=feed,
        markets=markets,
        order_manager=order_manager,
        strategies=strategies,
        watch_market=watch,
        top_of_book=top_of_book,
        stages=stages,
        owners=_owners(plan),
        fused=fused,
        parts={choice.seam: _part(choice, plan, maker) for choice in plan.slots},
    )


def _part(choice: Choice, plan: Plan, maker: "_Maker") -> Any:
    """Makes the plugin of a slot that the lane itself doesn't know: one, or one for each instrument."""
    if SEAMS[choice.seam].slot == "lane":
        return maker.make(choice, plan.instruments)
    return tuple(maker.make(choice, instrument) for instrument in plan.instruments)


def _fuse(feed: Feed, books: tuple[Book, ...], plan: Plan, *, top_of_book: bool) -> Fused | None:
    """Fuses feed, books and markets if the feed's decoder can."""
    fuse: Callable[[FuseContext], Fused | None] | None = getattr(feed, "fuse", None)
    if fuse is None:
        return None
    volume = plan.market.daily_volume
    return fuse(
        FuseContext(
            books=books,
            top_of_book=top_of_book,
            volatility_half_life_s=plan.market.volatility_half_life_s,
            warm_up_s=plan.market.warm_up_s,
            daily_volume_lots=tuple(
                None if volume is None else float(volume / one.lot_size) for one in plan.instruments
            ),
            daily_volatility=plan.market.daily_volatility,
        )
    )


def _trading(
    plan: Plan, registry: Registry, maker: "_Maker", markets: list[Market], order_log: Sink | None
) -> tuple[Trading, Callable[[Any], None] | None]:
    assert plan.router is not None
    assert plan.slippage is not None
    slippage = plan.slippage
    tracker = OrderTracker(plan.instruments)
    outbox = Outbox()
    context = RouterContext(plan.instruments, tuple(market.book for market in markets), plan.seed)
    router = maker.make(plan.router, context)
    checks = [
        tuple((choice.plugin, maker.make(choice, instrument)) for choice in plan.risk)
        for instrument in plan.instruments
    ]
    strategies = [
        BoundStrategy(
            strategy.name,
            strategy.choice.plugin,
            strategy.choice.distribution,
            maker.make(strategy.choice, plan.instruments),
            [Gateway(strategy.name, market, tracker, outbox) for market in markets],
        )
        for strategy in plan.strategies
    ]
    trading = Trading(
        models=[maker.make(slippage, instrument) for instrument in plan.instruments],
        gate=Gate(
            checks,
            missing_required=plan.missing_limits,
            owners={choice.plugin: choice.distribution for choice in plan.risk},
        ),
        router=router,
        tracker=tracker,
        log=OrderLog(maker.codec(plan.binary_codec), order_log),
        outbox=outbox,
        strategies=strategies,
        owners=_owners(plan),
    )
    watches = registry.get("router", plan.router.plugin).capabilities.get("watches_market", False)
    return trading, router.on_market if watches else None


def _owners(plan: Plan) -> dict[str, tuple[str, str]]:
    """Plugin and distribution of the parts that a lane calls, for errors."""
    parts = {
        "feed": plan.feed,
        "decoder": plan.decoder,
        "book": plan.book,
        "slippage": plan.slippage,
        "router": plan.router,
    }
    return {part: (choice.plugin, choice.distribution) for part, choice in parts.items() if choice is not None}


class _Maker:
    """Calls plugins' factories; an error names the plugin."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._codecs: dict[str, Codec] = {}

    def codec(self, choice: Choice) -> Codec:
        """Returns the lane's only codec of that name: a feed of binary messages and the order log share it."""
        if choice.plugin not in self._codecs:
            self._codecs[choice.plugin] = self.make(choice)
        return self._codecs[choice.plugin]

    def feed_context(self, plan: Plan) -> FeedContext:
        """Returns the feed's context. A decoder that raises is reported under its own name, not the feed's."""
        return FeedContext(
            plan.instruments,
            self.codec(plan.feed_codec),
            plan.source.encoding,
            partial(self.make, plan.decoder),
            len(plan.source.instruments) <= len(plan.instruments),
        )

    def make(self, choice: Choice, *arguments: object) -> Any:
        offer = self._registry.get(choice.seam, choice.plugin)
        with calling(offer, "be made"):
            if choice.options is None:
                return offer.factory(*arguments)
            return offer.factory(*arguments, options=choice.options)
