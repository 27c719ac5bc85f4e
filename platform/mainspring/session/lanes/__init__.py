"""Several lanes, each a process of its own, and the parent that supervises them."""

from mainspring.session.lanes.messages import Finished, Progressed, Ready, Refused, Said
from mainspring.session.lanes.parent import Told, run_lanes

__all__ = ["Finished", "Progressed", "Ready", "Refused", "Said", "Told", "run_lanes"]
