"""The decoder seam: runs the declarations of a feed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from mainspring.model import Instrument, MarketEvent, MarkPrice
from mainspring.seams.book import Book
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.feed import Feed, FeedContext, RawMessage
from mainspring.seams.router import Router

__all__ = ["CaptureBlocks", "Decoder", "FuseContext", "Fused", "Reaction", "RunTrading", "register_decoders"]


class FuseContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed needs to run books and markets itself.

    It holds the feed's books, in the order of the instruments, and how the markets' statistics are estimated (see
    `mainspring.lane.StatisticsOptions`). `first_index` is as in `FeedContext`.
    """

    books: tuple[Book, ...]
    first_index: int = 0
    top_of_book: bool
    volatility_half_life_s: float
    warm_up_s: float
    daily_volume_lots: tuple[float | None, ...]
    daily_volatility: float | None


class CaptureBlocks(Protocol):
    """Reads a capture's messages in blocks, ahead of the consumer.

    It reads plain, gzip and zstd files and whole lines as `mainspring.data.read_capture` does. At a broken line or
    broken compression it stops: `read_capture` reads on from there and reports the error.
    """

    @property
    def whole(self) -> bool:
        """Whether the capture ended cleanly and all of it was taken."""
        ...

    @property
    def bytes_read(self) -> int:
        """How many bytes of the (compressed) file were read."""
        ...

    def take(self) -> Sequence[RawMessage]:
        """Returns the next block as a batch of its `Fused`; an empty one at the end.

        A batch may have a method `tally(start, stop, last_ns)`. For the messages from `start` up to, but not
        including, `stop` it returns the first receive time that isn't 0, how often time went backwards (starting from
        `last_ns`), and the last time.
        """
        ...

    def close(self) -> None:
        """Stops reading."""
        ...


class Reaction(Protocol):
    """What follows a message of a fused run that changed best prices: strategies are called.

    A fused run may itself do what `__call__` does. It sets `time.now_ns` to the message's time if that is later.
    Then for each changed market it calls what `calls` has at its place, in order: `call(view)`, or `fail(error)` with
    what that raised, which raises it as an error that names the plugin. If `requests` isn't empty then, it passes the
    places that are left to `leave` and stops. If it never is, it goes on until `time.timer_ns` or `until_ns`.
    """

    @property
    def calls(self) -> Sequence[Sequence[tuple[Callable[[Any], Any], Callable[[BaseException], Any], Any]]]:
        """What to call for each market: the callback, what makes an error of an exception, and the argument."""
        ...

    @property
    def time(self) -> Any:
        """The lane's clock, whose `now_ns` is set; its `timer_ns` is when the next of the strategies' timers is due."""
        ...

    @property
    def requests(self) -> Any:
        """What strategies have asked for and isn't worked off yet: see `Fused.requests`."""
        ...

    @property
    def until_ns(self) -> int:
        """When the run ends in any case."""
        ...

    @property
    def end_ns(self) -> int:
        """As `until_ns`, without what the lane itself has to do by then, which what strategies ask for may change."""
        ...

    @property
    def trading(self) -> "RunTrading | None":
        """What lets the run go on where strategies trade; None if each order and execution is an event of its own."""
        ...

    def leave(self, places: Sequence[int]) -> None:
        """Takes the places of markets that were changed and weren't called about, in order."""
        ...

    def __call__(self, now_ns: int, places: Sequence[int]) -> int:
        """Calls strategies about the markets at these places; returns until when the run goes on, 0 if it stops."""
        ...


class RunTrading(Protocol):
    """How a fused run trades: without ending, through a simulated router that it shows the market, or up to a request.

    With a `router`: if `requests` isn't empty after a market's callbacks, the run calls `work`, hands the router
    what `sends` has then, and goes on until `end_ns`, the next timer or what the order manager has to do. Where
    `router.due_ns` is before that and not after the next message, it sets the time to that instant, polls the
    router, does for each order event what `order_manager.on_execution` does, or calls its `on_funding`, tells the
    strategy as `strategies.on_event` does, and works off and sends what strategies ask for then. At a request for a
    router of another `index` it stops, and leaves that with all after it.

    Where `saves`, what risk checks save is looked at between runs, after each request that was sent and each report. A
    run that can't know that nothing of it has changed sets `unsaved`, and ends before the next report, and after the
    callbacks of a message in which something was sent, with `paused` set.

    Without one, a run ends after the callbacks of a market that asked for something, once that was worked off.

    A run may do itself, with the order manager's parts, what `work` does for requests that are approved; those that
    aren't for its `router` go to `send_approved`, behind their records. `order_manager.outgoing.record_all` takes
    records that are encoded, before others are added and at the end of the run.
    """

    @property
    def router(self) -> Router | None:
        """The feed's router; None if what is asked for ends the run, as it has to be durable or goes to a venue."""
        ...

    @property
    def index(self) -> int:
        """The router's number, as `sends` have it."""
        ...

    @property
    def sends(self) -> list[Any]:
        """What is to be sent: each has `router` and `request`, an approved one."""
        ...

    @property
    def work(self) -> Callable[[], None]:
        """Works off the requests."""
        ...

    @property
    def strategies(self) -> Any:
        """The lane's strategies: `running` says whether new orders may go out, `silent` whether none is called.

        `receiver(strategy, instrument)` returns what takes the events of a strategy's orders in an instrument. After
        a callback about one, `requests.limit_answers` takes what it asked for as its answer.
        """
        ...

    @property
    def order_manager(self) -> Any:
        """The lane's order manager. `gate.listeners(instrument)` are the risk checks, and how to tell them."""
        ...

    @property
    def saves(self) -> bool:
        """Whether what risk checks save is looked at."""
        ...

    unsaved: bool
    paused: bool

    def send_approved(self, request: Any) -> None:
        """Takes a request that was approved, tracked and noted, for the lane's effects."""
        ...


class Fused(Protocol):
    """Runs feed, books and markets as one, up to the point where other code must look.

    `markets` implement `mainspring.seams.MarketView` and behave as the lane's own do. A fused run gives the same
    results as the lane does for the same events one by one.
    """

    @property
    def markets(self) -> Sequence[Any]:
        """The markets, in the order of the instruments."""
        ...

    @property
    def raised_at(self) -> int:
        """After a `run` that raised: the index after the last message run, which is that of a rejected one."""
        ...

    @property
    def last_ns(self) -> int:
        """How long the message at which `react` ended the last timed `run` had taken by then, in nanoseconds."""
        ...

    def attach(self, router: Router) -> bool:
        """Shows a router that watches the market each event of a run from now on; returns False if it can't.

        If it can, a run also stops before a message received at the router's `due_ns` or later.
        """
        ...

    def order_tracker(self, instruments: Sequence[Instrument], *, answer_timeout_ns: int) -> Any:
        """Makes what tracks the orders of a lane with these instruments, as `mainspring.orders.OrderTracker` does.

        `answer_timeout_ns` is how long an answer may take, 0 for ever. Returns None if the lane's own serves as well.
        """
        ...

    def position_units(self, valuation: Any) -> Any:
        """Makes what counts a position of that `mainspring.portfolio.Valuation`, as `PositionUnits` there does."""
        ...

    def clock(self) -> Any:
        """Makes what holds the lane's time, as `mainspring.lane.LaneClock` does."""
        ...

    def requests(self, most_answers: int) -> Any:
        """Makes what takes the requests of a lane's strategies, as `mainspring.lane.Requests` does."""
        ...

    def strategy_market(self, base: Any) -> Any:
        """Makes a class of strategy markets that reads sooner than `base`, with the same results; or returns `base`.

        `base` is a `mainspring.lane.LaneStrategyMarket`, whose `reads` has what is read of other objects.
        """
        ...

    def own_orders(self, market: Any, client_order_id: Callable[[int], str], *, outbox: Any, clock: Any) -> Any:
        """Makes what keeps a strategy's orders in a market, as `mainspring.lane.OwnOrders` does.

        Its `buy` and `sell` are those of the market. `market` is a `mainspring.lane.LaneStrategyMarket`,
        `client_order_id` returns the id by which the venue knows an order, `outbox.requests` is of `requests`, and
        `clock` is of `clock`.
        """
        ...

    def costs(self, tracker: Any, markets: Sequence[Any], valuations: Sequence[Any]) -> Any:
        """Makes what measures the cost of a lane's orders; None if it can't in these markets, those of all feeds.

        It has the methods of `mainspring.lane.ExecutionQuality` and of its markouts, and returns the figures that
        `mainspring.lane.FusedQuality` reads. `tracker` is of `order_tracker`, `valuations` are by instrument.
        """
        ...

    def measure(self, costs: Any) -> None:
        """Measures the markouts of these `costs` in each run from now on, before the messages that may move a mid."""
        ...

    def batch(self, messages: Sequence[RawMessage]) -> Any:
        """Prepares messages to be run; returns a batch unchanged."""
        ...

    def open_capture(self, path: Path, block: int) -> CaptureBlocks:
        """Opens a capture to be read in blocks of at most `block` messages. Raises `OSError` if it can't be opened."""
        ...

    def run(self, batch: Any, start: int, until_ns: int, react: "Reaction | None", *, timed: bool) -> int:
        """Runs the messages of a batch from index `start`; returns the index after the last one run.

        It stops before a message at or after `until_ns`. After a message that changed best prices it calls
        `react(now_ns, places)`, with the places in `markets` in order of change, and goes on until the time that this
        returns, or stops if that is 0; or it does itself what `Reaction` says. It also stops after a message that
        had a mark price (see `marks`), without calling `react` for it. `timed` turns on stage timing. Raises what the
        feed raises for a rejected message, and what `react` raises.
        """
        ...

    def changed(self) -> Sequence[int]:
        """The places in `markets` whose best prices the last message changed, if it had a mark price, in order."""
        ...

    @property
    def marked(self) -> bool:
        """Whether the message that ended the last run had a mark price."""
        ...

    def marks(self) -> Sequence[MarkPrice]:
        """The mark prices of the message that ended the last run."""
        ...

    def take_conflated(self) -> Sequence[MarketEvent]:
        """Returns what an idle router has to know of the messages run since the last call: see `Router.idle`."""
        ...

    def take_times(self) -> Mapping[str, tuple[Mapping[int, int], int, int]]:
        """Returns the times measured since the last call: counts by bucket of `Histogram`, their sum and maximum.

        "fused" is feed and book together, "strategy" the calls that the run made itself; "whole_path" covers the
        messages at which it didn't stop. The buckets are those of `mainspring.telemetry.Histogram`.
        """
        ...


class Decoder(Protocol):
    """Makes a feed from a declaration. Every decoder gives the same events, counts and errors for the same messages.

    Errors of rejected messages have the text of the Python decoder, which names the field at fault.

    The feed may have a method `fuse`, called as `fuse(context)` with a `FuseContext`. It returns a `Fused`, or None if
    it can't work on books of that kind.

    The decoder itself may have a method `frames`, which is called without arguments for each connection of a live feed.
    It returns what decodes its WebSocket frames, as `mainspring.wire.FrameDecoder` does, which is used otherwise.
    """

    def __call__(self, declared: Any, context: FeedContext) -> Feed:
        """Returns the feed that a `WireFeed` declares. Raises `ConfigError` if this decoder can't run it."""
        ...


@hookspec
def register_decoders(catalogue: Catalogue) -> None:
    """Offers decoders for declared feeds.

    Called once, when the registry loads. Add each decoder with `catalogue.add(name, factory, summary=...)`; the
    factory is called as `factory(declared, context)` with a `mainspring.wire.WireFeed` and a
    `mainspring.seams.FeedContext`, once per lane, and implements `mainspring.seams.Decoder`.
    `mainspring.testing.check_decoder` checks that it does.

    Capabilities: `in_runs` (bool, default False): its feeds fuse, and the runs can work off orders themselves.
    """
