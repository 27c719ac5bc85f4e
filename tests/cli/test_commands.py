"""Each command, as a newcomer would type it, wrong input too."""

import json
import os
from pathlib import Path

import pytest

from mainspring.session.lanes import Ready, parent

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
SHORT = ("--set", "feed.seconds=20")


def need(name):
    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"captures absent: binance/{name}")
    return path


def test_run_prints_a_report(mainspring):
    """`run` without a config ends with the report of the reference session."""
    code, out, err = mainspring("run", *SHORT, "--set", "book.plugin=bisect-list", "--set", "decoder.plugin=python")
    assert (code, err) == (0, "")
    for word in ("quote-maker", "bisect-list", "whole path", "order log", "Slippage"):
        assert word in out


def test_a_session_that_an_error_ends_prints_its_report_first(mainspring, tmp_path):
    """A broken line late in a capture: the report up to there, in each form, then the error, and exit code 2."""
    quote = '{"u":%d,"s":"BTCUSDT","b":"100.01","B":"2","a":"100.02","A":"1"}'
    capture = tmp_path / "broken.cap"
    capture.write_text("".join(f"{at} {quote % at}\n" for at in range(1, 30)) + '30 {"u":\n')
    session = ("run", "--capture", capture, "--feed", "binance-spot", "--set", "mode=replay", "--quiet")
    code, out, err = mainspring(*session, "--json", "--html", tmp_path / "report.html")
    assert code == 2
    assert json.loads(out)["feed"]["messages"] == 30
    assert json.loads(out)["failure"] in " ".join(err.split())
    assert "An error ended the session early" in (tmp_path / "report.html").read_text()
    code, out, _ = mainspring(*session)
    assert code == 2
    assert "An error ended the session early (exit code 2)" in " ".join(out.split())


def test_run_json_and_html(mainspring, tmp_path):
    """`--json` prints nothing but JSON, `--html` writes a page beside it, `--order-log` the log that it counts."""
    html, log = tmp_path / "report.html", tmp_path / "orders.log"
    code, out, _ = mainspring("run", *SHORT, "--json", "--html", html, "--order-log", log)
    report = json.loads(out)
    assert code == 0
    assert report["order_log_bytes"] == log.stat().st_size > 0
    assert html.read_text().startswith("<!doctype html>")


def test_explain_says_which_rule_chose(mainspring, tmp_path):
    """`explain` names who fills each slot and why: a pin by its line, a default as one."""
    config = tmp_path / "s.toml"
    config.write_text(
        'instruments = ["BTC/USDT"]\nbook.plugin = "sorted-dict"\nstrategy.m = {plugin="momentum", size=1}'
    )
    code, out, _ = mainspring("explain", config, "--json")
    plan = json.loads(out)
    slots = {slot["slot"]: slot for slot in plan["slots"]}
    assert code == 0
    assert (slots["book"]["rule"], slots["book"]["because"]) == ("pinned", f"pinned by {config}:2")
    assert slots["slippage"]["rule"] == "default"
    assert slots["queue"]["distribution"] == "mainspring"
    assert "max_position" in plan["missing_limits"]
    code, out, _ = mainspring("explain", config)
    assert "No order will go out" in out
    assert "sorted-dict" in out


def test_init_writes_what_run_takes(mainspring, tmp_path):
    """`init` writes a config that explains as the built-in one does, and doesn't overwrite."""
    config = tmp_path / "mine.toml"
    code, _, _ = mainspring("init", config)
    assert code == 0
    built_in = json.loads(mainspring("explain", "--json")[1])
    mine = json.loads(mainspring("explain", config, "--json")[1])
    assert [slot["plugin"] for slot in mine["slots"]] == [slot["plugin"] for slot in built_in["slots"]]
    code, _, err = mainspring("init", config)
    assert code == 2
    assert "--force" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "absent.toml"), "absent.toml: no such file; `mainspring init absent.toml`"),
        (("run", "--set", "book.plugin=bisect-lst"), "did you mean 'bisect-list'?"),
        (("run", "--set", "bok.plugin=bisect-list"), "did you mean 'book'?"),
        (("run", "--set", "latency.request_ms=3"), "did you mean 'request_us'?"),
        (("run", "--set", "seed=one"), "--set seed: expected a whole number; found the text 'one'"),
        (("run", "--set", "seed"), "write it as key=value"),
        (("run", "--capture", "btcusdt-spt"), "did you mean 'btcusdt-spot'?"),
        (("run", "--capture", "btcusdt-spot"), "mainspring data get btcusdt-spot"),
        (("verify", "nothing.gz"), "there is no file"),
        (("plugins", "check", "acme"), "no plugin of a distribution named 'acme' is installed"),
        (("plugins", "new", "acme", "--seam", "bok"), "book"),
        (("data", "get", "btc"), "no capture of the catalogue is named 'btc'"),
        (("bench", "nothing"), "no suite is named 'nothing'"),
        (("bench", "risk", "--fast", "--rigorous"), "exclude each other"),
        (("bench", "risk", "--fail-over", "5%"), "need --against NAME"),
        (("bench", "risk", "--against", "x", "--fail-over", "0.05"), "a percentage such as 5%, not '0.05'"),
        (("bench", "risk", "--against", "nowhere"), "no baseline is named 'nowhere'"),
        (("bench", "risk", "--save", "../x"), "can't be the name of a baseline"),
        (("bench", "risk", "--rate", "0"), "above 0, not 0"),
        (("bench", "hooks", "--only", "nothing such"), "no benchmark of hooks has nothing such in its name"),
        (("bench", "history", "nothing"), "no suite is named 'nothing'"),
        (("bench", "targets", "--file", "absent.toml"), "absent.toml doesn't hold targets"),
        (("bench", "instructions", "hooks"), "has no counted path"),
    ],
)
def test_wrong_input_says_what_to_do(mainspring, monkeypatch, tmp_path, arguments, said):
    """Wrong input ends with exit code 2 and one error on standard error that names the place and the remedy."""
    monkeypatch.chdir(tmp_path)
    code, out, err = mainspring(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert said in " ".join(err.replace('"', "'").split())
    assert "Traceback" not in err


def test_plugins_list_names_every_seam(mainspring):
    """`plugins list` shows each seam's plugins, whose they are, and whether they can run here."""
    code, out, _ = mainspring("plugins", "list", "--json")
    plugins = json.loads(out)["plugins"]
    assert code == 0
    assert {one["seam"] for one in plugins} == {
        *("feed", "decoder", "book", "codec", "slippage", "risk", "router", "queue", "latency"),
        *("receiver", "records", "journal", "strategy"),
    }
    assert {one["distribution"] for one in plugins} <= {"mainspring", "mainspring-native"}
    assert "bisect-list" in mainspring("plugins", "list")[1]


def test_plugins_check_ours(mainspring):
    """Every built-in plugin passes the conformance kit, a verdict a line."""
    code, out, _ = mainspring("plugins", "check", "mainspring", "--json")
    verdicts = json.loads(out)
    assert code == 0, [one for one in verdicts if one["ok"] is False]
    listed = json.loads(mainspring("plugins", "list", "--json")[1])["plugins"]
    assert len(verdicts) == len([one for one in listed if one["distribution"] == "mainspring"])


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (("spot/btcusdt_20240808.gz",), (564, 564)),
        pytest.param(("spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"), (1072, 1072), marks=pytest.mark.gate),
        pytest.param(("usdm/btcusdt_20240808.gz",), (629, 629), marks=pytest.mark.gate),
        pytest.param(
            ("cm/btcusd_perp_20240808.gz", "cm/btcusd_perp_20240809.gz"), (1885, 1885), marks=pytest.mark.gate
        ),
    ],
)
def test_verify_counts_every_truth(mainspring, names, counts):
    """The recorded books match every quote whose id they come to; each was counted."""
    code, out, _ = mainspring("verify", *map(need, names), "--json")
    verdict = json.loads(out)
    assert code == 0
    assert (verdict["matched"], verdict["compared"]) == counts
    assert sum(one["crossed"] + one["gaps"] for one in verdict["instruments"]) == 0


def test_verify_the_generated_session_and_a_cut_copy(mainspring, tmp_path):
    """A generated session verifies; with one depth message cut out it reports the gap and claims nothing."""
    whole = tmp_path / "whole.txt"
    code, out, _ = mainspring("data", "generate", whole, *SHORT)
    assert code == 0
    assert f"{len(whole.read_bytes().splitlines()):,} messages" in out
    code, out, _ = mainspring("verify", whole, "--feed", "binance-spot")
    assert code == 0
    assert "verified" in out
    lines = whole.read_bytes().splitlines(keepends=True)
    depth = [index for index, line in enumerate(lines) if b"depthUpdate" in line]
    cut = tmp_path / "cut.txt"
    cut.write_bytes(b"".join(line for index, line in enumerate(lines) if index != depth[len(depth) // 2]))
    code, out, _ = mainspring("verify", cut)
    assert code == 1
    assert "not verified" in out
    assert "1 gaps in the depth updates" in out
    assert "quarantined" in out


def test_verify_finds_a_wrong_quote(mainspring, tmp_path):
    """A quote whose price was changed after the fact is found, and ends the claim."""
    whole = tmp_path / "whole.txt"
    mainspring("data", "generate", whole, *SHORT)
    lines = whole.read_bytes().splitlines(keepends=True)
    changed = 0
    for index, line in enumerate(lines):
        if b"bookTicker" in line:
            lines[index] = line.replace(b'"A":"', b'"A":"9')
            changed += 1
    whole.write_bytes(b"".join(lines))
    code, out, _ = mainspring("verify", whole, "--json")
    verdict = json.loads(out)
    assert changed > 0
    assert code == 1
    assert verdict["matched"] == 0 < verdict["compared"]


def test_data_list_shows_what_is_here(mainspring, monkeypatch):
    """`data list` names the captures, and where those lie that are on this machine."""
    rows = json.loads(mainspring("data", "list", "--json")[1])
    assert {row["name"] for row in rows} >= {"btcusdt-spot", "btcusdt-usdm"}
    assert all(row["here"] is None for row in rows)
    need("spot/btcusdt_20240808.gz")
    monkeypatch.setenv("MAINSPRING_DATA", str(CAPTURES))
    rows = {row["name"]: row for row in json.loads(mainspring("data", "list", "--json")[1])}
    assert rows["btcusdt-spot"]["here"].endswith("spot/btcusdt_20240808.gz")
    assert "btcusdt-spot" in mainspring("data", "list")[1]


def test_what_is_set_has_the_last_word(mainspring, tmp_path):
    """What --capture implies doesn't override a key that was set."""
    capture = tmp_path / "two.txt"
    both = 'instruments=["BTC/USDT","ETH/USDT"]'
    mainspring("data", "generate", capture, "--set", both, "--set", "feed.seconds=5")
    options = ("explain", "--capture", capture, "--feed", "binance-spot", "--json")
    plan = json.loads(mainspring(*options)[1])
    assert [one["symbol"] for one in plan["instruments"]] == ["BTC/USDT", "ETH/USDT"]
    plan = json.loads(mainspring(*options, "--set", 'instruments=["ETH/USDT"]')[1])
    assert [one["symbol"] for one in plan["instruments"]] == ["ETH/USDT"]


def test_a_page_that_cannot_be_written_is_told_before_the_session(mainspring, tmp_path):
    """A session whose page would be lost isn't run."""
    code, out, err = mainspring("run", *SHORT, "--html", tmp_path / "absent" / "page.html")
    assert (code, out) == (2, "")
    assert "can't be written" in err


def test_generating_into_a_folder_is_refused(mainspring, tmp_path):
    """A folder for a file is an error with a remedy, as is a folder that isn't there."""
    code, _, err = mainspring("data", "generate", tmp_path, *SHORT)
    assert code == 2
    assert "Is a directory" in " ".join(err.split())
    code, _, err = mainspring("data", "generate", tmp_path / "absent" / "x.gz", "--set", "feed.seconds=1")
    assert code == 2
    assert "can't be written" in err
    assert "Traceback" not in err


def test_a_cache_that_cannot_be_written_is_told(mainspring, monkeypatch, tmp_path):
    """Where the generated session can't be kept, the report says so before its figures."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    code, out, _ = mainspring("run", "--set", "feed.seconds=3")
    assert code == 0
    assert "can't be cached" in " ".join(out.split())


def test_an_interrupt_before_the_session_says_so(mainspring, monkeypatch):
    """Stopped while its market is still being generated, a run says that nothing was run, and exits with 130."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("mainspring.session.run.run_session", interrupted)
    code, out, err = mainspring("run")
    assert (code, out) == (130, "")
    assert "nothing was run" in err


LANES = ("--set", 'instruments=["BTC/USDT", "ETH/USDT"]', "--set", "lanes=2", "--set", "hardware.pin=off", *SHORT)


def test_lanes_from_the_command_line(mainspring, tmp_path):
    """Two lanes are explained and run; a log for each, and both in the report."""
    code, out, _ = mainspring("explain", *LANES, "--json")
    plan = json.loads(out)
    assert code == 0
    assert [lane["instruments"] for lane in plan["lanes"]] == [["BTC/USDT"], ["ETH/USDT"]]
    assert {slot["where"] for slot in plan["slots"]} == {"every lane"}
    code, out, err = mainspring("run", *LANES, "--order-log", tmp_path / "orders.log")
    assert (code, err) == (0, "")
    assert "Lanes" in out
    assert "2 order logs" in out
    assert {path.name for path in tmp_path.iterdir()} == {"orders.1.log", "orders.2.log"}


def test_explain_tries_the_places_out(mainspring):
    """What holding the lane to its CPU came to stands in the plan, and nothing of it lasts."""
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("affinity masks are absent on this system")
    before = os.sched_getaffinity(0)
    cpu = max(before)
    code, out, _ = mainspring("explain", "--set", f"hardware.pin=[{cpu}]", "--json")
    plan = json.loads(out)
    assert code == 0
    assert os.sched_getaffinity(0) == before
    (lane,) = plan["lanes"]
    assert {action["name"]: action["outcome"] for action in lane["tried"]}["pin"] == "applied"
    assert plan["slots"][0]["where"].startswith(f"cpu {cpu}, node ")
    text = mainspring("explain", "--set", f"hardware.pin=[{cpu}]")[1]
    assert "pin applied" in " ".join(text.split())


def test_a_failed_lane_is_an_exit_code_of_its_own(mainspring, monkeypatch):
    """With a lane lost, the report is printed all the same, and the exit code is 1."""
    heard = parent._Parent._hear

    def hear(self, at, said, nursery):
        if at == 0 and isinstance(said, Ready):
            self._processes[0].kill()
        heard(self, at, said, nursery)

    monkeypatch.setattr(parent._Parent, "_hear", hear)
    code, out, _ = mainspring("run", *LANES)
    assert code == 1
    assert "Lane 1 failed: process" in " ".join(out.split())
    assert "SIGKILL" in out


def test_an_error_of_the_platform_shows_no_frames(mainspring, tmp_path):
    """A wrong config is one line on standard error, without the frames of the command line's own libraries."""
    code, out, err = mainspring("run", tmp_path / "absent.toml")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "File " not in err
