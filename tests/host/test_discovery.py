"""A stranger's metadata may be in any state: it costs one warning, never the command."""

import pytest

from mainspring.errors import PluginLoadError
from mainspring.host.registry import OURS, Registry

BOOK = """
from mainspring.seams import hookimpl

@hookimpl
def register_books(catalogue):
    catalogue.add("acme", dict, summary="a book")
"""

BROKEN = {
    "no-separator": ("entry_points.txt", b"[mainspring]\nacme_books\n"),
    "not-utf-8": ("entry_points.txt", b"\xff\xfe[mainspring]\n"),
    "metadata-not-utf-8": ("METADATA", b"Name: \xff\xfe\n"),
    "metadata-without-name": ("METADATA", b"Metadata-Version: 2.1\n"),
    "metadata-without-version": ("METADATA", b"Metadata-Version: 2.1\nName: acme-books\n"),
    "metadata-empty": ("METADATA", b""),
}


def break_metadata(install, file, data, folder="site"):
    site = install("acme-books", {"acme_books": BOOK}, folder=folder)
    (site / "acme_books-1.0.dist-info" / file).write_bytes(data)


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_broken_metadata_of_a_stranger_costs_one_warning(install, damage):
    """The distribution is named in one warning, and everything else loads."""
    break_metadata(install, *damage)
    registry = Registry.load(OURS)
    (warning,) = registry.warnings
    assert "acme-books" in warning
    assert "acme_books-1.0.dist-info" in warning
    assert "bisect-list" in registry.offers("book")


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_broken_metadata_of_an_allowed_distribution_is_an_error(install, damage):
    """What the user asked for isn't passed over: the error names the distribution and where it lies."""
    break_metadata(install, *damage)
    with pytest.raises(PluginLoadError, match=r"metadata of acme-books .*acme_books-1\.0\.dist-info.* can't be read"):
        Registry.load((*OURS, "acme-books"))


def test_a_command_prints_the_warning_once(install, mainspring):
    """`plugins list` prints it on standard error, and the table as ever."""
    break_metadata(install, *BROKEN["not-utf-8"])
    code, out, err = mainspring("plugins", "list")
    assert code == 0
    assert "bisect-list" in out
    assert err.count("warning:") == 1
    assert "acme-books" in err


def test_a_second_distribution_of_our_name_is_reported(install):
    """A folder on the path that claims to be mainspring-native doesn't take its place in silence."""
    install("mainspring-native", {"acme_native": BOOK}, folder="late", entry_points={})
    install("mainspring-native", {"acme_other": BOOK}, folder="early", entry_points={"x": "acme_other"})
    registry = Registry.load(["nobody"])
    assert [one for one in registry.warnings if "claim the name mainspring-native" in one and "early" in one]


def test_our_names_belong_to_the_distribution_that_comes_first_only_if_it_is_ours(install):
    """A stranger's distribution called mainspring can't bring its own module into the session."""
    install("mainspring", {"acme_evil": "raise AssertionError('imported')\n"}, record=True)
    registry = Registry.load(OURS)
    assert "bisect-list" in registry.offers("book")
    assert [one for one in registry.warnings if "claim the name mainspring:" in one]
