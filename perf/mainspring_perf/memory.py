"""`python -m mainspring_perf.memory`: the same session ten times in one process, and what each leaves behind."""

import gc

import psutil
from rich.console import Console
from rich.table import Table

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session

__all__ = ["main"]

_RUNS = 10


def main() -> None:
    """Runs the reference session ten times and prints the resident memory after each run, in MB."""
    registry = Registry.load()
    session = make_session(load_config(None), registry)
    process = psutil.Process()
    table = Table("run", "messages", "resident MB", "since the first", box=None, pad_edge=False, header_style="bold")
    resident = []
    for number in range(1, _RUNS + 1):
        report = run_session(session, registry)
        gc.collect()
        resident.append(process.memory_info().rss / 1e6)
        table.add_row(
            str(number), f"{report.feed.messages:,}", f"{resident[-1]:.1f}", f"{resident[-1] - resident[0]:+.1f}"
        )
    Console(width=100, highlight=False).print(table)


if __name__ == "__main__":
    main()
