"""Where the files beside the suites lie: in `perf/` of a checkout, or inside the installed package."""

from pathlib import Path

__all__ = ["perf_file"]


def perf_file(name: str) -> Path:
    """The path of `perf/NAME`, whether it is there or not."""
    package = Path(__file__).parent
    checkout = package.parent / name
    return checkout if (package.parent / "README.md").is_file() else package / name
