"""What the slots that can be exchanged have in common: who is active, and who stands by."""

from collections.abc import Callable, Sequence

from mainspring.errors import MainspringError
from mainspring.lane.swaps.part import Candidate, Chooser, Difference, Make, Note, Part, SwapRefusedError
from mainspring.plugin_calls import describe_exception, is_interrupt

__all__ = ["Pairs"]


class Pairs:
    """Implements `mainspring.lane.swaps.SwapSlot`; what a kind of part needs of its own, a subclass says.

    `slot` is its name, `keys` what has a part of its own, `parts` those that are active, and `make` makes candidates.
    `note` takes differences, and `now_ns` returns the lane's time.
    """

    def __init__(
        self,
        slot: str,
        keys: Sequence[str],
        parts: Sequence[Part],
        make: Make,
        note: Note,
        now_ns: Callable[[], int],
    ) -> None:
        self.slot = slot
        self.keys = tuple(keys)
        self.parts = list(parts)
        self.others: list[Part | None] = [None] * len(self.keys)
        self._make = make
        self._note = note
        self._now_ns = now_ns

    def active(self, at: int) -> Candidate:
        """See `SwapSlot.active`."""
        return self.parts[at].candidate

    def standby(self, at: int) -> Candidate | None:
        """See `SwapSlot.standby`."""
        other = self.others[at]
        return None if other is None else other.candidate

    def shadow(self, at: int, candidate: Candidate) -> None:
        """See `SwapSlot.shadow`."""
        plugin = candidate.plugin or self.parts[at].candidate.plugin
        other = self._make(Candidate(plugin, candidate.options), at)
        try:
            self._begin(at, other)
        except SwapRefusedError:
            raise
        except BaseException as error:
            # A candidate that raises changes nothing, whatever it raises.
            if is_interrupt(error):
                raise
            cause = error.__cause__ if isinstance(error, MainspringError) and error.__cause__ else error
            raise SwapRefusedError(f"{plugin!r} raised {describe_exception(cause)}") from error
        self.others[at] = other

    def swap(self, at: int) -> None:
        """See `SwapSlot.swap`."""
        other = self._other(at)
        self._exchange(at, other)
        self.parts[at], self.others[at] = other, self.parts[at]

    def end(self, at: int) -> None:
        """See `SwapSlot.end`."""
        if self.others[at] is not None:
            self.others[at] = None
            self._end(at)

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """Refuses: see `SwapSlot.choose`."""
        if chooser is not None:
            raise SwapRefusedError(f"the slot {self.slot} serves all orders of {self.keys[at]} alike")

    def differ(self, at: int, what: str, *, before: object, given: object, expected: object, found: object) -> None:
        """Notes a difference between what is active and what stands by at a place.

        `what` says which, `before` what both had, `given` the input, `expected` and `found` their results.
        """
        active, other = self.parts[at].candidate, self._other(at).candidate
        self._note(
            Difference(
                now_ns=self._now_ns(),
                slot=self.slot,
                key=self.keys[at],
                active=active.plugin,
                active_options=active.options,
                candidate=other.plugin,
                options=other.options,
                what=what,
                before=before,
                input=given,
                expected=expected,
                found=found,
            )
        )

    def _other(self, at: int) -> Part:
        other = self.others[at]
        if other is None:
            raise SwapRefusedError(f"nothing stands by in the slot {self.slot} of {self.keys[at]}")
        return other

    def _begin(self, at: int, other: Part) -> None:
        raise NotImplementedError

    def _exchange(self, at: int, other: Part) -> None:
        raise NotImplementedError

    def _end(self, at: int) -> None:
        raise NotImplementedError
