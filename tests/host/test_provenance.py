"""Only the allowed distribution's own code is imported, whatever else has a module of that name."""

import importlib.metadata
import sys

import pytest

from mainspring.errors import PluginLoadError
from mainspring.host.own_packages import why_not_ours
from mainspring.host.provenance import Ownership
from mainspring.host.registry import OURS, Registry

BOOK = """
from mainspring.seams import hookimpl

@hookimpl
def register_books(catalogue):
    catalogue.add({name!r}, dict, summary="a book")
"""


def book(name):
    return BOOK.format(name=name)


@pytest.mark.parametrize("record", [True, False], ids=["with-record", "without-record"])
def test_a_module_name_shared_with_a_stranger_is_refused(install, record):
    """Two distributions have the module; the one that isn't allowed comes first on the path, and isn't imported."""
    install("acme-books", {"shared_books": book("acme")}, folder="late", record=record)
    install("evil-books", {"shared_books": book("evil")}, folder="early", record=record)
    with pytest.raises(PluginLoadError, match=r"shared_books.*early.*acme-books") as caught:
        Registry.load(["acme-books"])
    assert caught.value.distribution == "acme-books"
    assert "shared_books" not in sys.modules


def test_the_allowed_one_first_on_the_path_is_loaded(install):
    """Where the import finds the allowed distribution's file, nothing is wrong."""
    install("evil-books", {"shared_books": book("evil")}, folder="late", record=True)
    install("acme-books", {"shared_books": book("acme")}, folder="early", record=True)
    assert list(Registry.load(["acme-books"]).offers("book")) == ["acme"]


def test_a_file_earlier_on_the_path_is_refused(install, tmp_path, monkeypatch):
    """A loose module that no distribution installed doesn't run in the allowed one's place."""
    install("acme-books", {"acme_books": book("acme")}, record=True)
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "acme_books.py").write_text(book("loose"))
    monkeypatch.syspath_prepend(str(loose))
    with pytest.raises(PluginLoadError, match=r"loose.*isn't a file of acme-books"):
        Registry.load(["acme-books"])


def test_a_file_that_another_distribution_has_overwritten_is_refused(install):
    """Both lie in one folder, and the last one installed has won: the hashes of the records tell."""
    install("acme-books", {"shared_books": book("acme")}, record=True)
    install("evil-books", {"shared_books": book("evil")}, record=True)
    with pytest.raises(PluginLoadError, match="which evil-books has overwritten"):
        Registry.load(["acme-books"])


def test_a_file_changed_by_hand_is_still_its_distributions(install):
    """Whoever edits an installed plugin runs the edit."""
    site = install("acme-books", {"acme_books": book("acme")}, record=True)
    (site / "acme_books.py").write_text(book("edited"))
    assert list(Registry.load(["acme-books"]).offers("book")) == ["edited"]


def test_a_module_of_a_package_is_looked_at_without_importing_the_package(install):
    """The package above an entry point's module is checked, too, and neither runs."""
    site = install("acme-books", {}, entry_points={"books": "acme_pack.books"}, record=True)
    (site / "acme_pack").mkdir()
    (site / "acme_pack" / "__init__.py").write_text("raise AssertionError('imported')\n")
    (site / "acme_pack" / "books.py").write_text(book("acme"))
    with pytest.raises(PluginLoadError, match=r"acme_pack would be imported from .*isn't a file of acme-books"):
        Registry.load(["acme-books"])
    assert "acme_pack" not in sys.modules


def test_a_module_that_is_built_into_python_is_nobodys():
    """An entry point can't pass off a module of the interpreter as its own."""
    assert "built into Python" in str(Ownership(importlib.metadata.distribution("pluggy")).why_foreign("sys"))


def test_installed_plugins_are_their_distributions():
    """Wheels and editable installs alike: nothing of ours is refused here, nor is a library by its wheel's record."""
    assert Registry.load(OURS).offers("book")
    assert Ownership(importlib.metadata.distribution("pluggy")).why_foreign("pluggy._hooks") is None
    assert why_not_ours() is None


def test_a_stranger_with_a_package_of_ours_is_reported(tmp_path, monkeypatch, mainspring):
    """`hwprofile` earlier on the path than ours: the command says so and ends, and imports nothing more."""
    (tmp_path / "mainspring_perf.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mainspring_perf", raising=False)
    code, out, err = mainspring("plugins", "list")
    assert (code, out) == (2, "")
    assert "the module mainspring_perf would be imported from" in err
    assert "isn't a file of mainspring" in err
