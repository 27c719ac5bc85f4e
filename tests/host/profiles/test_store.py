"""Profiles on the disk: what is kept is read again, and what can't be believed is refused with its reason."""

import random

import msgspec
import pytest

from mainspring.errors import DataError
from mainspring.host.profiles.store import encode_profile, files_of, listing, read_profile, save

OTHER = {"fingerprint": "fedcba9876543210"}


def test_what_was_saved_is_read_again(make_profile, folder):
    """A saved profile is the same value, in a file named for its host and workload."""
    path = save(make_profile())
    assert path == folder / f"0123456789abcdef-{'ab' * 8}-e3b0c442.json"
    assert read_profile(path).profile == make_profile()
    assert files_of("ab" * 32) == files_of() == (path,)
    assert files_of("cd" * 32) == ()


def test_a_later_one_takes_its_place(make_profile, host):
    """One file for a host and workload, and one for another host; the listing has both."""
    save(make_profile())
    save(make_profile(seconds=1.0))
    save(make_profile(host=msgspec.structs.replace(host, **OTHER)))
    assert [(one.profile.seconds, one.profile.host.fingerprint) for one in listing()] == [
        (1.0, "0123456789abcdef"),
        (57.5, "fedcba9876543210"),
    ]


def changed(data: bytes, **fields: object) -> bytes:
    """The file with other fields of the profile, its checksum not made again."""
    whole = msgspec.json.decode(data)
    whole["profile"].update(fields)
    return msgspec.json.encode(whole)


REFUSED = {
    "truncated": (lambda data: data[: len(data) // 2], "is truncated"),
    "cut by one brace": (lambda data: data.rstrip()[:-1], "is truncated"),
    "emptied": (lambda _: b"", "is truncated"),
    "tampered": (lambda data: data.replace(b'"deep"', b'"dear"'), "was changed after it was written"),
    "another gain": (lambda data: data.replace(b"14.2", b"15.2"), "was changed after it was written"),
    "no JSON": (lambda _: b"[tune]\nwinner = 1\n", "isn't a host profile"),
    "no UTF-8": (lambda data: data.replace(b"Acme", b"\xff\xfe"), "isn't a host profile"),
    "nested": (lambda _: b"[" * 100_000, "isn't a host profile"),
    "another JSON": (lambda _: b'{"sha256": 1}', "isn't a host profile"),
    "older": (lambda data: changed(data, schema=0), "has an older schema (0; this version reads 2)"),
    "newer": (lambda data: changed(data, schema=3), "has a newer or unknown schema (3; this version reads 2)"),
    "no schema": (lambda data: changed(data, schema="1"), "has a newer or unknown schema ('1'"),
    "huge": (lambda data: data + b" " * (16 << 20), "it is larger than 16 MiB"),
}


@pytest.mark.parametrize(("damage", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_believed_is_refused(make_profile, damage, words):
    """The reason names the file, what is wrong, and what to do; nothing is raised."""
    path = save(make_profile())
    path.write_bytes(damage(path.read_bytes()))
    kept = read_profile(path)
    assert kept.profile is None
    assert kept.because.startswith(f"{path} ")
    assert words in kept.because
    assert kept.because.endswith("; run `mainspring tune` to write it again")
    assert [one.because for one in listing()] == [kept.because]


def test_a_file_of_another_place_is_foreign(make_profile, host, folder):
    """A profile that was copied to the name of another host, or of another workload, isn't taken for that one's."""
    data = save(make_profile()).read_bytes()
    for name in (f"fedcba9876543210-{'ab' * 8}.json", f"0123456789abcdef-{'cd' * 8}.json"):
        path = folder / name
        path.write_bytes(data)
        kept = read_profile(path)
        assert kept.profile is None
        assert "holds a profile of another host or workload (Acme One, 4 CPUs)" in kept.because


def test_what_is_no_file_or_not_there_is_refused(folder):
    """A folder in its place, or nothing: a reason, and no error."""
    (folder / "a-b.json").mkdir(parents=True)
    assert "isn't a file" in read_profile(folder / "a-b.json").because
    assert "isn't a file" in read_profile(folder / "c-d.json").because


def test_what_cannot_be_read_is_refused(make_profile, monkeypatch):
    """A file without the right to read it: the system's words."""
    path = save(make_profile())

    def refuse(*_arguments, **_named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert f"{path} can't be read: Permission denied" in read_profile(path).because


def test_no_damage_passes_unseen(make_profile):
    """Of 300 files with one byte changed each (seed 5), none is read as something else, and none raises."""
    path = save(make_profile())
    data, draws = path.read_bytes(), random.Random(5)
    for _ in range(300):
        at = draws.randrange(len(data))
        path.write_bytes(data[:at] + bytes([draws.randrange(256)]) + data[at + 1 :])
        assert read_profile(path).profile in (None, make_profile())


def test_the_checksum_is_of_what_it_says(make_profile):
    """Other spaces and another order of keys are the same profile; the checksum covers values, not the layout."""
    path = save(make_profile())
    whole = msgspec.json.decode(path.read_bytes())
    whole["profile"] = dict(reversed(whole["profile"].items()))
    path.write_bytes(msgspec.json.encode(whole))
    assert read_profile(path).profile == make_profile()


def test_a_profile_of_the_right_sum_and_the_wrong_shape(make_profile):
    """A checksum that holds over something that is no profile: refused, with the field."""
    path = save(make_profile())
    path.write_bytes(encode_profile(msgspec.structs.replace(make_profile(), budget_s="long")))
    assert "isn't a host profile (Expected `float`, got `str` - at `$.budget_s`)" in read_profile(path).because


def test_a_folder_that_cannot_be_written(make_profile, folder):
    """Saving where a file stands in the folder's place says so, with the remedy."""
    folder.parent.mkdir(parents=True)
    folder.write_text("")
    with pytest.raises(DataError, match=r"can't write the host profile .*Set XDG_STATE_HOME to a folder"):
        save(make_profile())
    assert listing() == ()
