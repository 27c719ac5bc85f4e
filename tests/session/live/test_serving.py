"""Where a box is served."""

import socket

import pytest

from mainspring.errors import ConfigError
from mainspring.session.live.venue.serving import listen


def test_a_port_that_is_taken_is_refused_by_name():
    """Before anything is served, with what to do instead; a free one is found."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port {taken}: Address already in use; 0 takes a free one"):
            listen(taken)
    with listen(0) as free:
        assert free.getsockname()[1] not in (0, taken)
