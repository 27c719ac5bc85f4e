"""Profiles carried between identical machines."""

import msgspec
import pytest

from mainspring.errors import DataError
from mainspring.host.profiles import export_profile, import_profile, listing, load
from mainspring.host.profiles.model import WorkloadKey
from mainspring.host.profiles.store import save


@pytest.fixture
def exported(make_profile, tmp_path):
    """A file that another machine has exported."""
    path = tmp_path / "fleet.json"
    export_profile(make_profile(), path)
    return path


def test_an_identical_machine_takes_it(exported, make_profile, host, acme):
    """It is kept as this host's, and says that it was raced elsewhere; nothing else changes."""
    twin = msgspec.structs.replace(host, fingerprint="fedcba9876543210")
    kept = import_profile(exported, twin)
    assert kept == make_profile(host=twin, imported_from=host.fingerprint)
    found = load(WorkloadKey(digest="ab" * 32, parts={}, description=""), twin, acme())
    assert (found.freshness, found.profile) == ("fresh", kept)
    assert found.because == "raced 2026-11-26, imported from an identical machine"


def test_where_it_came_from_is_kept_on_the_way(exported, host, tmp_path):
    """Passed on by the importer, it still names the machine that raced; back there it is its own again."""
    twin, third = (msgspec.structs.replace(host, fingerprint=name) for name in ("f1", "f2"))
    export_profile(import_profile(exported, twin), tmp_path / "again.json")
    assert import_profile(tmp_path / "again.json", third).imported_from == host.fingerprint
    assert import_profile(tmp_path / "again.json", host).imported_from is None


def test_another_kernel_takes_it_as_stale(exported, host, acme):
    """What makes a profile stale at home makes it stale elsewhere."""
    twin = msgspec.structs.replace(host, fingerprint="f1", kernel="6.9")
    import_profile(exported, twin)
    found = load(WorkloadKey(digest="ab" * 32, parts={}, description=""), twin, acme())
    assert (found.freshness, "kernel 6.8 became 6.9" in found.because) == ("stale", True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cpu": "c1", "words": "Acme Two"}, "another CPU or topology (Acme One, 4 CPUs; here Acme Two)"),
        ({"usable": "0-1"}, "other usable CPUs (0-3; here 0-1)"),
        ({"quota": "2"}, "another CPU quota (none; here 2)"),
    ],
)
def test_another_machine_refuses_it(exported, make_profile, host, changed, words):
    """The refusal names what differs, and what was kept before stays."""
    other = msgspec.structs.replace(host, fingerprint="f1", **changed)
    before = make_profile(host=other, seconds=1.0)
    save(before)
    with pytest.raises(DataError) as refusal:
        import_profile(exported, other)
    assert str(refusal.value) == (
        f"{exported} was measured on another host and isn't valid here: {words}. Nothing was imported; run "
        "`mainspring tune` here"
    )
    assert [one.profile for one in listing()] == [before]


def test_what_is_no_whole_profile_is_refused(exported, host):
    """Cut, changed or absent: an error that names the file, and nothing is kept."""
    data = exported.read_bytes()
    for damaged, words in ((data[:100], "is truncated"), (data.replace(b"14.2", b"15.2"), "was changed after")):
        exported.write_bytes(damaged)
        with pytest.raises(DataError, match=rf"fleet\.json {words}.*\. Nothing was imported"):
            import_profile(exported, host)
    exported.unlink()
    with pytest.raises(DataError, match=r"fleet\.json can't be read: No such file"):
        import_profile(exported, host)
    assert listing() == ()


def test_a_place_that_cannot_be_written(make_profile, tmp_path):
    """Exporting into a folder that isn't there says so."""
    with pytest.raises(DataError, match=r"absent/fleet\.json can't be written: No such file"):
        export_profile(make_profile(), tmp_path / "absent" / "fleet.json")
