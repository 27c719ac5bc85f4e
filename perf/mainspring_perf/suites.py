"""Finds the suites: every module of this package that names one in `SUITE`."""

import argparse
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType

import mainspring_perf
from mainspring.errors import MainspringError
from mainspring_perf.candidates import allow_only
from mainspring_perf.harness import Benchmark

__all__ = ["add_options", "choose_suites", "chosen_benchmarks", "find_suites", "load_suite", "modules_with"]


def choose_suites(names: Sequence[str]) -> list[str]:
    """Returns the named suites, or all of them if none is named. Raises `MainspringError` for an unknown name."""
    there = list(find_suites())
    for name in names:
        if name not in there:
            raise MainspringError(f"no suite is named {name!r}; there are: {', '.join(there)}")
    return list(dict.fromkeys(names)) or there


@cache
def find_suites() -> Mapping[str, ModuleType]:
    """Returns the suites by name: modules with `SUITE` and a function `benchmarks(tiny)`."""
    return modules_with("SUITE", mainspring_perf)


def modules_with(name: str, package: ModuleType) -> dict[str, ModuleType]:
    """Returns a package's modules in which `name` is defined, by the text that it is there, sorted."""
    found = [one.name for one in pkgutil.iter_modules(package.__path__) if not one.name.startswith("_")]
    modules = [importlib.import_module(f"{package.__name__}.{one}") for one in found]
    return dict(sorted((getattr(module, name), module) for module in modules if hasattr(module, name)))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a process that measures one suite: `--suite`, `--name` and `--allow`."""
    parser.add_argument("--suite", required=True)
    parser.add_argument("--name", action="append", default=[], help="a benchmark's whole name; default: all of them")
    parser.add_argument("--allow", action="append", default=[], help="a distribution whose plugins are measured")


def chosen_benchmarks(arguments: argparse.Namespace) -> list[Benchmark]:
    """Returns the benchmarks that these options choose, and allows only their distributions from now on."""
    allow_only(arguments.allow)
    every: list[Benchmark] = load_suite(arguments.suite).benchmarks(False)
    return [one for one in every if not arguments.name or one.name in arguments.name]


def load_suite(name: str) -> ModuleType:
    """Imports one suite without the others, so that a timed process starts sooner."""
    return importlib.import_module(f"mainspring_perf.{name}")
