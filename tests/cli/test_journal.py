"""`mainspring journal`: what it prints of journals, whole and damaged, and what it refuses."""

import json
import re
import sqlite3

import pytest

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring_plugins.strategies.quote_maker import QuoteMaker

_SHORT = ("feed.seconds=6", "market.warm_up_s=1")


@pytest.fixture(scope="module")
def journalled(tmp_path_factory):
    """A journal of two sessions, and the first one's order log."""
    folder, registry = tmp_path_factory.mktemp("journalled"), Registry.load()
    path, log = folder / "journal.db", folder / "orders.log"
    for seed in (1, 2):
        loaded = load_config(None, [*_SHORT, f"seed={seed}", f"journal.path={path}", "journal.durability=async"])
        run_session(make_session(loaded, registry), registry, order_log=log if seed == 1 else None)
    return path, log


def test_list_has_a_line_for_each_session(mainspring, journalled):
    """With what it traded and how it ended; as JSON too."""
    code, out, _ = mainspring("journal", "list", str(journalled[0]))
    assert code == 0
    assert len(re.findall(r"^ +[12] .*paper +BTC/USDT .* finished$", out, re.MULTILINE)) == 2
    code, out, _ = mainspring("journal", "list", str(journalled[0]), "--json")
    assert [(one["session"], one["ended"], one["damaged"]) for one in json.loads(out)] == [
        (1, "finished", False),
        (2, "finished", False),
    ]


def test_show_prints_what_orders_show_prints(mainspring, journalled):
    """The session's records, a line each, after where it came from; the last session if none is named."""
    path, log = journalled
    code, out, _ = mainspring("journal", "show", str(path), "1")
    assert code == 0
    _, shown, _ = mainspring("orders", "show", str(log))
    assert out[: out.rindex("\n", 0, -1) + 1].endswith(shown)
    assert out.endswith("lane-state   cancel-only: the session ended\n")
    assert re.search(r"^config +the built-in configuration$", out, re.MULTILINE)
    assert mainspring("journal", "show", str(path))[1].startswith("session     2")
    code, out, _ = mainspring("journal", "show", str(path), "1", "--json")
    first, *records = map(json.loads, out.splitlines())
    assert (first["type"], first["session"], first["ended"]) == ("session", 1, "finished")
    assert len(records) == len(shown.splitlines()) + 1


def test_export_writes_the_order_log(mainspring, journalled, tmp_path):
    """Byte for byte what --order-log wrote; an existing file stays."""
    path, log = journalled
    file = tmp_path / "exported.log"
    code, out, _ = mainspring("journal", "export", str(path), "1", str(file))
    assert code == 0
    assert "orders show" in out
    assert file.read_bytes() == log.read_bytes()
    code, _, said = mainspring("journal", "export", str(path), "2", str(file))
    assert code == 2
    assert "--force" in said


def test_verify_finds_damage(mainspring, journalled, tmp_path):
    """Whole sessions are whole; a changed byte is named with its block, and the exit code is 1."""
    code, out, _ = mainspring("journal", "verify", str(journalled[0]))
    assert code == 0
    assert out.count("whole") == 2
    path = tmp_path / "damaged.db"
    with sqlite3.connect(journalled[0]) as whole, sqlite3.connect(path) as copy:
        whole.backup(copy)
        (body,) = copy.execute("SELECT body FROM block WHERE session = 2 AND number = 2").fetchone()
        changed = bytes([*body[:-9], body[-9] ^ 1, *body[-8:]])
        copy.execute("UPDATE block SET body = ? WHERE session = 2 AND number = 2", (changed,))
    code, out, _ = mainspring("journal", "verify", str(path), "--json")
    assert code == 1
    assert [one["damaged"] for one in json.loads(out)] == [False, True]
    assert "block 2 of session 2: its checksum doesn't match" in out
    for command in ("show", "replay"):
        code, _, said = mainspring("journal", command, str(path), "2")
        assert code == 2
        assert "block 2 of session 2" in said


def test_list_names_a_session_whose_end_is_damaged(mainspring, journalled, tmp_path):
    """It reads how a session began and ended, so that is where it sees damage."""
    path = tmp_path / "damaged.db"
    with sqlite3.connect(journalled[0]) as whole, sqlite3.connect(path) as copy:
        whole.backup(copy)
        copy.execute("UPDATE block SET body = zeroblob(90) WHERE session = 2 AND number = 1")
        copy.execute("UPDATE session SET blocks = blocks + 1 WHERE number = 1")
    code, out, _ = mainspring("journal", "list", str(path), "--json")
    assert code == 1
    ended = [one["ended"] for one in json.loads(out)]
    assert "damaged" in ended[0]
    assert "and the last is" in ended[0]
    assert "block 1 of session 2: its checksum doesn't match" in ended[1]


def test_replay_says_that_all_is_equal(mainspring, journalled):
    """And with --until what became of the order."""
    code, out, _ = mainspring("journal", "replay", str(journalled[0]), "1")
    assert code == 0
    assert re.search(r"all [\d,]+ records of its order log are equal", out)
    code, out, _ = mainspring("journal", "replay", str(journalled[0]), "1", "--until", "3")
    assert code == 0
    assert re.search(r"^Order 3 was requested by event \d+;", out)
    assert " submit       #3 " in out


def test_replay_names_the_first_difference(mainspring, journalled, monkeypatch):
    """Where the code does something else now, both records are printed."""
    on_bbo = QuoteMaker.on_bbo
    monkeypatch.setattr(QuoteMaker, "on_bbo", lambda self, market: market.now_ns % 3 and on_bbo(self, market))
    code, _, said = mainspring("journal", "replay", str(journalled[0]), "1")
    assert code == 1
    assert re.search(r"differs from record [\d,]+ on:", said)
    assert "journal" in said
    assert "replay" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "absent.db"), "absent.db: no such file"),
        (("show", "JOURNAL", "7"), "there is no session 7; the journal has: 1, 2"),
        (("replay", "JOURNAL", "1", "--until", "99999999"), "session 1 has no order 99999999"),
        (("replay", "JOURNAL", "--debug"), "name it with --until ORDER"),
        (("list", "session.toml"), "there is no [journal] table"),
        (("list", "other.db"), "is a SQLite file of something else"),
    ],
)
def test_what_is_refused(mainspring, journalled, tmp_path, monkeypatch, arguments, said):
    """With exit code 2, and a word on what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "session.toml").write_text("seed = 1\n")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE mine (value)")
    code, _, found = mainspring("journal", *(str(journalled[0]) if one == "JOURNAL" else one for one in arguments))
    assert code == 2
    assert said in found


def test_a_config_names_its_journal(mainspring, tmp_path):
    """Its path is relative to the config, for sessions and for reading; the report has the session's number."""
    config = tmp_path / "session.toml"
    mainspring("init", config)
    config.write_text(config.read_text() + '\n[journal]\npath = "own.db"\ndurability = "async"\n')
    code, out, _ = mainspring("run", config, *(f"--set={one}" for one in _SHORT), "--quiet")
    assert code == 0
    assert "in the journal: session 1" in out
    assert (tmp_path / "own.db").is_file()
    code, out, _ = mainspring("journal", "show", config)
    assert code == 0
    assert re.search(rf"^config +{re.escape(str(config))}$", out, re.MULTILINE)
