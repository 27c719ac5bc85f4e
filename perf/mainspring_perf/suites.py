"""Finds the suites: every module of this package that names one in `SUITE`."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

import mainspring_perf

__all__ = ["find_suites", "load_suite"]


def find_suites() -> Mapping[str, ModuleType]:
    """The suites by name: modules with a `SUITE`, their own name, and a function `benchmarks(tiny)`."""
    suites = {}
    for module in pkgutil.iter_modules(mainspring_perf.__path__):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"mainspring_perf.{module.name}")
        if hasattr(loaded, "SUITE"):
            suites[loaded.SUITE] = loaded
    return dict(sorted(suites.items()))


def load_suite(name: str) -> ModuleType:
    """One suite, without importing the others: a timed process starts sooner."""
    return importlib.import_module(f"mainspring_perf.{name}")
