"""Records actions on threads, processes and mappings: what was wanted, what holds, the evidence, and the undo."""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

__all__ = ["Action", "Outcome", "Scope", "Undo"]

Outcome = Literal["applied", "partial", "refused", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action on the host and its outcome.

    `name` is the action ("pin", "memory-policy") and `subject` its target ("thread 4711"). `wanted` and `holds`
    describe the requested state and the one read back; `evidence` is what was read, and from where. The outcome is
    `applied`: the requested state holds; `partial`: some of it does; `refused`: nothing changed, by our decision or the
    kernel's; `unknown`: it was set and can't be read back. Unless it is `applied`, `reason` says why and `needs` what
    would make it possible.
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
"""Restores what an action changed, as far as that is still possible, and returns the outcome."""


class Scope:
    """Undoes its actions at the end of a `with` block, in reverse order.

    >>> with Scope() as scope:
    ...     action = scope.add(*pin_thread({2}))    # doctest: +SKIP

    Every function of `hwprofile.apply` returns its `Action` and a function that undoes it, or None if nothing changed.
    """

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self._undone: list[Action] = []
        self._undo: list[tuple[Action, Undo]] = []

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions in order, refused ones included."""
        return tuple(self._actions)

    @property
    def undone(self) -> tuple[Action, ...]:
        """The outcomes of undoing, in the order in which it happened."""
        return tuple(self._undone)

    def add(self, action: Action, undo: Undo | None) -> Action:
        """Adds an action and its undo function, and returns the action."""
        self._actions.append(action)
        if undo is not None:
            self._undo.append((action, undo))
        return action

    def release(self) -> tuple[Action, ...]:
        """Undoes everything once, last first, and returns the outcome of each.

        If an undo function fails, that is its outcome, and the others still run. If one is interrupted (by Ctrl-C,
        for example), the caller is interrupted after the others have run.
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
    # Whatever was raised, the remaining undo functions must run.
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
