"""Right choices on noisy machines: candidates raced on the host that will run them. Knows nothing of trading.

`race(work)` is all that a user needs: `work` names a function that makes a `Race` in a fresh process.
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
