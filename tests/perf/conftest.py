import dataclasses

import pyperf
import pytest

from mainspring_perf import host
from mainspring_perf.host import Code
from mainspring_perf.store import save_run

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
