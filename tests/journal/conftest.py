"""Each journal that outlives a process, in a place of its own."""

from itertools import count

import pytest

from .places import Place
from .postgres_server import PORT, Server, binaries

_schemas = count(1)


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    made = Server()
    yield made
    made.remove()


@pytest.fixture
def postgres(server):
    """A journal in a schema of its own."""
    return postgres_place(server)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """Each journal in turn."""
    if request.param == "sqlite":
        return Place("sqlite", {"path": str(tmp_path / "journal.db")})
    return request.getfixturevalue("postgres")


def postgres_place(server):
    """A new schema."""
    where = {"host": str(server.folder), "port": PORT, "user": "mainspring", "database": "postgres"}
    return Place("postgres", {**where, "schema": f"journal_{next(_schemas)}"})
