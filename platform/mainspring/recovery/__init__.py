"""What a lane does after a crash: state from the journal, then the venue's word against it."""

from mainspring.recovery.recover import Recovered, recover
from mainspring.recovery.target import Numbering, Target

__all__ = ["Numbering", "Recovered", "Target", "recover"]
