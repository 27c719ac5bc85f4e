"""What a lane does after a crash: state from the journal, then the venue's word against it."""

from mainspring.recovery.differences import Difference
from mainspring.recovery.holdings import Holdings
from mainspring.recovery.inquiry import ReconcilerOptions
from mainspring.recovery.reconciler import Reconciler
from mainspring.recovery.recover import Recovered, recover
from mainspring.recovery.resolution import Resolution, fitting, resolve
from mainspring.recovery.target import Numbering, Target, Terms

__all__ = [
    "Difference",
    "Holdings",
    "Numbering",
    "Reconciler",
    "ReconcilerOptions",
    "Recovered",
    "Resolution",
    "Target",
    "Terms",
    "fitting",
    "recover",
    "resolve",
]
