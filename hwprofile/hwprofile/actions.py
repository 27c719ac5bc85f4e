"""What was done to a thread, a process or a mapping: wanted, what holds now, and the evidence; and how it is undone."""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

__all__ = ["Action", "Outcome", "Scope", "Undo"]

Outcome = Literal["applied", "partial", "refused", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action on the host, and what came of it.

    `name` says which ("pin", "memory-policy"), `subject` on what ("thread 4711"). `wanted` and `holds` are the state
    that was asked for and the one read back, in words; `evidence` is what was read, and from where. `applied`: what was
    wanted holds. `partial`: some of it. `refused`: nothing changed, by us or by the kernel. `unknown`: it was asked for
    and can't be read back. Whatever isn't `applied` has a `reason`, and in `needs` what would make it possible.
    """

    name: str
    subject: str
    wanted: str
    holds: str
    outcome: Outcome
    evidence: str
    reason: str | None = None
    needs: str | None = None


Undo = Callable[[], Action]
"""Puts back what an action changed, as far as it still can, and says what came of that."""


class Scope:
    """Actions that hold until the end of a `with` block, and are undone there in reverse order.

    >>> with Scope() as scope:
    ...     action = scope.add(*pin_thread({2}))    # doctest: +SKIP

    Every function of `hwprofile.apply` returns its `Action` and the way to undo it, which is None if nothing
    changed.
    """

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self._undone: list[Action] = []
        self._undo: list[tuple[Action, Undo]] = []

    @property
    def actions(self) -> tuple[Action, ...]:
        """What was done, in order, refusals included."""
        return tuple(self._actions)

    @property
    def undone(self) -> tuple[Action, ...]:
        """What undoing did, in the order in which it was undone."""
        return tuple(self._undone)

    def add(self, action: Action, undo: Undo | None) -> Action:
        """Takes an action and its undoing into the hold, and returns the action."""
        self._actions.append(action)
        if undo is not None:
            self._undo.append((action, undo))
        return action

    def release(self) -> tuple[Action, ...]:
        """Undoes everything, last first, each exactly once; returns what each undoing did.

        An undoing that fails is one of these actions, and the others still run. One that is interrupted (by Ctrl-C,
        say) interrupts the caller once the others have run.
        """
        try:
            while self._undo:
                action, undo = self._undo.pop()
                self._undone.append(_undone(action, undo))
        finally:
            if self._undo:
                self.release()
        return tuple(self._undone)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _undone(action: Action, undo: Undo) -> Action:
    try:
        return undo()
    # Whatever it is, the undoings that wait behind this one matter more.
    except Exception as error:  # noqa: BLE001
        return Action(
            name=action.name,
            subject=action.subject,
            wanted="as it was before",
            holds=action.holds,
            outcome="unknown",
            evidence=f"undoing raised {type(error).__name__}: {error}",
            reason="undoing it failed halfway, and what holds now wasn't read back",
            needs="end the process: what the kernel holds for it ends with it",
        )
