import errno
import threading
from pathlib import Path

import pytest

from mainspring.data import cache
from mainspring.data.cache import cached_session
from mainspring.data.capture import CaptureWriter, read_capture
from mainspring.data.paths import cache_folder

RECIPE = "0123456789abcdef"
MESSAGES = [(1_700_000_000_000_000_000 + number, b'{"n":%d}' % number) for number in range(1000)]


class Generator:
    """Makes the messages, and counts how often it was asked to."""

    def __init__(self, messages=MESSAGES):
        self.messages = messages
        self.made = 0

    def __call__(self):
        self.made += 1
        return iter(self.messages)


def messages_of(session):
    assert session.path is not None
    return list(read_capture(session.path))


@pytest.fixture
def folder(environ):
    """Where the sessions lie."""
    return cache_folder() / "sessions"


def test_made_once_and_read_afterwards(environ, folder):
    """The first call makes the capture, later ones find it, and it holds what was generated."""
    make = Generator()
    first = cached_session(RECIPE, make)
    second = cached_session(RECIPE, make)
    assert make.made == 1
    assert first == second
    assert first.warning is None
    assert list(folder.iterdir()) == [first.path]
    assert messages_of(first) == MESSAGES


def test_another_recipe_is_another_session(environ):
    """Recipes don't share a session, even where one's digest begins with the other's."""
    short = cached_session(RECIPE, Generator(MESSAGES[:1]))
    long = cached_session(RECIPE + "00", Generator(MESSAGES[:2]))
    assert messages_of(short) == MESSAGES[:1]
    assert messages_of(long) == MESSAGES[:2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda _: b"",
        lambda data: data + b"\n",
        lambda data: data.replace(b'"n":500', b'"n":501'),
    ],
)
def test_a_broken_file_is_made_again(environ, folder, damage):
    """A file that was cut, emptied, lengthened or changed is found out and replaced."""
    make = Generator()
    path = cached_session(RECIPE, make).path
    path.write_bytes(damage(path.read_bytes()))
    again = cached_session(RECIPE, make)
    assert make.made == 2
    assert list(folder.iterdir()) == [again.path]
    assert messages_of(again) == MESSAGES


def test_what_a_killed_process_leaves_is_not_taken(environ, folder):
    """A half-written file under its private name is no session."""
    folder.mkdir(parents=True)
    (folder / f".{RECIPE}.x1y2").write_bytes(b"1700000000000000000 {}\n")
    make = Generator()
    assert messages_of(cached_session(RECIPE, make)) == MESSAGES
    assert make.made == 1


def test_a_cache_that_cannot_be_written(environ, folder):
    """Where nothing can be kept there is no path and one warning, and it isn't generated in vain."""
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    make = Generator()
    kept = cached_session(RECIPE, make)
    assert kept.path is None
    assert f"can't be cached ({folder}" in (kept.warning or "")
    assert "generated each time" in (kept.warning or "")
    assert make.made == 0


def test_a_full_disk(environ, folder, monkeypatch):
    """A disk that fills up while the session is written leaves nothing behind but the warning."""

    class FullDisk(CaptureWriter):
        def write(self, receive_time_ns, raw):
            if raw == MESSAGES[500][1]:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(receive_time_ns, raw)

    monkeypatch.setattr(cache, "CaptureWriter", FullDisk)
    kept = cached_session(RECIPE, Generator())
    assert kept.path is None
    assert "No space left on device" in (kept.warning or "")
    assert list(folder.iterdir()) == []


def test_what_the_generator_raises_goes_through(environ, folder):
    """A generator that fails is no matter of the cache: its error arrives, and nothing is kept."""

    def fails():
        yield MESSAGES[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cached_session(RECIPE, fails)
    assert list(folder.iterdir()) == []


def test_made_by_several_at_once(environ, folder):
    """Those that make one session at the same time all get it whole, and one file stays."""
    together = threading.Barrier(4)
    results = []

    def make():
        together.wait()
        return iter(MESSAGES)

    def get():
        results.append(messages_of(cached_session(RECIPE, make)))

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [MESSAGES] * 4
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("digest", ["", "0123", "../../etc/passwd", "ABCDEF0123", "0" * 65])
def test_only_a_digest_names_a_session(environ, digest):
    """What isn't a digest in lower-case hex is a programmer's mistake, and never a path."""
    with pytest.raises(ValueError, match="lower-case hex"):
        cached_session(digest, Generator())


def test_no_home(monkeypatch):
    """A user without a home folder gets the session, violations, and is told."""

    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_args, **_options: Path("~/.cache/mainspring"))
    kept = cached_session(RECIPE, Generator())
    assert kept.path is None
    assert "no home folder" in (kept.warning or "")
