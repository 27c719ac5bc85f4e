"""What tests of live sessions share."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

_ENOUGH_S = 60.0


@pytest.fixture
def exchange():
    """Runs `mainspring venue` with some arguments, as a process of its own; gives its line of JSON."""

    @contextmanager
    def run(*arguments):
        command = [sys.executable, "-m", "mainspring", "venue", *arguments]
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
