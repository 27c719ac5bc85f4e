"""What `run` says, and its exit code, if a session ends in order and did nothing; and captures through pipes."""

import gzip
import os
import subprocess
import sys
import threading

import pytest

SHORT = ("--set", "feed.seconds=5")
GRID = (
    '--set=instruments=["BTC/USDT"]',
    '--set=instrument."BTC/USDT"={venue_symbol="BTCUSDT", tick_size=0.01, lot_size=0.00001}',
)


@pytest.fixture
def capture(mainspring, tmp_path):
    path = tmp_path / "v.capture"
    assert mainspring("data", "generate", path, *SHORT)[0] == 0
    return path


def test_nothing_read_is_a_failure(mainspring, tmp_path):
    """With --skip-bad a capture of another feed ends in order: the report stands, and so does the truth, with a 1."""
    path = tmp_path / "other.capture"
    path.write_bytes(b'1723161253937085768 {"e":"depthUpdate","s":"BTCUSDT"}\n' * 20)
    code, out, err = mainspring("run", "--capture", path, "--feed", "binance-spot", "--skip-bad", *GRID)
    assert code == 1
    assert "quote-maker" in out
    assert "failed: nothing was read: no message of the input" in err
    assert "20 that couldn't be read" in err
    assert "--feed" in err


def test_messages_of_others_alone_are_nothing_read(mainspring, capture):
    """A capture that holds no message of the session's instrument is as good as an empty one."""
    lines = capture.read_bytes().splitlines(keepends=True)
    capture.write_bytes(b"".join(line for line in lines if b'"s":"BTCUSDT"' in line))
    other = [GRID[0].replace("BTC", "ETH"), GRID[1].replace("BTC", "ETH")]
    code, _, err = mainspring("run", "--capture", capture, "--feed", "binance-spot", *other)
    assert code == 1
    assert "nothing was read" in err


def test_skipping_is_no_advice_where_nothing_was_read(mainspring, capture, tmp_path):
    """It is recommended for one bad message among good ones, never where the first ones all fail."""
    path = tmp_path / "other.capture"
    path.write_bytes(b'1723161253937085768 {"e":"depthUpdate","s":"BTCUSDT"}\n' * 20)
    code, _, err = mainspring("run", "--capture", path, "--feed", "binance-spot", *GRID)
    assert code == 2
    assert "--skip-bad" not in err
    assert "name the feed that this was recorded from with --feed" in " ".join(err.split())
    lines = capture.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:100], b"1723161253937085768 {\n", *lines[100:]]))
    code, _, err = mainspring("run", "--capture", path, "--feed", "binance-spot")
    assert code == 2
    assert "--skip-bad counts such messages" in " ".join(err.split())


def test_a_missing_limit_is_a_failure_that_names_it(mainspring, tmp_path):
    """Where every order is refused for want of limits, each is named by its key, and the exit code is 1."""
    config = tmp_path / "s.toml"
    mainspring("init", config)
    text = config.read_text()
    config.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("max_position")))
    code, out, err = mainspring("run", config, "--set", "feed.seconds=20")
    assert code == 1
    assert "limit-not-set" in out
    assert "failed: no order went out" in err
    assert "these limits have to be set and aren't: risk.max_position. Set them in [risk]" in err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_a_named_pipe_is_a_capture(mainspring, capture, tmp_path):
    """Compressed or not, what comes through a pipe runs to the digest that the file has."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    expected = mainspring("run", "--capture", capture, "--json")[1]
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(capture.read_bytes()),))
    writer.start()
    code, out, _ = mainspring("run", "--capture", pipe, "--json")
    writer.join()
    assert code == 0
    assert digest(out) == digest(expected)


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="there is no /dev/stdin here")  # noqa: PTH110
@pytest.mark.parametrize("lanes", [(), ("--set", "lanes=2", "--set", "hardware.pin=off")])
def test_standard_input_is_a_capture(mainspring, tmp_path, lanes):
    """From a pipe, and in lanes, whose processes have another standard input."""
    path = tmp_path / "two.capture"
    both = 'instruments=["BTC/USDT", "ETH/USDT"]'
    assert mainspring("data", "generate", path, *SHORT, "--set", both)[0] == 0
    command = [sys.executable, "-m", "mainspring", "run", "--capture", "/dev/stdin", "--json", *lanes]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert digest(done.stdout.decode()) == digest(mainspring("run", "--capture", path, "--json", *lanes)[1])


def digest(report):
    import json

    return json.loads(report)["order_log_sha256"]
