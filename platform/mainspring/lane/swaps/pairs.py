"""What the slots that can be exchanged have in common: the control, the candidate, and which of them serves."""

from collections.abc import Callable, Sequence
from typing import Any

from mainspring.errors import MainspringError
from mainspring.lane.swaps.part import Candidate, Chooser, Difference, Make, Note, Part, SwapRefusedError
from mainspring.plugin_calls import describe_exception, is_interrupt

__all__ = ["MadePairs", "Pairs", "describe_raised"]


def describe_raised(error: BaseException) -> str:
    """Says what a part raised, whether its call was guarded or not."""
    return describe_exception(error.__cause__ if isinstance(error, MainspringError) and error.__cause__ else error)


class Pairs:
    """Implements `mainspring.lane.swaps.SwapSlot`; what a kind of part needs of its own, a subclass says.

    `slot` is its name, `keys` what has a part of its own, and `parts` those that are active. `note` takes differences,
    and `now_ns` returns the lane's time. What was active when a candidate came is its control, and goes on as one while
    the candidate serves, so that it can always take over again.
    """

    def __init__(
        self,
        slot: str,
        keys: Sequence[str],
        parts: Sequence[Part],
        note: Note,
        now_ns: Callable[[], int],
    ) -> None:
        self.slot = slot
        self.keys = tuple(keys)
        self.controls = list(parts)
        self.candidates: list[Part | None] = [None] * len(self.keys)
        self.serving = [False] * len(self.keys)
        """Whether the candidate is active."""
        self._note = note
        self._now_ns = now_ns

    def part(self, at: int) -> Part:
        """Returns the active part at a place."""
        candidate = self.candidates[at]
        return candidate if candidate is not None and self.serving[at] else self.controls[at]

    def active(self, at: int) -> Candidate:
        """See `SwapSlot.active`."""
        return self.part(at).candidate

    def standby(self, at: int) -> Candidate | None:
        """See `SwapSlot.standby`."""
        candidate = self.candidates[at]
        if candidate is None:
            return None
        return self.controls[at].candidate if self.serving[at] else candidate.candidate

    def swap(self, at: int) -> None:
        """See `SwapSlot.swap`."""
        if (candidate := self.candidates[at]) is None:
            raise SwapRefusedError(f"nothing stands by in the slot {self.slot} of {self.keys[at]}")
        if not self.serving[at]:
            self._check(at, candidate)
        self._serve(at, not self.serving[at])

    def end(self, at: int) -> None:
        """See `SwapSlot.end`."""
        if self.candidates[at] is None:
            return
        self.controls[at] = self.part(at)
        self.candidates[at] = None
        self.serving[at] = False
        self._end(at)

    def fall_back(self, at: int) -> None:
        """Lets the control take over again, whatever the candidate has come to."""
        if self.serving[at]:
            self._serve(at, False)

    def drop(self, at: int) -> None:
        """Lets the control go on alone."""
        self.fall_back(at)
        self.end(at)

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """Refuses: see `SwapSlot.choose`."""
        if chooser is not None:
            raise SwapRefusedError(f"the slot {self.slot} serves all orders of {self.keys[at]} alike")

    def differ(self, at: int, what: str, *, before: object, given: object, expected: object, found: object) -> None:
        """Notes a difference between the control and the candidate at a place.

        `what` says which, `before` what both had, `given` the input, `expected` and `found` their results.
        """
        control, candidate = self.controls[at].candidate, self.candidates[at]
        assert candidate is not None
        self._note(
            Difference(
                now_ns=self._now_ns(),
                slot=self.slot,
                key=self.keys[at],
                active=control.plugin,
                active_options=control.options,
                candidate=candidate.candidate.plugin,
                options=candidate.candidate.options,
                what=what,
                before=before,
                input=given,
                expected=expected,
                found=found,
            )
        )

    def _serve(self, at: int, serving: bool) -> None:
        self.serving[at] = serving
        self._show(at)

    def _check(self, at: int, candidate: Part) -> None:
        """Raises `SwapRefusedError` if a candidate's state isn't the control's."""

    def _show(self, at: int) -> None:
        """Shows readers the part that is active now, if there are any."""

    def _end(self, at: int) -> None:
        """Lets the active part go on alone, if both ran: it is the control now."""


class MadePairs(Pairs):
    """Pairs whose candidates are made while the lane runs."""

    def __init__(self, slot: str, keys: Sequence[str], parts: Sequence[Part], make: Make, *rest: Any) -> None:
        """`make` makes candidates; `slot`, `keys`, `parts` and `rest` are as for `Pairs`."""
        super().__init__(slot, keys, parts, *rest)
        self._make = make

    def shadow(self, at: int, candidate: Candidate) -> None:
        """See `SwapSlot.shadow`."""
        plugin = candidate.plugin or self.active(at).plugin
        other = self._make(Candidate(plugin, candidate.options), at)
        self.end(at)
        try:
            self._begin(at, other)
        except SwapRefusedError:
            raise
        except BaseException as error:
            # A candidate that raises changes nothing, whatever it raises.
            if is_interrupt(error):
                raise
            raise SwapRefusedError(f"{plugin!r} raised {describe_raised(error)}") from error
        self.candidates[at] = other

    def _begin(self, at: int, other: Part) -> None:
        """Lets a candidate run next to the control, if it is to; may raise whatever it raises."""
