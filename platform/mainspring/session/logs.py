"""Shows what strategies and plugins log, on standard error."""

import logging
import os
import sys
from typing import Final, TextIO

__all__ = ["LEVELS", "LOG", "show_logs"]

LOG: Final = "MAINSPRING_LOG"
"""The environment variable with the level from which on log records are shown. Lanes' processes have it from here."""

LEVELS: Final = ("debug", "info", "warning", "error")


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at the time: a progress bar takes its place while it is shown."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error."""
        return sys.stderr


def show_logs() -> None:
    """Shows records of Mainspring's loggers from the level that `LOG` names on; warnings and errors by default.

    Does nothing if a handler is there already: then the program around us decides.
    """
    logger = logging.getLogger("mainspring")
    if logger.handlers or logger.root.handlers:
        return
    level = os.environ.get(LOG, "").lower()
    logger.setLevel(level.upper() if level in LEVELS else "WARNING")
    logger.addHandler(_StderrHandler())
