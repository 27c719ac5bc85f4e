"""What becomes of what a check returned or raised: nothing that a plugin does lets an order pass."""

from collections.abc import Sequence

from mainspring.model import Refusal
from mainspring.plugin_calls import describe_exception, wrap_error

__all__ = ["CHECK_FAILED", "CheckAnswers"]

CHECK_FAILED = "check-failed"
"""A check raised, or returned neither None nor a `Refusal`."""


class CheckAnswers:
    """Implements `mainspring.risk.rows.Answers` for checks of these names, and the distributions that they are of."""

    def __init__(self, names: Sequence[str], owners: Sequence[str]) -> None:
        """`owners` are the checks' distributions."""
        self._names = names
        self._owners = owners

    def refused(self, at: int, answer: object) -> Refusal:
        """Turns the `answer` of the check `at` that place, which isn't None, into a refusal."""
        # A plugin may break its contract, so its answer is checked.
        if isinstance(answer, Refusal):
            return answer
        return Refusal(CHECK_FAILED, f"{self._names[at]} returned {answer!r}, which is neither None nor a Refusal")

    def raised(self, at: int, error: BaseException) -> Refusal:
        """Turns what the check `at` that place raised into a refusal, or raises what has to stop the lane."""
        # Whatever a plugin raises must stop the order, not the session; nor may it end the process in silence.
        if not isinstance(error, Exception):
            self.not_heard(at, error)
        return Refusal(CHECK_FAILED, f"{self._names[at]} raised {describe_exception(error)}")

    def not_heard(self, at: int, error: BaseException) -> Refusal:
        """Raises what the check `at` that place raised as it heard of an order."""
        wrap_error("risk check", self._names[at], self._owners[at], error)
