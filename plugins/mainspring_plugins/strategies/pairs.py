"""Pairs: trades one market against another when the spread between them is stretched."""

import math
from collections import deque
from decimal import Decimal
from fractions import Fraction

import msgspec

from mainspring.errors import ConfigError
from mainspring.model import OrderEvent, Rejected
from mainspring.seams import Catalogue, OrderHandle, Session, State, StrategyMarket, hookimpl

__all__ = ["Pairs", "PairsOptions"]

_MOST_S = 31_622_400.0
"""A year."""

_MOST_MS = 1_000_000_000
_MOST_SAMPLES = 1_000_000


class PairsOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the pairs strategy.

    `first` and `second` name the two markets, by default the first two of the session; `first_size` and `second_size`
    are the positions taken in them, in base currency or contracts. The spread is the first mid price less `ratio` times
    the second, sampled every `sample_ms`; its mean and standard deviation are those of the last `window` samples.

    A pair of positions is opened when the spread is `enter_z` standard deviations or more from its mean, the dear
    market short and the cheap one long. It is closed when the spread has come back to `exit_z` or less, or after
    `max_holding_s` seconds. If only one leg fills, the other is tried for `leg_timeout_ms`; then both are closed. After
    a refused order nothing is requested in that market for `retry_ms`.
    """

    first_size: Decimal
    second_size: Decimal
    first: str = ""
    second: str = ""
    ratio: Decimal = Decimal(1)
    window: int = 300
    sample_ms: int = 1_000
    enter_z: float = 2.0
    exit_z: float = 0.5
    max_holding_s: float = 600.0
    leg_timeout_ms: int = 2_000
    retry_ms: int = 250

    def __post_init__(self) -> None:
        if not 0 <= self.exit_z < self.enter_z < math.inf:
            raise ValueError(f"0 <= exit_z < enter_z must hold, and they are {self.exit_z} and {self.enter_z}")
        if not 2 <= self.window <= _MOST_SAMPLES:
            raise ValueError(f"window must be from 2 to {_MOST_SAMPLES:,}, not {self.window}")
        if not self.ratio.is_finite() or self.ratio <= 0:
            raise ValueError(f"ratio must be above zero, not {self.ratio}")
        if not 0 < self.max_holding_s <= _MOST_S:
            raise ValueError(f"max_holding_s must be above 0 and at most {_MOST_S:,.0f}, not {self.max_holding_s}")
        for name, least in (("sample_ms", 1), ("leg_timeout_ms", 0), ("retry_ms", 0)):
            if not least <= getattr(self, name) <= _MOST_MS:
                raise ValueError(f"{name} must be from {least} to {_MOST_MS:,}, not {getattr(self, name)}")


class _Spread:
    """The spread's last samples. Sums are whole numbers, so that they never drift."""

    def __init__(self, window: int, samples: list[int]) -> None:
        self.samples: deque[int] = deque(samples[-window:], maxlen=window)
        self._total = sum(self.samples)
        self._squares = sum(sample * sample for sample in self.samples)

    def add(self, sample: int) -> None:
        """Adds a sample, and forgets the oldest if the window is full."""
        samples = self.samples
        if len(samples) == samples.maxlen:
            oldest = samples[0]
            self._total -= oldest
            self._squares -= oldest * oldest
        samples.append(sample)
        self._total += sample
        self._squares += sample * sample

    def z(self) -> float | None:
        """The newest sample's distance from the mean in standard deviations; None until the window is full.

        Also None if all samples are alike.
        """
        count = len(self.samples)
        # The variance times count squared (less Bessel's correction), exact.
        scatter = count * self._squares - self._total * self._total
        if count < (self.samples.maxlen or 0) or not scatter:
            return None
        return (count * self.samples[-1] - self._total) / math.sqrt(scatter * count / (count - 1))


class _Leg:
    """One of the two positions: it sends orders, one at a time, until the position is what is wanted."""

    def __init__(self, market: StrategyMarket, size_lots: int, retry_ns: int) -> None:
        self.market = market
        self.size_lots = size_lots
        self.wanted_lots = 0
        self.quiet_until_ns = 0
        self._retry_ns = retry_ns

    @property
    def done(self) -> bool:
        """Whether the position is what is wanted, with nothing on its way."""
        return self.market.position_lots == self.wanted_lots and not self.market.open_orders

    def pursue(self) -> None:
        """Takes what is offered at the best price, up to the position that is wanted."""
        market = self.market
        missing_lots = self.wanted_lots - market.position_lots
        if not missing_lots or market.open_orders or market.now_ns < self.quiet_until_ns or not quoted(market):
            return
        if missing_lots > 0:
            market.buy(size_lots=missing_lots, price_ticks=market.ask_ticks, time_in_force="ioc")
        else:
            market.sell(size_lots=-missing_lots, price_ticks=market.bid_ticks, time_in_force="ioc")

    def pause(self) -> None:
        """Requests nothing for a while."""
        self.quiet_until_ns = self.market.now_ns + self._retry_ns


def quoted(market: StrategyMarket) -> bool:
    """Whether the market has two best prices that can be trusted."""
    return market.live and market.bid_lots > 0 and market.ask_lots > 0


class Pairs:
    """Holds a pair of opposite positions while the spread is stretched, and none otherwise.

    Orders are immediate or cancel, at the best price of the other side.
    """

    def __init__(self, *, options: PairsOptions) -> None:
        self._options = options
        self._saved: list[int] = []
        # 1: long the first and short the second; -1: the reverse; 0: flat.
        self._direction = 0
        # When the present pair was last complete or became wanted; until when a lone leg waits for the other.
        self._opened_ns = 0
        self._legs_until_ns = 0

    def load(self, state: State) -> None:
        """Takes an earlier session's samples, so that the window needn't fill again."""
        self._saved = [int(sample) for sample in state["samples"]]

    def on_start(self, session: Session) -> None:
        """Finds the two markets, and sets the timer of the samples."""
        options = self._options
        self._session = session
        first, second = self._markets(session)
        retry_ns = options.retry_ms * 1_000_000
        self._first = _Leg(first, first.lots(options.first_size, field="first_size"), retry_ns)
        self._second = _Leg(second, second.lots(options.second_size, field="second_size"), retry_ns)
        # Half a tick of each market in the largest unit that both are multiples of.
        first_unit = Fraction(first.instrument.tick_size) / 2
        second_unit = Fraction(second.instrument.tick_size) * Fraction(options.ratio) / 2
        common = math.lcm(first_unit.denominator, second_unit.denominator)
        self._first_weight = int(first_unit * common)
        self._second_weight = int(second_unit * common)
        self._spread = _Spread(options.window, self._saved)
        session.every(seconds=options.sample_ms / 1_000, call=self._on_sample)

    def on_bbo(self, market: StrategyMarket) -> None:
        """Tries again what a leg is missing."""
        if market is self._first.market:
            self._first.pursue()
        elif market is self._second.market:
            self._second.pursue()

    def on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        """Pauses a leg after a refused order: the same request would be refused again."""
        if isinstance(event, Rejected):
            for leg in (self._first, self._second):
                if leg.market is order.market:
                    leg.pause()

    def on_stop(self) -> None:
        """Reports what is still held."""
        for leg in (self._first, self._second):
            if leg.market.position_lots:
                self._session.log.warning("holds %s of %s at the end", leg.market.position, leg.market.name)

    def save(self) -> State:
        """Returns the samples of the spread."""
        return {"samples": list(self._spread.samples)}

    def _markets(self, session: Session) -> tuple[StrategyMarket, StrategyMarket]:
        options = self._options
        if len(session.markets) < 2:
            raise ConfigError(f"strategy {session.name}: pairs needs two markets, and the session has one")
        first = session.market(options.first) if options.first else session.markets[0]
        second = session.market(options.second) if options.second else session.markets[1]
        if first is second:
            raise ConfigError(f"strategy {session.name}: first and second are both {first.name}")
        return first, second

    def _on_sample(self) -> None:
        """Samples the spread, and opens, closes or completes the pair."""
        first, second = self._first.market, self._second.market
        z: float | None = None
        if quoted(first) and quoted(second):
            first_mid = first.bid_ticks + first.ask_ticks
            second_mid = second.bid_ticks + second.ask_ticks
            self._spread.add(self._first_weight * first_mid - self._second_weight * second_mid)
            z = self._spread.z()
        now_ns = self._session.now_ns
        if self._direction:
            self._reconsider(z, now_ns)
        elif z is not None and abs(z) >= self._options.enter_z and self._first.done and self._second.done:
            self._opened_ns = now_ns
            self._legs_until_ns = now_ns + self._options.leg_timeout_ms * 1_000_000
            self._want(-1 if z > 0 else 1)
            self._session.log.info("opens at %.2f standard deviations", z)
        self._first.pursue()
        self._second.pursue()

    def _reconsider(self, z: float | None, now_ns: int) -> None:
        """Closes the pair if its reason has gone, its time is up, or a leg can't be had."""
        if not (self._first.done and self._second.done):
            if now_ns >= self._legs_until_ns:
                self._session.log.warning("closes, because one leg didn't fill in time")
                self._want(0)
        elif now_ns - self._opened_ns >= self._options.max_holding_s * 1e9:
            self._session.log.info("closes after the longest holding time")
            self._want(0)
        # It comes back from below if we are long the spread, from above if we are short.
        elif z is not None and z * self._direction >= -self._options.exit_z:
            self._session.log.info("closes at %.2f standard deviations", z)
            self._want(0)

    def _want(self, direction: int) -> None:
        self._direction = direction
        self._first.wanted_lots = direction * self._first.size_lots
        self._second.wanted_lots = -direction * self._second.size_lots


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add(
        "pairs",
        Pairs,
        summary="trades two markets against each other when their spread is stretched",
        options=PairsOptions,
        capabilities={"across_instruments": True, "instruments": 2},
    )
