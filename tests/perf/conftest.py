"""The works of the peers on the first messages of the reference session; baselines in a folder of their own."""

import dataclasses
import sys
from collections.abc import Callable

import msgspec
import pyperf
import pytest

from mainspring_perf import host
from mainspring_perf.host import Code
from mainspring_perf.peers.inputs import Inputs
from mainspring_perf.peers.race import Outcome, Row
from mainspring_perf.peers.works import WORKS, Given, Made
from mainspring_perf.sessions import sessions
from mainspring_perf.store import load_baseline, save_run

Prepare = Callable[[str], tuple[Inputs, Made]]


@pytest.fixture(scope="session")
def given() -> Given:
    """2,000 messages of the reference session, seed 1."""
    _, plan, messages = sessions(tiny=True)[0]
    return Given(messages=messages, instrument=plan.instruments[0], fast=True)


@pytest.fixture(scope="session")
def prepare(given: Given, tmp_path_factory: pytest.TempPathFactory) -> Prepare:
    """Makes the inputs of a work, once each."""
    made: dict[str, tuple[Inputs, Made]] = {}

    def ready(name: str) -> tuple[Inputs, Made]:
        if name not in made:
            inputs = Inputs(tmp_path_factory.mktemp(name))
            inputs.write("instrument", msgspec.to_builtins(given.instrument))
            (work,) = (work for work in WORKS if work.name == name)
            made[name] = inputs, work.make(inputs, given)
        return made[name]

    return ready


@pytest.fixture
def outcomes() -> list[Outcome]:
    """Two works: in the one a peer is faster, in the other one couldn't be run."""
    ours = Row(
        peer="Mainspring", way="a <fast> part", versions="mainspring 0.1.0", one_ns=100.0, ratio=1.0, verdict="ours"
    )
    faster = Row(peer="rival & sons", way="their part", versions="rival 2.0", one_ns=40.0, ratio=2.5, verdict="faster")
    slower = Row(
        peer="tortoise", way="slowly", versions="tortoise 1.0", one_ns=123_456.0, ratio=0.00081, verdict="slower"
    )
    even = Row(peer="twin", way="alike", versions="twin 1.0", one_ns=101.0, ratio=0.99, verdict="even")
    absent = Row(peer="absentee", way="its way", versions="", reason="needs a | or two")
    shared = {"session": "reference session", "rounds": 3}
    return [
        Outcome(
            work="one",
            title="One work",
            operation="level",
            input="1 level",
            rows=(faster, ours, even, slower),
            **shared,
        ),
        Outcome(work="two", title="Another work", operation="order", input="2 orders", rows=(ours, absent), **shared),
    ]


CODE = Code(version="0.1.0", commit="a" * 40)
ABOUT = {"saved": "2026-11-26T00:00:00+00:00", "python": "/nowhere/python", "python_version": "3.11.0"}


@pytest.fixture
def bench_folder(tmp_path, monkeypatch):
    """A folder of its own for baselines and history."""
    folder = tmp_path / "bench"
    monkeypatch.setenv("MAINSPRING_BENCH", str(folder))
    return folder


@pytest.fixture
def elsewhere():
    """The profile of a host that isn't this one."""
    here = host.host_profile()
    return dataclasses.replace(here, cpu=dataclasses.replace(here.cpu, model_name="Another CPU", architecture="z80"))


def made(seconds, *, description="the same work", spread=0.01):
    """A benchmark of pyperf's with these values."""
    metadata = {"name": "x", "description": description, "mainspring_spread": spread}
    return pyperf.Benchmark([pyperf.Run([value], metadata=metadata, collect_metadata=False) for value in seconds])


def saved(name, benchmarks, *, profile=None, code=CODE, about=ABOUT):
    """Saves benchmarks under a name."""
    return save_run(name, benchmarks, host=profile or host.host_profile(), code=code, about=about)


@pytest.fixture
def make_benchmark():
    return made


@pytest.fixture
def save():
    return saved


@pytest.fixture
def baseline(bench_folder):
    """One that can be run again here, with this interpreter."""
    about = {"saved": ABOUT["saved"], "python": sys.executable, "python_version": sys.version.split()[0]}
    saved("main", {("book", "walk"): made([1e-6, 1.01e-6, 0.99e-6])}, about=about)
    return load_baseline("main")
