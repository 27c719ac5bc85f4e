"""Checks what waits for connections against the contract of `mainspring.seams.Receiver`."""

import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Final

from mainspring.errors import ConformanceError
from mainspring.model import Instrument
from mainspring.plugin_calls import describe_exception, is_interrupt
from mainspring.seams import Receiver
from mainspring.testing._rules import Rules

__all__ = ["check_receiver"]

_LONG_S: Final = 20.0


def check_receiver(factory: Callable[[Sequence[Instrument]], Receiver], *, seed: int = 0, rounds: int = 60) -> None:
    """Waits for several sockets in `rounds` of a seeded order, for their ends, for closed ones, and is cancelled.

    Raises `ConformanceError`, which names the broken rule and the seed.
    """
    # Here, since commands that connect to nothing import the checks too.
    import trio

    rules = Rules(seed)
    receiver = rules.never_raises("it is made", factory, ())

    async def main() -> None:
        with ExitStack() as stack, trio.move_on_after(_LONG_S) as scope:
            # First, since what never gives others their turn can't be ended.
            await _fairly(rules, stack, receiver)
            await _in_turn(rules, stack, receiver, rounds)
            await _ends(rules, stack, receiver)
        rules.hold("what can be read is heard of, and a wait ends", not scope.cancelled_caught, "it waited for ever")

    try:
        trio.run(main)
    except ConformanceError:
        raise
    except BaseException as error:  # any exception of a plugin under test is the finding
        if is_interrupt(error):
            raise
        raise ConformanceError("waiting raises nothing else", describe_exception(error), seed=seed) from error


async def _in_turn(rules: Rules, stack: ExitStack, receiver: Receiver, rounds: int) -> None:
    """Four sockets at once, each read by a task of its own, are written to in any order, some of them at once."""
    import trio

    pairs = [_pair(stack) for _ in range(4)]
    heard = [b"" for _ in pairs]
    said = [b"" for _ in pairs]
    changed = trio.Event()

    async def read(place: int) -> None:
        nonlocal changed
        ours = pairs[place][0]
        while True:
            await receiver.wait_readable(ours)
            try:
                data = ours.recv(64)
            except BlockingIOError:
                continue
            if not data:
                break
            heard[place] += data
            changed.set()
            changed = trio.Event()

    async with trio.open_nursery() as nursery:
        for place in range(len(pairs)):
            nursery.start_soon(read, place)
        for number in range(rounds):
            for place in rules.random.sample(range(len(pairs)), rules.random.randint(1, len(pairs))):
                data = bytes([number % 256])
                said[place] += data
                pairs[place][1].send(data)
            while heard != said:
                waiting = changed
                await waiting.wait()
        for _, theirs in pairs:
            theirs.close()
    rules.hold("what is sent is heard, whole and in order", heard == said, f"{heard} of {said}")
    for ours, _ in pairs:
        receiver.forget(ours)
        ours.close()


async def _fairly(rules: Rules, stack: ExitStack, receiver: Receiver) -> None:
    """A socket that always has something doesn't keep others from their turn."""
    import trio

    ours, theirs = _pair(stack)
    theirs.send(b"x")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        for _ in range(10):
            await receiver.wait_readable(ours)
        nursery.cancel_scope.cancel()
    rules.hold("a wait is a checkpoint, however early it ends", turns >= 5, f"{turns} turns in 10 waits")
    receiver.forget(ours)
    ours.close()
    theirs.close()


async def _ends(rules: Rules, stack: ExitStack, receiver: Receiver) -> None:
    """A wait that is cancelled, or whose socket is closed, ends; a descriptor that is used again is another socket."""
    import trio

    for _ in range(5):
        ours, theirs = _pair(stack)
        early = False
        with trio.move_on_after(0.005):
            await receiver.wait_readable(ours)
            early = True
        if early:
            # It may return too early, but then there is nothing to read.
            early = bool(_peeked(ours))
        rules.hold("a wait can be cancelled", not early, "it returned with something to read")
        theirs.send(b"y")
        await receiver.wait_readable(ours)
        rules.hold("what comes after a cancelled wait is heard of", _peeked(ours) == b"y", "nothing to read")
        ours.recv(1)
        ended: list[Any] = []

        async def wait(one: socket.socket = ours, ended: list[Any] = ended) -> None:
            while not ended:
                try:
                    await receiver.wait_readable(one)
                except trio.ClosedResourceError:
                    ended.append(True)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            receiver.forget(ours)
            ours.close()
            theirs.close()
        rules.hold("a wait for a socket that is closed ends", bool(ended), "it goes on")


def _pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        stack.enter_context(one)
    ours.setblocking(False)
    return ours, theirs


def _peeked(one: socket.socket) -> bytes:
    try:
        return one.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return b""
