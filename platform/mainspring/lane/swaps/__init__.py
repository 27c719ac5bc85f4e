"""Parts of a lane that are exchanged between two events, and candidates that run next to them."""

from mainspring.lane.swaps.books import BookPairs, difference_of
from mainspring.lane.swaps.checks import CheckPairs
from mainspring.lane.swaps.control import SwapControl
from mainspring.lane.swaps.feeds import FeedPair, FeedPairs
from mainspring.lane.swaps.models import ModelPairs
from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.part import Candidate, Difference, Make, Part, SwapRefusedError, SwapSlot
from mainspring.lane.swaps.spread import Spread
from mainspring.lane.swaps.strategies import StrategyPairs

__all__ = [
    "BookPairs",
    "Candidate",
    "CheckPairs",
    "Difference",
    "FeedPair",
    "FeedPairs",
    "Make",
    "ModelPairs",
    "PairTimes",
    "Part",
    "Spread",
    "StrategyPairs",
    "SwapControl",
    "SwapRefusedError",
    "SwapSlot",
    "difference_of",
]
