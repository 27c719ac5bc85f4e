"""Runs several lanes, each in a process of its own, under a supervising parent."""

from mainspring.session.lanes.messages import Finished, Progressed, Ready, Refused, Said
from mainspring.session.lanes.parent import SaidHandler, run_lanes

__all__ = ["Finished", "Progressed", "Ready", "Refused", "Said", "SaidHandler", "run_lanes"]
