"""The lane: one run-to-completion pipeline over some instruments. It knows neither pluggy nor the registry."""

from mainspring.lane.arrival import ArrivalPrice
from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.gateway import Gateway, Outbox
from mainspring.lane.lane import Lane
from mainspring.lane.market import Market
from mainspring.lane.order_manager import OrderManager, Trading
from mainspring.lane.statistics import StatisticsOptions, StreamStatistics
from mainspring.lane.tally import HORIZONS_NS, CostTally, FillRecord, InstrumentTally, cost_bps
from mainspring.lane.timing import FUSED, LaneStages
from mainspring.lane.trace import Trace

__all__ = [
    "FUSED",
    "HORIZONS_NS",
    "ArrivalPrice",
    "BoundStrategy",
    "CostTally",
    "FillRecord",
    "Gateway",
    "InstrumentTally",
    "Lane",
    "LaneStages",
    "Market",
    "OrderManager",
    "Outbox",
    "StatisticsOptions",
    "StreamStatistics",
    "Trace",
    "Trading",
    "cost_bps",
]
