import importlib
from pathlib import Path
from typing import Any

import pytest

from mainspring_perf.candidates import usable
from mainspring_perf.peers import adapters
from mainspring_perf.peers.candidate import Candidate, command_of
from mainspring_perf.peers.catalogue import PEERS
from mainspring_perf.peers.peer import Peer, Unavailable
from mainspring_perf.peers.works import WORKS, agrees
from mainspring_tools.rust_peer import RUST, find_built

CASES = [
    # Compiling a strategy takes longer than everything else here.
    pytest.param(
        peer, work, way, id=f"{peer.name}, {work}: {way}", marks=[pytest.mark.gate] if "compiled" in way else []
    )
    for peer in (*PEERS, RUST)
    for work, ways in peer.ways.items()
    for way in ways
]
HERE = [peer for peer in PEERS if not peer.requirements]
NATIVE = "mainspring_native"


def skip_unless_built(adapter: str) -> None:
    if adapter == NATIVE and usable("decoder", "native") is None:
        pytest.skip("native parts absent: mainspring-native isn't built here")


@pytest.mark.parametrize(("peer", "work", "way"), CASES)
def test_every_way_gives_the_right_answer(peer: Peer, work: str, way: str, prepare: Any) -> None:
    """On 2,000 messages each peer that is installed here answers as the plain reckoning does, and can be timed."""
    skip_unless_built(peer.adapter)
    try:
        found = find_built() if peer is RUST else command_of(peer, make=False)
        if found is None:
            pytest.skip(f"peer absent: {peer.name} isn't built here")
        command, versions = found
    except Unavailable as error:
        pytest.skip(f"peer absent: {peer.name} {error}")
    inputs, made = prepare(work)
    with Candidate(command, work, way, inputs.folder) as candidate:
        assert agrees(candidate.first["answer"], made.right) == ""
        assert candidate.time() > 0
    assert versions


@pytest.mark.parametrize("peer", HERE, ids=[peer.adapter for peer in HERE])
def test_the_catalogue_names_what_the_adapters_have(peer: Peer) -> None:
    """A way that an adapter has is in the catalogue, and the other way round."""
    skip_unless_built(peer.adapter)
    adapter = importlib.import_module(f"{adapters.__name__}.{peer.adapter}")
    assert {work: tuple(ways) for work, ways in adapter.CANDIDATES.items()} == dict(peer.ways)


def test_every_adapter_and_work_is_in_the_catalogue() -> None:
    """No adapter lies unused, and no work is without one of ours and one of others."""
    files = {path.stem for path in Path(adapters.__path__[0]).glob("[!_]*.py")}
    assert {peer.adapter for peer in PEERS} == files
    for work in WORKS:
        ours = {peer.name == "Mainspring" for peer in (*PEERS, RUST) if work.name in peer.ways}
        assert ours == {True, False}, work.name


def test_requirements_are_pinned() -> None:
    """What a peer's environment is made of is named by its version, so that two runs measure the same."""
    assert [one for peer in PEERS for one in peer.requirements if one.count("==") != 1] == []
