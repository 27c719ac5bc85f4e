"""What measures one case: `python -m mainspring_perf.scaling.worker STUDY`, the case as JSON on standard input."""

import sys

import orjson

from mainspring_perf.scaling.run import find_studies

__all__ = ["main"]


def main() -> None:
    """Writes what was found to standard output, as JSON."""
    study = find_studies()[sys.argv[1]]
    sys.stdout.buffer.write(orjson.dumps(study.measure(orjson.loads(sys.stdin.buffer.read()))))


if __name__ == "__main__":
    main()
