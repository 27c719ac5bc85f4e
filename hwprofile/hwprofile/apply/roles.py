"""Roles, their assignments to CPUs, and the placement plan made of these."""

from dataclasses import dataclass

__all__ = ["Assignment", "Placement", "Role"]


@dataclass(frozen=True)
class Role:
    """A thread or process to be placed. A `hot` one spins and needs a core of its own; others are housekeeping.

    `nic` is the name of the network interface whose data it handles; None for no particular one.
    """

    name: str
    hot: bool
    nic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A role's assignment: the CPUs to pin it to, the node whose memory is near them, and the reason.

    A hot role gets one CPU. `cpus` is empty if the host's CPUs aren't known. `node` is None if the CPUs are on several
    nodes, or if their node isn't known.
    """

    role: str
    cpus: tuple[int, ...]
    node: int | None
    because: str


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A plan: an assignment for every role, in the order of the roles, and the violated constraints.

    Each of `violations` is a sentence that names the role and the CPUs. It is empty if every constraint holds.
    """

    strategy: str
    assignments: tuple[Assignment, ...]
    violations: tuple[str, ...]

    def assignment(self, role: str) -> Assignment:
        """Returns the assignment of a role. Raises `KeyError` if no role has that name."""
        for assignment in self.assignments:
            if assignment.role == role:
                return assignment
        raise KeyError(
            f"no role is named {role!r}; there are: {', '.join(assignment.role for assignment in self.assignments)}"
        )
