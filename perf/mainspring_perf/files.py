"""Finds data files: in `perf/` of a checkout, or inside the installed package."""

from pathlib import Path

__all__ = ["perf_file"]


def perf_file(name: str) -> Path:
    """Returns the path of a data file, whether or not it exists."""
    package = Path(__file__).parent
    checkout = package.parent / name
    return checkout if (package.parent / "README.md").is_file() else package / name
