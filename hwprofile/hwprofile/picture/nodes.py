"""Draws memory nodes: their CPUs, memory, network interfaces and distances."""

import textwrap
from collections.abc import Iterator, Sequence

from hwprofile.cpu_lists import cpu_list
from hwprofile.picture.cells import runs
from hwprofile.picture.describe import describe_nic, format_size
from hwprofile.profile import Nic, Node, Topology

__all__ = ["nodes"]

_MOST_SINGLE, _MOST_IN_MATRIX = 8, 8
# Nodes with equal modules differ by what firmware and kernel reserve: at most a sixteenth.
_FINENESS = 1 << 30


def nodes(topology: Topology, width: int) -> Iterator[str]:
    """Draws a line for each node or run of equal nodes, the distances, and NICs without a node."""
    if not topology.nodes:
        yield "memory nodes: unknown"
    at = {node.number: [nic for nic in topology.nics if nic.node == node.number] for node in topology.nodes}
    shapes = [
        (bool(node.cpus), len(node.cpus), _rounded(node.memory), tuple(map(describe_nic, at[node.number])))
        for node in topology.nodes
    ]
    for run in runs(topology.nodes, shapes):
        folds = len(topology.nodes) > _MOST_SINGLE and len(run) > 2
        for node in run[:1] if folds else run:
            yield from _wrapped(_words(node, at[node.number]), width)
        if folds:
            numbers = cpu_list([node.number for node in run[1:]])
            yield from _wrapped(f"nodes {numbers}: like it, CPUs {cpu_list(_cpus(run[1:]))}", width)
    yield from _distances(topology.nodes, width)
    known = {node.number for node in topology.nodes}
    homeless = [nic for nic in topology.nics if nic.node not in known]
    if homeless:
        yield from _wrapped(f"on no known node: {', '.join(map(describe_nic, homeless))}", width)


def _rounded(memory: int | None) -> int | None:
    return None if memory is None else round(memory / _FINENESS)


def _cpus(run: Sequence[Node]) -> list[int]:
    return [cpu for node in run for cpu in node.cpus]


def _words(node: Node, nics: Sequence[Nic]) -> str:
    words = [
        "memory unknown" if node.memory is None else format_size(node.memory),
        f"CPUs {cpu_list(node.cpus)}" if node.cpus else "no CPUs",
        *map(describe_nic, nics),
    ]
    return f"node {node.number}: {', '.join(words)}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False)


def _distances(found: Sequence[Node], width: int) -> Iterator[str]:
    reported = [node for node in found if node.distances]
    if len(found) < 2 or not reported:
        return
    column = 1 + max(len(str(value)) for node in reported for pair in node.distances for value in pair)
    numbers = [node.number for node in found]
    if len(found) > _MOST_IN_MATRIX or 10 + column * len(found) > width:
        values = [distance for node in reported for other, distance in node.distances if other != node.number]
        if values:
            yield f"distances between nodes: {min(values)} to {max(values)} (10 is local)"
        return
    yield "distances " + "".join(f"{number:>{column}}" for number in numbers)
    for node in found:
        of = dict(node.distances)
        yield f"{node.number:>9} " + "".join(f"{of.get(number, '?'):>{column}}" for number in numbers)
