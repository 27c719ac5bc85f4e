"""Right choices on noisy machines: candidates raced on the host that will run them. Knows nothing of trading.

`race(work)` is all that a user needs: `work` names a function that makes a `Contest` in a fresh process.
"""

from hwprofile.tune.errors import RaceError
from hwprofile.tune.race import race
from hwprofile.tune.values import Contest, Grade, Health, Objective, Race, Racer, Score, Standing, Work

__all__ = [
    "Contest",
    "Grade",
    "Health",
    "Objective",
    "Race",
    "RaceError",
    "Racer",
    "Score",
    "Standing",
    "Work",
    "race",
]
