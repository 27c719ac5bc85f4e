"""What is placed, and where it goes: roles, their assignments, and the plan that they make."""

from dataclasses import dataclass

__all__ = ["Assignment", "Placement", "Role"]


@dataclass(frozen=True)
class Role:
    """A thread or process to be placed. A `hot` one spins and wants a core of its own; all others are housekeeping.

    `nic` is the network interface whose data it handles, by name.
    """

    name: str
    hot: bool
    nic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Where a role goes: the CPUs to pin it to, the node whose memory is near to them, and why there.

    A hot role's assignment is one CPU. No CPU, where the host doesn't tell which it has. `node` is None if the CPUs
    stand on several nodes, or where nothing says.
    """

    role: str
    cpus: tuple[int, ...]
    node: int | None
    because: str


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A plan: an assignment for every role, in the order of the roles, and which constraints of its strategy it can't
    keep.

    Each of `violations` is a sentence that names the role and the CPUs. Empty, if every constraint is kept.
    """

    strategy: str
    assignments: tuple[Assignment, ...]
    violations: tuple[str, ...]

    def assignment(self, role: str) -> Assignment:
        """The assignment of that role. Raises `KeyError` if there is none of that name."""
        for assignment in self.assignments:
            if assignment.role == role:
                return assignment
        raise KeyError(
            f"no role is named {role!r}; there are: {', '.join(assignment.role for assignment in self.assignments)}"
        )
