"""Converts the config's `[tune] objective` to the weights of `hwprofile.tune`."""

from hwprofile.tune.values import Objective
from mainspring.host.config import ObjectiveWeights, TuneConfig

__all__ = ["describe_objective", "objective_of"]


def objective_of(config: TuneConfig) -> Objective:
    """Returns the weights of throughput and of the 99th percentile."""
    wanted = config.objective
    if isinstance(wanted, ObjectiveWeights):
        return Objective(throughput=wanted.throughput, tail=wanted.p99)
    return Objective(throughput=0.0, tail=1.0) if wanted == "p99" else Objective()


def describe_objective(objective: Objective) -> str:
    """Formats the objective: "throughput", "p99", "70% throughput, 30% p99"."""
    if not objective.tail:
        return "throughput"
    if not objective.throughput:
        return "p99"
    return f"{objective.throughput:.0%} throughput, {objective.tail:.0%} p99"
