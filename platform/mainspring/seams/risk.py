"""The risk seam: may this order go out?"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from mainspring.model import Instrument, NewOrder, Refusal, SlippageEstimate
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import AccountView, MarketView, OpenOrder

__all__ = ["ClockReading", "Lots", "RiskCheck", "RiskSession", "register_risk_checks"]


class RiskCheck(Protocol):
    """One rule about orders. It fails closed: if it can't decide, it refuses.

    A check that has to know more than one order also defines some of these methods; what it doesn't define costs
    nothing. None of them may raise.

    - `bind(session: RiskSession)` is called once, before anything else.
    - `on_order(order: NewOrder)`: a new order, or what would remain of one that is to be changed, comes to the checks,
      whatever they say of it.
    - `on_sent(request: OrderRequest)`: an approved request (a new order, replace or cancel) goes to the router now.
    - `on_event(event: OrderEvent)`: a venue reported something of an order. Orders and positions know of it already.
    - `adopt(before)`: a limit is changed while the session runs. The new check takes over from `before`, the check of
      the same class that it stands in for, whatever that has counted. A check that counts and can't adopt isn't
      changed.
    - `save()` and `restore(saved)`: what has to outlast a restart and doesn't follow from what was sent and reported,
      such as the best profit so far. It is text, numbers, lists and mappings by text, and is journalled when it has
      changed. After a crash `restore` gets what was saved last. A check without them hears again, by `on_sent` and
      `on_event`, what was sent and reported before, while the session shows the time of then.
    - `wants_clock`: True if it reads `RiskSession.clock`, so that a live session compares clocks.
    - `hears_in_runs`: True if a fused run that trades may call `on_sent` and `on_event` itself, in its middle, where it
      can't know that they change nothing. A check that listens without it ends each run at each request and report.
    - `lift()`: a person allows orders again that the check has stopped until then. Returns whether it had.

    Two attributes, of the class or set before the end of `bind`, spare calls. Each is the text of a Python expression
    over `self`, `order`, `market`, `account`, `session` (what `bind` gave) and `mainspring.seams.CONDITION_READS`,
    which the gate evaluates in place; None is none.

    - `passes_if` holds only for orders that `check` would let pass. Where it doesn't hold, `check` decides.
    - `unmoved_if` holds only where `on_order` would change nothing. Then that isn't called.

    Requests and events are those of the check's instrument, or of all if it is made once for all: see
    `register_risk_checks`.
    """

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Returns None to let the order pass, or a `Refusal` with the check's name as reason and the figures as detail.

        A change of an order is checked as the order that would remain of it, and `account` is then without what it
        replaces. `order.size_lots` is what the order would add. It must not raise, and must not keep state that depends
        on whether it is asked, since another check may have refused before: `on_order` gets all orders, and `on_sent`
        what was sent.
        """
        ...


class Lots(NamedTuple):
    """What is held in an instrument, and what the venue may still fill of our orders there. Short is negative."""

    position: int
    open_buy: int
    open_sell: int


class ClockReading(NamedTuple):
    """What a driver found when it last compared clocks, at `taken_ns` of the lane's time.

    `lag_ns` is how far the newest message's receive time is behind the wall clock, and `skew_ns` how far the wall clock
    is off its reference, None if nothing says. It is valid until `valid_until_ns` of the lane's time.
    """

    taken_ns: int
    lag_ns: int
    skew_ns: int | None
    valid_until_ns: int


class RiskSession(Protocol):
    """What checks see of the lane, besides the order's own market and account. It is live, and they only read it.

    While a change of an order is checked, `changed` is that order, and all counts are without what it replaces.
    Instruments go by their index in the lane.
    """

    @property
    def now_ns(self) -> int:
        """The lane's time."""
        ...

    @property
    def instruments(self) -> Sequence[Instrument]:
        """All instruments of the lane."""
        ...

    @property
    def changed(self) -> OpenOrder | None:
        """The order that the request at hand would change; None for a new order."""
        ...

    @property
    def estimate(self) -> SlippageEstimate | None:
        """What the slippage model expects the order at hand to cost. None outside of `check`."""
        ...

    @property
    def clock(self) -> ClockReading | None:
        """What the driver last found when it compared clocks; None if it never did."""
        ...

    def market(self, instrument: int) -> MarketView:
        """Returns the market of an instrument."""
        ...

    def lots(self, instrument: int, strategy: str | None = None) -> Lots:
        """Returns what is held and may still be filled in an instrument, of one strategy or of all.

        For a strategy it costs a look at each of its open orders there.
        """
        ...

    def order(self, order_id: int) -> OpenOrder | None:
        """Returns one of our orders; None if it isn't known, or ended long ago."""
        ...

    def open_orders(self, instrument: int, strategy: str | None = None) -> Iterable[OpenOrder]:
        """Returns the orders that may still be filled in an instrument, of one strategy or of all."""
        ...

    def count_open(self, instrument: int, strategy: str | None = None) -> int:
        """Returns how many these are."""
        ...

    def net_profit_ppb(self, instrument: int) -> int | None:
        """Returns the profit of the session in an instrument, after fees and funding in its own currency.

        It is in billionths of a value unit (what a lot is worth at one tick; for an inverse contract 1e-30 of lots per
        tick), rounded down. None if something is held that has no mark.
        """
        ...

    def venue(self, instrument: int) -> int:
        """Returns the number of the instrument's venue: instruments of one number share a connection."""
        ...

    def connected(self, instrument: int) -> bool:
        """Returns whether the connection to the instrument's venue is up."""
        ...

    def cancel(self, order_id: int) -> None:
        """Asks for the cancel of an open order, which is sent right after the decision on the request at hand."""
        ...


@hookspec
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers risk checks.

    Called once, when the registry loads. Add each check with `catalogue.add(name, factory, summary=..., options=...)`.
    The name, with underscores, is the check's key in the `[risk]` table: `max_order_notional = 10_000` sets the field
    `limit` of the options; a table there (`[risk.name]`) sets the options by field. The factory is called as
    `factory(instrument, options=...)`, once per instrument, and returns an object that implements
    `mainspring.seams.RiskCheck`. A check that the config doesn't name isn't created.

    While a session runs, its options can be changed. Options with a method `loosens(before) -> bool` say whether they
    let something pass that `before` doesn't; without it, every change counts as one that does, and has to be confirmed.

    Capabilities: `required` (bool, default False): until the config sets a value for this check, every order is
    refused with the reason "limit-not-set". `across_instruments` (bool, default False): the check also depends on
    other instruments. It is made once for a lane, as `factory(instruments, options=...)`; a session of several lanes,
    in which it would see only some of them, is refused. `in_runs` (bool, default False): the fused runs of our native
    decoder know the check themselves.
    """
