"""A requested action, and the `Action` that results from each way in which it can end."""

import errno
from dataclasses import dataclass

from hwprofile.actions import Action, Outcome

__all__ = ["Ask"]

_LACKING = "Linux on x86-64 or aarch64, with the call in its kernel"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """An action before it is done: its name, its subject, and the wanted state.

    In the methods, `holds` is the state after the attempt, `evidence` how that is known, `reason` why the wanted state
    doesn't hold, and `needs` what would be required for it.
    """

    name: str
    subject: str
    wanted: str

    def applied(self, holds: str, evidence: str) -> Action:
        """The wanted state holds."""
        return self._action("applied", holds, evidence, None, None)

    def partial(self, holds: str, evidence: str, reason: str, needs: str | None = None) -> Action:
        """A part of the wanted state holds."""
        return self._action("partial", holds, evidence, reason, needs)

    def refused(self, holds: str, evidence: str, reason: str, needs: str | None = None) -> Action:
        """Nothing changed."""
        return self._action("refused", holds, evidence, reason, needs)

    def unknown(self, evidence: str, reason: str, needs: str | None = None) -> Action:
        """It was set, but the result can't be read back."""
        return self._action("unknown", "unknown", evidence, reason, needs)

    def declined(self, holds: str, call: str, error: OSError, permission: str) -> Action:
        """The kernel answered `call` with an error, and nothing changed. `permission` names what may be missing."""
        code = errno.errorcode.get(error.errno or 0, "no error number")
        evidence = f"{call}: {code} ({error.strerror or error})"
        match error.errno:
            case errno.EPERM | errno.EACCES:
                reason = "it isn't permitted to this process, by the kernel or by a container's filter of system calls"
                return self.refused(holds, evidence, reason, permission)
            case errno.ENOSYS:
                return self.refused(holds, evidence, "this system lacks the call", _LACKING)
            case errno.ESRCH | errno.ENOENT:
                reason = "there is no such thread or process; it may have ended"
                return self.refused(holds, evidence, reason, "one that runs")
        return self.refused(holds, evidence, f"the kernel declined it: {error.strerror or error}")

    def _action(self, outcome: Outcome, holds: str, evidence: str, reason: str | None, needs: str | None) -> Action:
        return Action(
            name=self.name,
            subject=self.subject,
            wanted=self.wanted,
            holds=holds,
            outcome=outcome,
            evidence=evidence,
            reason=reason,
            needs=needs,
        )
