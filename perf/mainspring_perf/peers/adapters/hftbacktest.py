"""hftbacktest: a compiled strategy called at each event, over the vector book of a region of interest.

This is the fastest setup of its documentation: the ROI vector book, here 5% around the trades, `wait_next_feed` in a
compiled loop, no order latency. It calls once for all events of the same time, so each event gets a time of its own.
Preparing a run (its data is copied in) is part of a pass.
"""

from collections.abc import Callable
from typing import Any

import hftbacktest as hft
import numba
import numpy as np

from mainspring_perf.peers.contract import BUY, EVENT_FIELDS, LEVEL, TRADE, Answer, Candidates, Inputs, Prepared

__all__ = ["CANDIDATES", "make_backtest"]

_CLEAR = 2
_REGION = 0.05


def make_backtest(events: Any, tick: float, lot: float) -> Callable[[], tuple[int, int, int]]:
    """Returns a run over events (columns by name, as in `EVENT_FIELDS`): callbacks, best bid and best ask at the end.

    `tick` and `lot` are the instrument's tick and lot size.
    """
    kinds = np.zeros(TRADE + 1, np.uint64)
    kinds[[LEVEL, TRADE, _CLEAR]] = [hft.DEPTH_EVENT, hft.TRADE_EVENT, hft.DEPTH_CLEAR_EVENT]
    theirs = np.zeros(len(events["kind"]), hft.types.event_dtype)
    sides = np.where(events["side"] >= BUY, hft.BUY_EVENT, hft.SELL_EVENT).astype(np.uint64)
    # A clearing without a side is one of both.
    sides[events["side"] == 0] = hft.BUY_EVENT | hft.SELL_EVENT
    theirs["ev"] = kinds[events["kind"]] | sides | np.uint64(hft.EXCH_EVENT | hft.LOCAL_EVENT)
    theirs["exch_ts"] = theirs["local_ts"] = events["time_ns"][0] + np.arange(len(theirs))
    theirs["px"], theirs["qty"] = events["price_ticks"] * tick, events["size_lots"] * lot
    trades = theirs["px"][events["kind"] == TRADE]
    low, high = float(trades.min()) * (1 - _REGION), float(trades.max()) * (1 + _REGION)

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
            hft.BacktestAsset()
            .data([theirs])
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
            .tick_size(tick)
            .lot_size(lot)
            .roi_lb(low)
            .roi_ub(high)
            .last_trades_capacity(0)
        )
        hbt = hft.ROIVectorMarketDepthBacktest([asset])
        try:
            callbacks, bid_ticks, ask_ticks = compiled(hbt)
        finally:
            hbt.close()
        return int(callbacks), int(bid_ticks), int(ask_ticks)

    return run


def _replay(inputs: Inputs) -> Prepared:
    values = np.fromfile(inputs.events_path, np.int64).reshape(-1, len(EVENT_FIELDS))
    events = {name: values[:, field] for field, name in enumerate(EVENT_FIELDS)}
    instrument = inputs.read("instrument")
    return Prepared(make_backtest(events, float(instrument["tick_size"]), float(instrument["lot_size"])), _answer)


def _answer(ended: tuple[int, int, int]) -> Answer:
    callbacks, bid_ticks, ask_ticks = ended
    return {"callbacks": callbacks, "best": [bid_ticks, ask_ticks]}


CANDIDATES: Candidates = {"replay": {"compiled strategy, ROI vector book": _replay}}
