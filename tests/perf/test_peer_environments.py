import json
import shutil
import sys
from pathlib import Path

import pytest

from mainspring_perf.peers import environments
from mainspring_perf.peers.environments import find_environment, find_python, make_environment
from mainspring_perf.peers.peer import Peer, Unavailable, one_line
from mainspring_tools import rust_peer

PEER = Peer(name="rival", adapter="rival", ways={}, requirements=("rival==2.0",))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setattr(environments, "cache_folder", lambda: tmp_path)
    return tmp_path


def test_a_peer_without_pins_runs_here() -> None:
    """What is a dependency of ours is run in this interpreter, in its installed version."""
    here = Peer(name="by hand", adapter="by_hand", ways={}, distributions=("orjson", "no-such-distribution"))
    python, versions = make_environment(here)
    assert python == sys.executable
    assert list(versions) == ["orjson"]


def test_without_uv_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what is to be installed."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(Unavailable, match=r"needs uv .*mainspring\[peers\]"):
        make_environment(PEER)


def test_an_environment_that_isnt_whole_isnt_taken(cache: Path) -> None:
    """Only one that was made to its end counts; another pin is another environment."""
    assert find_environment(PEER) is None
    folder = environments._folder(PEER)
    folder.mkdir(parents=True)
    assert find_environment(PEER) is None
    (folder / "ready.json").write_text(json.dumps({"rival": "2.0"}), encoding="utf-8")
    found = find_environment(PEER)
    assert found is not None
    assert found[1] == {"rival": "2.0"}
    other = Peer(name="rival", adapter="rival", ways={}, requirements=("rival==2.1",))
    assert find_environment(other) is None


def test_what_uv_says_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed installation becomes a line without addresses."""
    code = "import sys; sys.exit('no version of rival==2.0,\\n see https://example.org/simple/rival')"
    monkeypatch.setattr(environments, "find_python", lambda *_: sys.executable)
    with pytest.raises(Unavailable, match=r"no version of rival==2\.0, see \(a place\)$"):
        environments._run([sys.executable, "-c", code])


def test_this_interpreter_is_found() -> None:
    """Where the running interpreter is of a version that will do, it is taken."""
    version = sys.version_info[:2]
    assert find_python((version, version), "uv-isnt-asked") == sys.executable


def test_no_interpreter_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates of another version, or that aren't there, are passed over."""
    monkeypatch.setattr(environments, "_candidates", lambda *_: iter([sys.executable, "no/such/python"]))
    with pytest.raises(Unavailable, match=r"needs CPython 3\.98 to 3\.99: `uv python install 3\.99`"):
        find_python(((3, 98), (3, 99)), "uv")


def test_without_cargo_the_program_isnt_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what brings cargo."""
    assert rust_peer.find_built() is None
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Unavailable, match="needs cargo, which comes with Rust"):
        rust_peer.build()


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("one\n  two\n", "one two"),
        ("see https://example.org/a?b=c now", "see (a place) now"),
        ("in `/home/someone/.cache/x.lock`: full", "in `(a place)`: full"),
        (r"in C:\Users\someone\x: full", "in (a place): full"),
        ("ratio 1/2 of a and/or b", "ratio 1/2 of a and/or b"),
        ("x" * 500, "x" * 240),
    ],
)
def test_a_reason_is_one_line_without_places(said: str, reported: str) -> None:
    """What tools print may stand on a page: neither addresses nor folders are in it."""
    assert one_line(said) == reported
