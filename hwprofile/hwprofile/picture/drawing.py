"""Draws a host: a summary, a frame for every package, the memory nodes, and the roles of a plan."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from hwprofile.apply.roles import Placement
from hwprofile.cpu_lists import cpu_list
from hwprofile.picture.cells import ISOLATED, UNUSABLE, Cell, Marks, lay_out, runs
from hwprofile.picture.head import head
from hwprofile.picture.nodes import nodes
from hwprofile.picture.places import Group, Package, packages
from hwprofile.profile import HostProfile

__all__ = ["draw"]

# On hosts with at least this many cores, repetitions are drawn once.
_MANY_CORES = 32
_LONGEST_RUN = 2


def draw(profile: HostProfile, placement: Placement | None = None, *, width: int, colour: bool = False) -> str:
    """Draws the host in lines of at most `width` characters, with the roles of a plan on their CPUs.

    A bracket is a core with its CPUs, siblings side by side. On a host with many cores, equal neighbours (packages,
    groups that share a cache, cores) are drawn once, with the CPUs of the others; anything with a mark that its
    neighbours lack is always drawn. `colour` adds terminal codes, which don't count towards `width`.
    """
    assignments = placement.assignments if placement is not None else ()
    roles: dict[int, list[str]] = {}
    for assignment in assignments:
        # An assignment of many CPUs is housekeeping: it would mark every core, so it is only in the list below.
        if len(assignment.cpus) == 1:
            roles.setdefault(assignment.cpus[0], []).append(assignment.role)
    marks = Marks.of(profile, roles)
    lines = [*head(profile, width)]
    for sentence in profile.topology.diagnostics:
        lines += textwrap.wrap(f"{'caution':12}{sentence}.", width, subsequent_indent=" " * 12)
    lines.append("")
    lines += _Drawing(marks, width, colour, _is_large(profile)).packages(packages(profile))
    lines += _offline(profile, width)
    lines += _legend(profile, marks, width)
    lines += ["", *nodes(profile.topology, width)]
    if placement is not None:
        lines += ["", *_plan(placement, width)]
    return "\n".join(lines) + "\n"


def _is_large(profile: HostProfile) -> bool:
    return len({thread.core for thread in profile.topology.threads if thread.online}) > _MANY_CORES


class _Drawing:
    """Draws the frames of packages."""

    def __init__(self, marks: Marks, width: int, colour: bool, fold: bool) -> None:
        self._marks = marks
        self._width = width
        self._colour = colour
        self._fold = fold

    def packages(self, found: Sequence[Package]) -> Iterator[str]:
        if not found:
            yield "The host's topology isn't known."
        for run in runs(found, [self._package_shape(package) for package in found]):
            folds = self._fold and len(run) > _LONGEST_RUN
            for package in run[:1] if folds else run:
                yield from self._package(package)
            if folds:
                cpus = [cpu for package in run[1:] for cpu in package.cpus]
                numbers = cpu_list([package.number for package in run[1:] if package.number is not None])
                yield from textwrap.wrap(
                    f"... packages {numbers} are like it: CPUs {cpu_list(cpus)}", self._width, subsequent_indent="    "
                )

    def _package(self, package: Package) -> Iterator[str]:
        title = "place unknown" if package.number is None else f"package {package.number}"
        yield f"┌─ {title} ".ljust(self._width - 1, "─") + "┐"
        for die, members in groupby(package.groups, key=lambda group: group.die):
            groups = list(members)
            if die is not None:
                yield self._framed(f"die {die}")
            for run in runs(groups, [self._group_shape(group) for group in groups]):
                folds = self._fold and len(run) > _LONGEST_RUN
                for group in run[:1] if folds else run:
                    yield from self._group(group)
                if folds:
                    yield from self._others(run[1:])
        yield "└".ljust(self._width - 1, "─") + "┘"

    def _group(self, group: Group) -> Iterator[str]:
        node = [] if group.node is None else [f"node {group.node}"]
        for line in textwrap.wrap(", ".join([*node, *filter(None, [group.title])]), self._width - 4):
            yield self._framed(line)
        cells = [Cell.of(core, self._marks) for core in group.cores]
        for plain, painted in zip(
            lay_out(cells, self._width - 6, fold=self._fold, colour=False),
            lay_out(cells, self._width - 6, fold=self._fold, colour=self._colour),
            strict=True,
        ):
            yield self._framed(f"  {painted}", length=len(plain) + 2)

    def _others(self, groups: Sequence[Group]) -> Iterator[str]:
        cpus = [cpu for group in groups for cpu in group.cpus]
        on_nodes = sorted({group.node for group in groups if group.node is not None})
        where = f" (node{'s'[: len(on_nodes) != 1]} {cpu_list(on_nodes)})" if on_nodes else ""
        text = f"... and {len(groups)} like it{where}: CPUs {cpu_list(cpus)}"
        for line in textwrap.wrap(text, self._width - 4, subsequent_indent="    "):
            yield self._framed(line)

    def _framed(self, text: str, *, length: int | None = None) -> str:
        room = self._width - 4 - (len(text) if length is None else length)
        return f"│ {text}{' ' * room} │"

    def _group_shape(self, group: Group) -> tuple[object, ...]:
        return group.title, tuple(Cell.of(core, self._marks).shape for core in group.cores)

    def _package_shape(self, package: Package) -> tuple[object, ...]:
        return package.number is None, tuple((group.die is None, self._group_shape(group)) for group in package.groups)


def _offline(profile: HostProfile, width: int) -> Iterator[str]:
    offline = [thread.number for thread in profile.topology.threads if not thread.online]
    if offline:
        yield from textwrap.wrap(f"offline: CPUs {cpu_list(offline)}", width, subsequent_indent="    ")


def _legend(profile: HostProfile, marks: Marks, width: int) -> Iterator[str]:
    if not profile.topology.online:
        return
    signs = [
        "[ ] a core with its CPUs",
        *([f"{ISOLATED} isolated"] if marks.isolated else []),
        *([f"{UNUSABLE} not usable by this process"] if marks.unusable else []),
        *(["= a role of the plan"] if marks.roles else []),
    ]
    yield from textwrap.wrap("; ".join(signs), width)


def _plan(placement: Placement, width: int) -> Iterator[str]:
    yield f"plan {placement.strategy!r}"
    for assignment in placement.assignments:
        node = "" if assignment.node is None else f" (node {assignment.node})"
        text = f"  {assignment.role}: CPUs {cpu_list(assignment.cpus)}{node}, {assignment.because}"
        yield from textwrap.wrap(text, width, subsequent_indent="    ")
    for constraint in placement.violations:
        yield from textwrap.wrap(f"  not kept: {constraint}", width, subsequent_indent="    ")
