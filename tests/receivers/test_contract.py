"""Every receiver that is installed keeps the contract; those that don't, and what is missing, are found out."""

import pytest
import trio

from mainspring.errors import ConformanceError
from mainspring.host.registry import Registry
from mainspring.testing import check_receiver
from mainspring_plugins.receivers.busy_poll import BusyPollReceiver
from mainspring_plugins.receivers.trio import TrioReceiver

_OFFERS = Registry.load().offers("receiver")


@pytest.mark.parametrize("name", _OFFERS)
@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(name, seed):
    """On any order of what comes, cancelled waits and sockets that are closed."""
    if (missing := _OFFERS[name].needs.missing) is not None:
        pytest.skip(missing)
    check_receiver(_OFFERS[name].factory, seed=seed)


def test_there_are_three():
    """One sleeps, and is chosen unless another is named; two don't."""
    assert {"trio", "busy-poll"} <= set(_OFFERS) <= {"trio", "busy-poll", "io-uring"}
    assert Registry.load().best("receiver").name == "trio"


class _Impatient(TrioReceiver):
    """Returns without a checkpoint."""

    async def wait_readable(self, connected):
        return


class _Deaf(BusyPollReceiver):
    """Doesn't say that a socket is closed."""

    async def wait_readable(self, connected):
        try:
            await super().wait_readable(connected)
        except trio.ClosedResourceError:
            await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("broken", [_Impatient, _Deaf])
def test_a_broken_one_is_found(broken, monkeypatch):
    """By the rule that it breaks."""
    monkeypatch.setattr("mainspring.testing.receiver._LONG_S", 0.5)
    with pytest.raises(ConformanceError):
        check_receiver(broken)


def test_a_system_without_io_uring_says_so(monkeypatch):
    """By name, where plugins are listed, and nobody can choose it."""
    native = pytest.importorskip("mainspring_native.receivers")

    def none(_self):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(native._Ring, "__init__", none)
    assert native._needs().missing == "this system gives no io_uring: Function not implemented"
