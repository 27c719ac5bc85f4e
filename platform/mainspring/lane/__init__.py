"""The lane: one run-to-completion pipeline over some instruments. It knows neither pluggy nor the registry."""

from mainspring.lane.desk import Desk, Priced, Trading
from mainspring.lane.gateway import Gateway, Outbox
from mainspring.lane.lane import Lane
from mainspring.lane.market import Market
from mainspring.lane.statistics import StatisticsOptions, StreamStatistics
from mainspring.lane.tally import CostTally, InstrumentTally, realised_cost_bps
from mainspring.lane.timing import FUSED, LaneStages
from mainspring.lane.trace import Trace
from mainspring.lane.wakes import BoundStrategy

__all__ = [
    "FUSED",
    "BoundStrategy",
    "CostTally",
    "Desk",
    "Gateway",
    "InstrumentTally",
    "Lane",
    "LaneStages",
    "Market",
    "Outbox",
    "Priced",
    "StatisticsOptions",
    "StreamStatistics",
    "Trace",
    "Trading",
    "realised_cost_bps",
]
