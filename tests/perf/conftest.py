"""The works of the peers on the first messages of the reference session, or on recordings; baselines in a folder."""

import compileall
import dataclasses
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pyperf
import pytest

from mainspring_perf import host, store
from mainspring_perf.host import Code
from mainspring_perf.peers.contract import Inputs
from mainspring_perf.peers.peer import Unavailable
from mainspring_perf.peers.works import WORKS, Given, Made
from mainspring_perf.sessions import sessions
from mainspring_perf.store import load_baseline, save_run
from mainspring_perf.suites import find_suites

_DATA = Path(__file__).resolve().parents[2].parent / "shared/data"

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
            with pytest.MonkeyPatch.context() as patch:
                if _DATA.is_dir():
                    patch.setenv("MAINSPRING_DATA", str(_DATA))
                try:
                    made[name] = inputs, work.make(inputs, given)
                except Unavailable as error:
                    pytest.skip(f"captures absent: {error}")
        return made[name]

    return ready


CODE = Code(version="0.1.0", commit="a" * 40)
ABOUT = {"saved": "2026-11-26T00:00:00+00:00", "python": "/nowhere/python", "python_version": "3.11.0"}


@pytest.fixture(scope="session")
def tiny():
    """Makes a suite's benchmarks at their tiny size, once for all tests: some compile, and some hold a folder."""
    return cache(lambda suite: find_suites()[suite].benchmarks(True))


@pytest.fixture(scope="session")
def compiled_code(tmp_path_factory):
    """One real copy of the code, compiled, of which every other copy in these tests is made by linking its files."""
    folder = tmp_path_factory.mktemp("code") / "code"
    store.copy_code(folder)
    compileall.compile_dir(folder, quiet=2)
    return folder


@pytest.fixture
def link_code(compiled_code):
    """Stands for `copy_code`: takes no time to copy, and none to compile. Replace a linked file to change it."""

    def link(target):
        shutil.copytree(compiled_code, target, copy_function=os.link)

    return link


@pytest.fixture
def bench_folder(tmp_path, monkeypatch, link_code):
    """A folder of its own for baselines and history."""
    folder = tmp_path / "bench"
    monkeypatch.setenv("MAINSPRING_BENCH", str(folder))
    monkeypatch.setattr(store, "copy_code", link_code)
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
