"""A model-based test of the order side: seeded runs against a hostile venue, and what must hold after each."""

from mainspring_tools.model.history import Asked, Said, explain
from mainspring_tools.model.runs import run_seed

__all__ = ["Asked", "Said", "explain", "run_seed"]
