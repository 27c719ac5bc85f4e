"""The order flow of the simulated market's traders."""

import random

from mainspring.model import Instrument, Side
from mainspring_plugins.simulated_market.calibration import (
    BANDS,
    DEEP_LOTS,
    DISTANCE_TICKS,
    NEAR_LOTS,
    OPEN_TICKS,
    QUIET_CHANGES,
    QUOTE_LOTS,
    TAKER_LOTS,
)
from mainspring_plugins.simulated_market.clusters import HawkesTimes
from mainspring_plugins.simulated_market.inverse_cdf import BITS, MASK, expand
from mainspring_plugins.simulated_market.options import SimulatedOptions
from mainspring_plugins.simulated_market.venue import SimulatedVenue

__all__ = ["OrderFlow"]

_BUY, _SELL = Side.BUY, Side.SELL
_DEPTH_NS = 100_000_000
_REQUOTE_NS = 55_000_000
"""Into the 100 ms that a depth message covers, the quotes that move of themselves do so."""

_SNAPSHOT_AFTER = 4
"""The snapshot is taken while the venue gathers that depth message, and arrives behind it."""

# Chances out of 256 for an event near the best price; what is left adds to or cancels at the best price.
_IMPROVE = 140
_IMPROVE_WIDE = 60
_TAKE = 25
_TAKE_THIN = 50

_WIDE_TICKS = 200
"""From here on a spread is closed slowly."""

_THIN_LOTS = 8_000
"""A best price with no more than this behind it draws takers."""

_SIDE_REPEATS = 24_000
"""Out of 65,536: that a taker takes the side that the taker before took."""

_NEAR_ORDERS = 64
"""Of how many orders at the best price of a side the flow keeps track; the oldest then join the others."""

_USUAL_LOTS = 250_000
"""The size at the best price that adding and cancelling tend to."""

_PUSH = 400
"""Out of 4,096: by how much more the side that is being taken from is cancelled, and the other added to."""

_PROTECTION_TICKS = 6_000
"""How far beyond the best price an order that takes may go."""

_CALM = 16
"""The unrest below which quotes away from the best price wait for the next 100 ms."""

_JOINING = 31
"""One in this many plus one new quotes joins an existing level."""

_FLEETING = 15
"""One in this many plus one cancels hits the quote that was placed last."""

_LEAST_LEVELS = 100
"""If a side has no more levels than this, nothing takes from it or cancels there."""


class OrderFlow:
    """One instrument's market: zero-intelligence traders at Hawkes times, trading at the venue.

    Prices are drawn by their distance from the best price (Farmer, Patelli and Zovko 2005, The predictive power of
    zero intelligence in financial markets): traders don't know where the price should be. Events near the best price
    excite one another (`HawkesTimes`): orders that take, orders that narrow the spread, orders and cancels at the best
    price. Each triggers quotes farther away over the next 100 ms or so, in addition to a steady flow of these.

    `instruments` is the number of instruments in the session. Every pool of quotes tends to a size of its own, and a
    weak lean against the price's move since the open keeps it within a few per cent: a session of any length stays
    like its first minutes.
    """

    def __init__(
        self, instrument: Instrument, index: int, instruments: int, options: SimulatedOptions, open_ticks: int
    ) -> None:
        rng = random.Random(f"{options.seed}:{index}:{instrument.symbol}")  # noqa: S311  a simulation, no secret
        start_ns = options.start_ns
        scale = min(1.0, open_ticks / OPEN_TICKS)
        self.venue = SimulatedVenue(instrument, start_ns, open_ticks, _USUAL_LOTS, wrapped_snapshot=instruments > 1)
        self._times = HawkesTimes(rng, start_ns, options.rate)
        self._getrandbits = rng.getrandbits
        self._near_lots = expand(NEAR_LOTS, least=1)
        self._taker_lots = expand(TAKER_LOTS, least=1)
        self._quiet = expand(QUIET_CHANGES, scale=options.rate)
        self._protection_ticks = max(1, int(_PROTECTION_TICKS * scale))
        self._pools: tuple[list[int], ...] = tuple([] for _ in BANDS)
        self._kinds = _kinds_of_quotes(scale, self._pools)
        self._near: dict[Side, list[int]] = {_BUY: [], _SELL: []}
        self._open_ticks = open_ticks
        self._lean = 1 << 15
        self._unrest = 0
        self._taker_side = _BUY
        # Instruments publish their depth at different moments, so that they don't all burden the same one.
        self._published = -1
        self._publishes_next = True
        self._chore_ns = start_ns + _DEPTH_NS * index // instruments
        self._snapshot = b""
        self._fill_book()

    def advance(self, until_ns: int) -> list[tuple[int, bytes]]:
        """Runs all events before `until_ns`. Returns the messages with their sending times, in order."""
        venue, times = self.venue, self._times
        while True:
            now_ns = min(times.next_ns, self._chore_ns)
            if now_ns >= until_ns:
                break
            venue.now_ns = now_ns
            if now_ns == self._chore_ns:
                self._do_chore()
                continue
            if self._unrest >= _CALM:
                self._move_quotes(self._unrest >> 4)
            excited = self._action()
            if excited:
                times.excite(excited)
            times.advance()
        sent = venue.sent
        venue.sent = []
        return sent

    def _do_chore(self) -> None:
        """By turns: quotes move of themselves, and what moved is published."""
        if self._publishes_next:
            self.venue.publish_depth()
            self._lean = self._leaning()
            self._published += 1
            if self._published == _SNAPSHOT_AFTER:
                self.venue.sent.append((self.venue.now_ns, self._snapshot))
            self._chore_ns += _REQUOTE_NS
        else:
            if self._published == _SNAPSHOT_AFTER - 1:
                self._snapshot = self.venue.snapshot()
            self._move_quotes(self._quiet[self._getrandbits(BITS)] + (self._unrest * 3 >> 3))
            self._chore_ns += _DEPTH_NS - _REQUOTE_NS
        self._publishes_next = not self._publishes_next

    def _leaning(self) -> int:
        """Out of 65,536: the chance that a choice of direction is downward. A half where the price opened."""
        away = (self.venue.bid_ticks - self._open_ticks) / self._open_ticks
        return int(65_536 * min(0.8, max(0.2, 0.5 + 5.0 * away)))

    def _action(self) -> int:
        """One event near the best price. Gives how many more events it excites beyond its share."""
        bits = self._getrandbits(32)
        venue = self.venue
        self._unrest += 3
        spread_ticks = venue.ask_ticks - venue.bid_ticks
        if spread_ticks > 1 and bits & 255 < (_IMPROVE if spread_ticks < _WIDE_TICKS else _IMPROVE_WIDE):
            self._improve(bits >> 8)
            return 0
        hit_lots = venue.bid_lots if self._taker_side is _SELL else venue.ask_lots
        if bits >> 8 & 255 < (_TAKE if hit_lots > _THIN_LOTS else _TAKE_THIN):
            return self._take(bits >> 16)
        self._resize(bits >> 16)
        return 0

    def _improve(self, bits: int) -> None:
        """A new best price within the spread: mostly right at the other side, else anywhere between."""
        venue = self.venue
        room = venue.ask_ticks - venue.bid_ticks - 1
        step = room if bits & 3 else 1 + self._getrandbits(31) % room
        lots = self._near_lots[bits >> 2 & MASK]
        if self._getrandbits(16) < self._lean:
            self._quote_near(_SELL, venue.ask_ticks - step, lots)
        else:
            self._quote_near(_BUY, venue.bid_ticks + step, lots)

    def _take(self, bits: int) -> int:
        """An order that takes. Gives how many more events it excites: the farther the price went, the more."""
        choice = self._getrandbits(32)
        if choice >> 16 >= _SIDE_REPEATS:
            self._taker_side = _SELL if choice & 65_535 < self._lean else _BUY
        side = self._taker_side
        venue = self.venue
        other = _SELL if side is _BUY else _BUY
        if venue.engine.level_count(other) <= _LEAST_LEVELS:
            return 0
        before = venue.ask_ticks if side is _BUY else venue.bid_ticks
        worst = before + side * self._protection_ticks
        trades = venue.take(side, max(1, worst), self._taker_lots[bits & MASK], quote_first=bits >> BITS & 1 == 1)
        moved = abs((venue.ask_ticks if side is _BUY else venue.bid_ticks) - before)
        self._unrest += min(1_000, 2 * trades + moved // 5)
        return min(20, moved // 150)

    def _resize(self, bits: int) -> None:
        """An order more or less at the best price. The side that takers hit is left, the other is joined."""
        venue = self.venue
        if bits >> BITS & 1:
            side, lots, price_ticks = _BUY, venue.bid_lots, venue.bid_ticks
        else:
            side, lots, price_ticks = _SELL, venue.ask_lots, venue.ask_ticks
        # Out of 4,096: half, an eighth more or less by how far the size is from the usual, and the push of the takers.
        adds = 2_048 + min(512, max(-512, (_USUAL_LOTS - lots) >> 8)) + (_PUSH if side is self._taker_side else -_PUSH)
        if bits & MASK >= adds and venue.engine.level_count(side) > _LEAST_LEVELS:
            near = self._near[side]
            if bits >> BITS & 2 and near:
                position = self._getrandbits(16) % len(near)
                order_id = near[position]
                near[position] = near[-1]
                near.pop()
                if venue.cancel(order_id):
                    return
            venue.cancel(venue.oldest_at_best(side))
        else:
            self._quote_near(side, price_ticks, self._near_lots[self._getrandbits(BITS)])

    def _quote_near(self, side: Side, price_ticks: int, lots: int) -> None:
        near = self._near[side]
        near.append(self.venue.place(side, price_ticks, lots))
        if len(near) > _NEAR_ORDERS:
            self._pools[0].append(near.pop(0))

    def _move_quotes(self, changes: int) -> None:
        """Places or cancels `changes` quotes away from the best price, with equal chances.

        This is most of the generator's work: two draws of random bits and one call of the venue per change.
        """
        self._unrest -= min(self._unrest, changes)
        venue, getrandbits, kinds = self.venue, self._getrandbits, self._kinds
        place, cancel, order_of = venue.place, venue.cancel, venue.engine.order
        for _ in range(changes):
            bits = getrandbits(32)
            more = getrandbits(32)
            distance_ticks, pool, target, lots = kinds[bits & MASK]
            held = len(pool)
            if (bits >> BITS) * target >= (2 * target - held) << 19:
                position = held - 1 if more & _FLEETING == 0 else (more * held) >> 32
                order_id = pool[position]
                pool[position] = pool[-1]
                pool.pop()
                cancel(order_id)
                continue
            if more >> 1 & _JOINING == 0 and held and (order := order_of(pool[(more >> 18) % held])):
                queue = order.queue
                assert queue is not None
                side, price_ticks = queue.side, queue.price_ticks
            elif more & 1:
                side, price_ticks = _BUY, venue.bid_ticks - distance_ticks
                if price_ticks <= 0:
                    price_ticks = 1
            else:
                side, price_ticks = _SELL, venue.ask_ticks + distance_ticks
            pool.append(place(side, price_ticks, lots[more >> 6 & MASK]))

    def _fill_book(self) -> None:
        """The book that the session opens with: every pool as full as it tends to be."""
        getrandbits, venue = self._getrandbits, self.venue
        for pool in self._pools:
            kinds = [kind for kind in self._kinds if kind[1] is pool]
            for _ in range(kinds[0][2]):
                bits = getrandbits(32)
                distance_ticks, _, _, lots = kinds[(bits >> 1 & MASK) * len(kinds) >> BITS]
                # The table has few of the far distances: without this, many would fall on one level.
                distance_ticks += distance_ticks * (getrandbits(32) >> 22) >> 13
                if bits & 1:
                    order_id = venue.place(_BUY, max(1, venue.bid_ticks - distance_ticks), lots[bits >> 13 & MASK])
                else:
                    order_id = venue.place(_SELL, venue.ask_ticks + distance_ticks, lots[bits >> 13 & MASK])
                pool.append(order_id)
        venue.open()


def _kinds_of_quotes(scale: float, pools: tuple[list[int], ...]) -> list[tuple[int, list[int], int, tuple[int, ...]]]:
    """What to do for each entry of the table of distances: the distance, the pool, its usual size, the sizes in it."""
    kinds = []
    for ticks, scaled in zip(expand(DISTANCE_TICKS), expand(DISTANCE_TICKS, scale=scale, least=1), strict=True):
        band = next(band for band, (below, _) in enumerate(BANDS) if ticks < below)
        lots = expand(DEEP_LOTS if band == len(BANDS) - 1 else QUOTE_LOTS, least=1)
        kinds.append((scaled, pools[band], BANDS[band][1], lots))
    return kinds
