"""What tests of the tuner share: a short session, cut into a workload, and strangers' books."""

import pytest

from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import OURS, Registry
from mainspring.tuning.candidates import pipelines
from mainspring.tuning.lane_race import LaneRace
from mainspring.tuning.subject import Subject, write_subject
from mainspring.tuning.uses import watch_uses
from mainspring.tuning.workload import cut_workload

STRANGE_BOOK = """
from mainspring.seams import hookimpl
from mainspring_plugins.books.bisect_list import BisectListBook

class StrangeBook(BisectListBook):
{body}

@hookimpl
def register_books(catalogue):
    catalogue.add("strange", lambda instrument: StrangeBook(), summary="a stranger's book")
"""

SOUND = "    pass"


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    """A cache folder of the tests' own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def strange_book(install):
    """Installs a stranger's book, the class body of which is given; returns the registry that allows it."""

    def make(body=SOUND):
        install("acme-books", {"acme_books": STRANGE_BOOK.format(body=body)}, version="2.3")
        return Registry.load((*OURS, "acme-books"))

    return make


@pytest.fixture
def planned():
    """The plan of the reference session, with overrides."""

    def make(registry, *overrides):
        return make_plan(load_config(None, overrides), registry)

    return make


@pytest.fixture
def race(tmp_path, planned):
    """A race of pipelines over the beginning of the reference session, and its subject."""

    def make(registry, *overrides, messages=2_000, allow=OURS, field=None):
        workload, sample = cut_workload(planned(registry, *overrides), registry, tmp_path, messages)
        if field is None:
            field = pipelines(workload.plan, registry, watch_uses(workload.plan, registry, sample[:256]), {})
        subject = Subject(workload=workload, allow=allow, candidates=field.candidates, file=tmp_path / "subject")
        write_subject(subject)
        return LaneRace(subject, registry), subject

    return make


@pytest.fixture(scope="module")
def registry():
    return Registry.load(OURS)
