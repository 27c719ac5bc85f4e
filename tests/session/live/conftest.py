"""What tests of live sessions share."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

_ENOUGH_S = 60.0
_EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "loopback.toml"
_KEY, _SECRET = "key-of-a-test", "secret-of-a-test-that-nobody-may-see"


class AlpacaSession:
    """Runs the example against a box."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, box, *options, overrides=(), prefix=()):
        """Runs `mainspring run` with options, by the command `prefix`; returns the finished process."""
        config = self.folder / "loopback.toml"
        config.write_text(_EXAMPLE.read_text())
        (self.folder / "loopback.pem").write_bytes(Path(box["trust"]).read_bytes())
        connect = f'feed.connect={{address="{box["crypto"]}", trust="loopback.pem"}}'
        sets = [f'router.rest="{box["rest"]}"', f'router.stream="{box["updates"]}"', connect, *overrides]
        command = [*prefix, sys.executable, "-m", "mainspring", "run", str(config), "--json", "--quiet", *options]
        for one in sets:
            command += ["--set", one]
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder)}
        for feed in ("ALPACA", "ALPACA_CRYPTO"):
            environment |= {f"MAINSPRING_{feed}_KEY": _KEY, f"MAINSPRING_{feed}_SECRET": _SECRET}
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture
def exchange():
    """Runs `mainspring venue` with some arguments, as a process of its own; gives its line of JSON.

    `prefix` is what runs the command, if it isn't to run as it is.
    """

    @contextmanager
    def run(*arguments, prefix=()):
        command = [*prefix, sys.executable, "-m", "mainspring", "venue", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield json.loads(process.stdout.readline())
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(_ENOUGH_S)

    return run


@pytest.fixture
def trusting_environment():
    """Returns the environment of a program that trusts a box's certificate."""
    return lambda box: {**os.environ, "SSL_CERT_FILE": box["trust"], "REQUESTS_CA_BUNDLE": box["trust"]}


@pytest.fixture
def session(tmp_path):
    """Runs the example against a box, in a folder of its own."""
    return AlpacaSession(tmp_path)


@pytest.fixture
def listed(trusting_environment):
    """Returns what the official client sees: the filled size of each order by the client's id, and the positions."""

    def ask(box, prefix=()):
        script = Path(__file__).with_name("alpaca_orders.py")
        command = [*prefix, sys.executable, str(script), json.dumps(box)]
        environment = trusting_environment(box)
        found = json.loads(subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True).stdout)
        return {name: Decimal(filled) for name, filled in found["orders"].items()}, found["positions"]

    return ask
