"""What tests of several packages share: a browser."""

import importlib.util
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, driven by Playwright. Skips, naming what is absent."""
    if BROWSER is None:
        pytest.skip("browser absent: chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("package absent: playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without a sandbox, because root, as which CI may run, isn't given one.
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()
