"""`mainspring calibrate`: from a session's own orders to a flag for its slippage model."""

import json
import tomllib

import pytest

from mainspring.cli.output import FAILED, REFUSED

TAKER = """
instruments = ["BTC/USDT"]
feed = { plugin = "simulated", seconds = 300 }
[strategy.middle]
plugin = "momentum"
size = 0.5
fast_s = 1
slow_s = 5
enter_bps = 0.4
exit_bps = 0.1
[risk]
max_order_size = 5
max_order_notional = 500_000
max_position = 20
max_book_age_ms = 1000
collar_bps = 50
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "taker.toml"
    path.write_text(TAKER)
    return path


def said(text):
    """What was printed, whatever its line breaks."""
    return " ".join(text.split())


def test_it_fits_draws_and_offers_a_flag(mainspring, config, tmp_path):
    """The table has the interval, the page a chart, and the flag the fitted option."""
    page, flag = tmp_path / "page.html", tmp_path / "flag.toml"
    code, out, _ = mainspring("calibrate", config, "--html", page, "--flag", flag)
    assert code == 0
    assert "impact_coefficient" in out
    assert "f fitted, r realised, * both" in out
    assert page.read_text().count("<circle") >= 8
    options = tomllib.loads(flag.read_text())["flags"]["slippage-calibrated"]["options"]
    assert 0 < options["impact_coefficient"] < 5
    code, _, error = mainspring("calibrate", config, "--flag", flag)
    assert code == REFUSED
    assert "--force" in error


def test_a_journalled_session_gives_what_its_run_gives(mainspring, config, tmp_path):
    """Its replay has the same orders, and so the same fit; the journal gets no session by that."""
    journal = tmp_path / "journal.db"
    journalled = ("--set", f"journal.path={journal}")
    assert mainspring("run", config, "--quiet", *journalled)[0] == 0
    replayed = json.loads(mainspring("calibrate", "--journal", journal, "--json")[1])
    assert replayed == json.loads(mainspring("calibrate", config, *journalled, "--json")[1])
    assert replayed[0]["found"][0]["orders"] >= 20
    assert len(json.loads(mainspring("journal", "list", journal, "--json")[1])) == 1


def test_too_few_orders_are_an_answer(mainspring, config):
    """Which is no: exit code 1, and how many it takes."""
    code, out, _ = mainspring("calibrate", config, "--set", "feed.seconds=30")
    assert code == FAILED
    assert "it takes 20" in said(out)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--set", "slippage.plugin=book-walk"), "has no option that its estimates are proportional to"),
        (("--session", "1"), "--session names a session of a journal"),
        (("--journal", "journal.db"), "leave out those given"),
    ],
)
def test_what_can_not_be_calibrated_says_why(mainspring, config, words, why):
    """With the remedy."""
    code, _, error = mainspring("calibrate", config, *words)
    assert code == REFUSED
    assert why in said(error)
