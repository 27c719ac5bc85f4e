"""Load during a measurement: starts and ends processes that work and rest in turns, as noisy neighbours do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from hwprofile.children import module_command

__all__ = ["background_load"]

_MEAN_WORK_S = 0.05
_MEAN_REST_S = 0.05
_BYTES = 8 << 20


@contextmanager
def background_load(processes: int, seed: int) -> Iterator[None]:
    """So many processes, each at work half of the time, in bursts of 50 ms on average, until the block ends."""
    running = [
        subprocess.Popen(module_command("mainspring_tools.background", str(seed + number)), stdin=subprocess.PIPE)  # noqa: S603
        for number in range(processes)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


def main() -> None:
    """Works and rests until it is ended, or who started it has ended."""
    random = Random(int(sys.argv[1]))  # noqa: S311  a load, no secret
    memory = bytearray(_BYTES)
    parent = os.getppid()
    while os.getppid() == parent:
        until = time.perf_counter() + random.expovariate(1 / _MEAN_WORK_S)
        while time.perf_counter() < until:
            # Some arithmetic, and some memory that pushes others' out of the caches.
            sum(number * number for number in range(2_000))
            memory[::64] = bytes(len(memory[::64]))
        time.sleep(random.expovariate(1 / _MEAN_REST_S))


if __name__ == "__main__":
    main()
