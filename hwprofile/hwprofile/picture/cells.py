"""Draws cores as cells: `[2*=lane 34]` is a core with two CPUs, the first isolated and assigned to a role."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hwprofile.profile import HostProfile, Thread

__all__ = ["ISOLATED", "UNUSABLE", "Cell", "Marks", "lay_out", "runs"]

_T = TypeVar("_T")

ISOLATED, UNUSABLE = "*", "!"
_BOLD, _ISOLATED_COLOUR, _UNUSABLE_COLOUR, _PLAIN = "\x1b[1;32m", "\x1b[36m", "\x1b[2m", "\x1b[0m"
_LONGEST_RUN = 4


@dataclass(frozen=True)
class Marks:
    """The marks on single CPUs: isolated, not usable, assigned to roles."""

    isolated: frozenset[int]
    unusable: frozenset[int]
    roles: Mapping[int, Sequence[str]]

    @classmethod
    def of(cls, profile: HostProfile, roles: Mapping[int, Sequence[str]]) -> "Marks":
        """Returns a host's marks. If the usable CPUs aren't known, none is marked as unusable."""
        usable = profile.allowance.usable
        unusable = frozenset() if usable is None else frozenset(profile.topology.online) - set(usable)
        return cls(frozenset(profile.state.isolated or ()), unusable, roles)

    def on(self, cpu: int) -> str:
        """Returns the marks that follow the CPU's number."""
        signs = (ISOLATED if cpu in self.isolated else "") + (UNUSABLE if cpu in self.unusable else "")
        return signs + "".join(f"={role}" for role in self.roles.get(cpu, ()))


@dataclass(frozen=True)
class Cell:
    """A core with its CPUs in sibling order. Cells with the same `shape` differ in their numbers only."""

    text: str
    painted: str = field(compare=False)
    shape: tuple[str, ...]

    @classmethod
    def of(cls, core: Iterable[Thread], marks: Marks) -> "Cell":
        """Returns the cell of a core's threads."""
        cpus = [thread.number for thread in core]
        shape = tuple(marks.on(cpu) for cpu in cpus)
        words = [f"{cpu}{mark}" for cpu, mark in zip(cpus, shape, strict=True)]
        painted = [_painted(word, cpu, marks) for word, cpu in zip(words, cpus, strict=True)]
        return cls(f"[{' '.join(words)}]", f"[{' '.join(painted)}]", shape)


def _painted(word: str, cpu: int, marks: Marks) -> str:
    if cpu in marks.roles:
        return f"{_BOLD}{word}{_PLAIN}"
    if cpu in marks.unusable:
        return f"{_UNUSABLE_COLOUR}{word}{_PLAIN}"
    return f"{_ISOLATED_COLOUR}{word}{_PLAIN}" if cpu in marks.isolated else word


def lay_out(cells: Sequence[Cell], width: int, *, fold: bool, colour: bool) -> Iterator[str]:
    """Lays cells out in lines of at most `width`, aligned; `fold` shows only the ends of long runs of one shape."""
    shown = list(_folded(cells)) if fold else list(cells)
    widest = max((len(cell.text) for cell in shown), default=0)
    # One long cell (a role's name) must not spread all the others.
    usual = sorted(len(cell.text) for cell in shown)[len(shown) // 2] if shown else 0
    pad = widest if widest <= usual + 2 else 0
    line, length = "", 0
    for cell in shown:
        size = max(len(cell.text), pad)
        if line and length + 1 + size > width:
            yield line.rstrip()
            line, length = "", 0
        if line:
            line, length = line + " ", length + 1
        line += (cell.painted if colour else cell.text) + " " * (size - len(cell.text))
        length += size
    if line:
        yield line.rstrip()


def _folded(cells: Sequence[Cell]) -> Iterator[Cell]:
    for run in runs(cells, [cell.shape for cell in cells]):
        if len(run) <= _LONGEST_RUN:
            yield from run
        else:
            yield run[0]
            yield Cell(f".. {len(run) - 2} more ..", f".. {len(run) - 2} more ..", ())
            yield run[-1]


def runs(things: Collection[_T], keys: Iterable[object]) -> list[list[_T]]:
    """Groups neighbours with equal keys."""
    found: list[list[_T]] = []
    last: object = found
    for thing, key in zip(things, keys, strict=True):
        if key != last:
            found.append([])
        found[-1].append(thing)
        last = key
    return found
