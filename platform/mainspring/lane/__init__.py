"""The lane: one run-to-completion pipeline over some instruments. It knows neither pluggy nor the registry."""

from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.gateway import Gateway, Outbox
from mainspring.lane.lane import Lane
from mainspring.lane.market import Market
from mainspring.lane.order_manager import ArrivalPrice, OrderManager, Trading
from mainspring.lane.statistics import StatisticsOptions, StreamStatistics
from mainspring.lane.tally import CostTally, InstrumentTally, realised_cost_bps
from mainspring.lane.timing import FUSED, LaneStages
from mainspring.lane.trace import Trace

__all__ = [
    "FUSED",
    "ArrivalPrice",
    "BoundStrategy",
    "CostTally",
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
    "realised_cost_bps",
]
