import json
import shutil
from pathlib import Path

import pytest

ACME = Path(__file__).parent / "acme"

CONFIG = """
instruments = ["BTC/USDT"]
feed = { plugin = "acme-stream", capture = "reference.capture" }
book.plugin = "acme-dicts"

[strategy.maker]
plugin = "quote-maker"
size = 0.01
edge_ticks = 2

[risk]
max_order_size = 0.5
max_order_notional = 50_000
max_position = 1.0
collar_bps = 50
max_book_age_ms = 2_000

[plugins]
allow = ["mainspring", "acme-mainspring"]
"""


@pytest.fixture(scope="module")
def acme(environment, tmp_path_factory):
    """The environment with Acme's distribution installed, and a minute of the reference session as a capture."""
    project = tmp_path_factory.mktemp("source") / "acme"
    shutil.copytree(ACME, project, ignore=shutil.ignore_patterns("__pycache__"))
    environment.install(project)
    done = environment.mainspring("data", "generate", "reference.capture", "--set", "feed.seconds=60")
    assert done.returncode == 0, done.stderr
    (environment.folder / "session.toml").write_text(CONFIG)
    return environment


def run(acme, *arguments):
    done = acme.mainspring("run", *arguments, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def strangers_report(acme):
    """The report of the reference session, read and kept by Acme's plugins."""
    return run(acme, "session.toml")


def test_config_alone_chooses_a_strangers_plugins(strangers_report):
    """The reference session runs through a stranger's feed and book, which are named with their distribution."""
    slots = {slot["slot"]: slot for slot in strangers_report["slots"]}
    for slot, plugin in (("feed", "acme-stream"), ("book", "acme-dicts")):
        assert slots[slot]["plugin"] == plugin
        assert (slots[slot]["distribution"], slots[slot]["version"]) == ("acme-mainspring", "0.3.0")
        assert slots[slot]["rule"] == "pinned"
    assert strangers_report["feed"]["messages"] > 1_000
    assert strangers_report["feed"]["gaps"] == 0
    assert strangers_report["stopped_early"] is None


def test_a_strangers_plugins_see_what_ours_see(acme, strangers_report):
    """The same session through our own feed and book gives the same orders, byte for byte, and the same book."""
    ours = run(acme, "session.toml", "--set", "feed.plugin=binance-spot", "--set", "book.plugin=bisect-list")
    assert ours["order_log_sha256"] == strangers_report["order_log_sha256"]
    assert ours["order_log_records"] == strangers_report["order_log_records"] > 0
    # Ours keeps aside what stands beyond a snapshot with a limit; Acme's feed takes all of it into its book.
    books = [[one.pop("book") for one in report["instruments"]] for report in (ours, strangers_report)]
    assert [book.pop("levels") for book in books[0]] < [book.pop("levels") for book in books[1]]
    assert books[0] == books[1]
    assert ours["instruments"] == strangers_report["instruments"]
    assert ours["feed"]["messages"] == strangers_report["feed"]["messages"]


def test_what_is_not_allowed_is_not_imported(acme):
    """Without its name in the allow-list nothing of the distribution is imported, and the error says what to do."""
    done = acme.mainspring("run", "session.toml", "--set", 'plugins.allow=["mainspring"]', "--json")
    assert done.returncode == 2
    assert "acme-stream" in done.stderr
    assert "acme-mainspring" in done.stderr
    assert "allow" in done.stderr
    listed = json.loads(acme.mainspring("plugins", "list", "--json").stdout)
    assert [one["distribution"] for one in listed["not_allowed"]] == ["acme-mainspring"]
    assert not [row for row in listed["plugins"] if row["distribution"] == "acme-mainspring"]


def test_the_kit_passes_a_strangers_plugins(acme):
    """`plugins check` gives a verdict for each of the distribution's plugins, and none of them is no."""
    done = acme.mainspring("plugins", "check", "acme-mainspring", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = {verdict["name"]: verdict["ok"] for verdict in json.loads(done.stdout)}
    assert verdicts.keys() == {"acme-stream", "acme-dicts"}
    assert verdicts["acme-dicts"] is True


@pytest.mark.gate
def test_a_strangers_book_is_measured_by_being_installed(acme):
    """`bench book` measures Acme's book beside ours, its answers checked against the naive book: nobody named it."""
    done = acme.mainspring("bench", "book", "--fast", "--only", "acme-dicts: best prices", "--json")
    assert done.returncode == 0, done.stderr
    rows = {row["benchmark"]: row for row in json.loads(done.stdout)}
    assert rows.keys() == {"acme-dicts: best prices", "sorted-dict: best prices"}
    row = rows["acme-dicts: best prices"]
    assert (row["seam"], row["candidate"], row["distribution"]) == ("book", "acme-dicts", "acme-mainspring")
    assert row["ratio"] > 0
    assert row["p99_ns"] >= row["p50_ns"] > 0


def test_a_strangers_plugins_are_in_every_suite_of_their_seams(acme):
    """At their tiny size the suites of feeds and books run whole with a stranger's among them."""
    done = acme.mainspring("bench", "--tiny", "book", "feed", "--json")
    assert done.returncode == 0, done.stderr
    names = {row["benchmark"] for row in json.loads(done.stdout)}
    assert names >= {"acme-dicts: best prices", "acme-stream, json"}


def test_a_stranger_can_be_left_out(acme):
    """`--allow mainspring` imports nothing of Acme's."""
    done = acme.mainspring("bench", "book", "--fast", "--allow", "mainspring", "--only", "acme-dicts")
    assert done.returncode == 2
    assert "no benchmark of book has acme-dicts in its name" in " ".join(done.stderr.split())
