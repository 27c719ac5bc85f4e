"""The part of client order ids that tells live sessions apart."""

import os
import socket
import time

from mainspring.orders import live_session_part

__all__ = ["new_session_part"]


def new_session_part() -> str:
    """Returns the part for a session that begins now: of the time, the host, and the system's randomness."""
    return live_session_part(time.time_ns(), socket.gethostname(), os.urandom(8))
