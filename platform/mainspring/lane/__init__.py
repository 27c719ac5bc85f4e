"""The lane: the kernel that turns events into effects. It knows neither pluggy nor the registry."""

from mainspring.lane.arrival import ArrivalPrice
from mainspring.lane.book_slot import BookSlot
from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.clock import LaneClock
from mainspring.lane.contingent_orders import ContingentOrders, last_trade
from mainspring.lane.events import (
    BookFill,
    CancelAll,
    ClearDiscrepancy,
    ClockCompared,
    Command,
    Connection,
    Disputed,
    Durable,
    Effects,
    Event,
    Execution,
    Flatten,
    FundingSettled,
    Kill,
    LiftCheck,
    LiftKill,
    Messages,
    Mode,
    ResolveOrder,
    RouterFailed,
    Send,
    SetFlag,
    SetLimit,
    SetMode,
    Started,
    Stopped,
    SwapPart,
    Time,
)
from mainspring.lane.execution_quality import ExecutionQuality
from mainspring.lane.feed_handler import FeedHandler
from mainspring.lane.flag_board import FlagBoard
from mainspring.lane.flag_control import FlagControl
from mainspring.lane.fused_quality import FusedQuality
from mainspring.lane.fused_strategy_market import FusedStrategyMarket
from mainspring.lane.lane import Lane
from mainspring.lane.market import Market
from mainspring.lane.order_manager import OrderManager
from mainspring.lane.order_terms import OrderTerms
from mainspring.lane.outbox import Outbox
from mainspring.lane.own_orders import OwnOrders
from mainspring.lane.own_timers import OwnTimers
from mainspring.lane.requests import Requests, Surplus
from mainspring.lane.risk_control import Outcome, Remade, RiskControl
from mainspring.lane.risk_history import RiskHistory
from mainspring.lane.risk_session import LaneRiskSession
from mainspring.lane.statistics import StatisticsOptions, StreamStatistics
from mainspring.lane.strategies import Strategies
from mainspring.lane.strategy_market import LaneStrategyMarket
from mainspring.lane.strategy_session import LaneSession
from mainspring.lane.tally import HORIZONS_NS, CostTally, FillRecord, InstrumentTally, cost_bps
from mainspring.lane.timers import Timers
from mainspring.lane.timing import FUSED, LaneStages
from mainspring.lane.trace import Trace

__all__ = [
    "FUSED",
    "HORIZONS_NS",
    "ArrivalPrice",
    "BookFill",
    "BookSlot",
    "BoundStrategy",
    "CancelAll",
    "ClearDiscrepancy",
    "ClockCompared",
    "Command",
    "Connection",
    "ContingentOrders",
    "CostTally",
    "Disputed",
    "Durable",
    "Effects",
    "Event",
    "Execution",
    "ExecutionQuality",
    "FeedHandler",
    "FillRecord",
    "FlagBoard",
    "FlagControl",
    "Flatten",
    "FundingSettled",
    "FusedQuality",
    "FusedStrategyMarket",
    "InstrumentTally",
    "Kill",
    "Lane",
    "LaneClock",
    "LaneRiskSession",
    "LaneSession",
    "LaneStages",
    "LaneStrategyMarket",
    "LiftCheck",
    "LiftKill",
    "Market",
    "Messages",
    "Mode",
    "OrderManager",
    "OrderTerms",
    "Outbox",
    "Outcome",
    "OwnOrders",
    "OwnTimers",
    "Remade",
    "Requests",
    "ResolveOrder",
    "RiskControl",
    "RiskHistory",
    "RouterFailed",
    "Send",
    "SetFlag",
    "SetLimit",
    "SetMode",
    "Started",
    "StatisticsOptions",
    "Stopped",
    "Strategies",
    "StreamStatistics",
    "Surplus",
    "SwapPart",
    "Time",
    "Timers",
    "Trace",
    "cost_bps",
    "last_trade",
]
