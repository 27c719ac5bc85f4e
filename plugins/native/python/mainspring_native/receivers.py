"""Waits for connections by an io_uring, without a call of the system until something has come."""

from collections.abc import Sequence
from typing import Final

from mainspring.model import Instrument
from mainspring.seams import Catalogue, Needs, hookimpl
from mainspring_native import BUILD, NEEDS
from mainspring_plugins.receivers.spinning import SpinningReceiver

__all__ = ["IoUringReceiver", "register_receivers"]


class _Ring:
    """See `mainspring_plugins.receivers.spinning.Looks`."""

    def __init__(self) -> None:
        from mainspring_native._native import Ring

        self._ring: Final = Ring()

    def add(self, descriptor: int) -> None:
        self._ring.ask(descriptor)

    def remove(self, descriptor: int) -> None:
        self._ring.forget(descriptor)

    def look(self, descriptor: int, most_ns: int) -> bool:
        self._ring.spin(most_ns)
        return self._ring.take(descriptor)


class IoUringReceiver(SpinningReceiver):
    """See `mainspring_plugins.receivers.spinning`."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        super().__init__(instruments, _Ring())


def _needs() -> Needs:
    """What is missing here: the extension, or an io_uring, which old and locked-down systems don't give."""
    if NEEDS.missing is not None:
        return NEEDS
    try:
        _Ring()
    except ImportError:
        return Needs(platforms=("linux",), missing="io_uring is Linux's")
    except OSError as error:
        return Needs(missing=f"this system gives no io_uring: {error.strerror or error}")
    return NEEDS


@hookimpl
def register_receivers(catalogue: Catalogue) -> None:
    """Offers `io-uring`."""
    catalogue.add(
        "io-uring",
        IoUringReceiver,
        summary="never sleeps: takes a whole core, and looks for answers in memory",
        needs=_needs(),
        build=BUILD,
    )
