"""What is placed, and where it goes: roles, their seats, and the plan that they make."""

from dataclasses import dataclass

__all__ = ["Placement", "Role", "Seat"]


@dataclass(frozen=True)
class Role:
    """A thread or process to be placed. A `hot` one spins and wants a core of its own; all others are housekeeping.

    `nic` is the network interface whose data it handles, by name.
    """

    name: str
    hot: bool
    nic: str | None = None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where a role goes: the CPUs to pin it to, the node whose memory is near to them, and why there.

    A hot role's seat is one CPU. No CPU, where the host doesn't tell which it has. `node` is None where the CPUs stand
    on several nodes, or where nothing says.
    """

    role: str
    cpus: tuple[int, ...]
    node: int | None
    because: str


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A plan: a seat for every role, in the order of the roles, and which promises of its strategy it can't keep.

    Each of `unkept` is a sentence that names the role and the CPUs. Empty, if every promise is kept.
    """

    strategy: str
    seats: tuple[Seat, ...]
    unkept: tuple[str, ...]

    def seat(self, role: str) -> Seat:
        """The seat of that role. Raises `KeyError` where there is none of that name."""
        for seat in self.seats:
            if seat.role == role:
                return seat
        raise KeyError(f"no role is named {role!r}; there are: {', '.join(seat.role for seat in self.seats)}")
