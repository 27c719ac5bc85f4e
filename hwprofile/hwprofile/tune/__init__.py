"""Races candidates on the host that will run them, and decides reliably on noisy machines. Knows nothing of trading.

Users only need `race(work)`: `work` names a function that creates a `Race` in a fresh process.
"""

from hwprofile.tune.errors import RaceError
from hwprofile.tune.race import race
from hwprofile.tune.values import CandidateResult, Grade, Health, Objective, Race, RaceResult, Score, Standing, Work

__all__ = [
    "CandidateResult",
    "Grade",
    "Health",
    "Objective",
    "Race",
    "RaceError",
    "RaceResult",
    "Score",
    "Standing",
    "Work",
    "race",
]
