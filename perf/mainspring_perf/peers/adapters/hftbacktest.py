"""hftbacktest: compiled strategies, one called at each event and one that quotes, over its vector book of a region.

This is the fastest setup of its documentation: the ROI vector book, here 5% around the trades, and `wait_next_feed` in
a compiled loop. The watcher has no order latency; hftbacktest calls once for all events of the same time, so each event
gets a time of its own. The maker is called once a message, quotes with a latency, fees, partial fills and a
queue model by the power of the queue, and cancels what it knows to be open. Preparing a run (its data is copied in) is
part of a pass.
"""

from collections.abc import Callable
from typing import Any

import hftbacktest as hft
import numba
import numpy as np

from mainspring_perf.peers.contract import BUY, CLEAR, EVENT_FIELDS, LEVEL, TRADE, Answer, Candidates, Inputs, Prepared

__all__ = ["CANDIDATES", "make_backtest", "make_maker"]

_REGION = 0.05
_LATENCY_NS = 250_000
_POWER = 3.0
_FEE = 0.001


def _data(events: Any, tick: float, lot: float) -> Any:
    """The events as hftbacktest has them."""
    kinds = np.zeros(TRADE + 1, np.uint64)
    kinds[[LEVEL, TRADE, CLEAR]] = [hft.DEPTH_EVENT, hft.TRADE_EVENT, hft.DEPTH_CLEAR_EVENT]
    theirs = np.zeros(len(events["kind"]), hft.types.event_dtype)
    sides = np.where(events["side"] >= BUY, hft.BUY_EVENT, hft.SELL_EVENT).astype(np.uint64)
    # A clearing without a side is one of both; with both sides it would be the bids' alone.
    sides[events["kind"] == CLEAR] = 0
    theirs["ev"] = kinds[events["kind"]] | sides | np.uint64(hft.EXCH_EVENT | hft.LOCAL_EVENT)
    theirs["exch_ts"] = theirs["local_ts"] = events["time_ns"]
    theirs["px"], theirs["qty"] = events["price_ticks"] * tick, events["size_lots"] * lot
    return theirs


def _asset(theirs: Any, tick: float, lot: float) -> Any:
    trades = theirs["px"][(theirs["ev"] & np.uint64(0xFF)) == hft.TRADE_EVENT]
    low, high = float(trades.min()) * (1 - _REGION), float(trades.max()) * (1 + _REGION)
    asset = hft.BacktestAsset().data([theirs]).linear_asset(1.0).tick_size(tick).lot_size(lot)
    return asset.roi_lb(low).roi_ub(high).last_trades_capacity(0)


def make_backtest(events: Any, tick: float, lot: float) -> Callable[[], tuple[int, int, int]]:
    """Returns a run over events (columns by name, as in `EVENT_FIELDS`): callbacks, best bid and best ask at the end.

    `tick` and `lot` are the instrument's tick and lot size.
    """
    theirs = _data(events, tick, lot)
    theirs["exch_ts"] = theirs["local_ts"] = events["time_ns"][0] + np.arange(len(theirs))

    def loop(hbt: Any) -> Any:
        callbacks, spreads = 0, 0
        depth = hbt.depth(0)
        # 2 for an event, 1 for the last one.
        found = 2
        while found == 2:
            found = hbt.wait_next_feed(False, 1_000_000_000_000)
            callbacks += 1
            spreads += depth.best_ask_tick - depth.best_bid_tick
        return callbacks, depth.best_bid_tick, depth.best_ask_tick

    compiled: Any = numba.njit(loop)

    def run() -> tuple[int, int, int]:
        asset = (
            _asset(theirs, tick, lot)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
        )
        hbt = hft.ROIVectorMarketDepthBacktest([asset])
        try:
            callbacks, bid_ticks, ask_ticks = compiled(hbt)
        finally:
            hbt.close()
        return int(callbacks), int(bid_ticks), int(ask_ticks)

    return run


def make_maker(events: Any, tick: float, lot: float, size: float) -> Callable[[], tuple[int, int, int]]:
    """Returns a run of the maker over events, as `make_backtest`: quotes, best bid and best ask at the end.

    `tick` and `lot` are the instrument's tick and lot size, `size` that of each quote, in base currency.
    """
    theirs = _data(events, tick, lot)
    nowhere = 1 << 48

    def loop(hbt: Any, tick: float, size: float) -> Any:
        depth, orders = hbt.depth(0), hbt.orders(0)
        bid_ticks, ask_ticks, bid_id, ask_id, quotes = 0, 0, 0, 0, 0
        found = 2
        while found == 2:
            found = hbt.wait_next_feed(False, 1_000_000_000_000_000)
            bid, ask = depth.best_bid_tick, depth.best_ask_tick
            if bid <= 0 or ask >= nowhere or (bid == bid_ticks and ask == ask_ticks):
                continue
            hbt.clear_inactive_orders(0)
            if bid != bid_ticks:
                if orders.get(bid_id) is not None:
                    hbt.cancel(0, bid_id, False)
                quotes += 1
                bid_ticks, bid_id = bid, quotes
                hbt.submit_buy_order(0, bid_id, bid * tick, size, hft.GTC, hft.LIMIT, False)
            if ask != ask_ticks:
                if orders.get(ask_id) is not None:
                    hbt.cancel(0, ask_id, False)
                quotes += 1
                ask_ticks, ask_id = ask, quotes
                hbt.submit_sell_order(0, ask_id, ask * tick, size, hft.GTC, hft.LIMIT, False)
        return quotes, bid_ticks, ask_ticks

    compiled: Any = numba.njit(loop)

    def run() -> tuple[int, int, int]:
        asset = (
            _asset(theirs, tick, lot)
            .constant_order_latency(_LATENCY_NS, 0)
            .power_prob_queue_model(_POWER)
            .partial_fill_exchange()
            .trading_value_fee_model(_FEE, _FEE)
        )
        hbt = hft.ROIVectorMarketDepthBacktest([asset])
        try:
            quotes, bid_ticks, ask_ticks = compiled(hbt, tick, size)
        finally:
            hbt.close()
        return int(quotes), int(bid_ticks), int(ask_ticks)

    return run


def _events(inputs: Inputs) -> dict[str, Any]:
    values = np.fromfile(inputs.events_path, np.int64).reshape(-1, len(EVENT_FIELDS))
    return {name: values[:, field] for field, name in enumerate(EVENT_FIELDS)}


def _replay(inputs: Inputs) -> Prepared:
    instrument = inputs.read("instrument")
    run = make_backtest(_events(inputs), float(instrument["tick_size"]), float(instrument["lot_size"]))

    def answer(ended: tuple[int, int, int]) -> Answer:
        callbacks, bid_ticks, ask_ticks = ended
        return {"callbacks": callbacks, "best": [bid_ticks, ask_ticks]}

    return Prepared(run, answer)


def _maker(inputs: Inputs) -> Prepared:
    instrument, size = inputs.read("instrument"), float(inputs.read("maker")["size"])
    run = make_maker(_events(inputs), float(instrument["tick_size"]), float(instrument["lot_size"]), size)

    def answer(ended: tuple[int, int, int]) -> Answer:
        quotes, bid_ticks, ask_ticks = ended
        return {"quotes": quotes, "best": [bid_ticks, ask_ticks]}

    return Prepared(run, answer)


CANDIDATES: Candidates = {
    "replay": {"compiled strategy, ROI vector book": _replay},
    "maker": {"compiled strategy, ROI vector book": _maker},
}
