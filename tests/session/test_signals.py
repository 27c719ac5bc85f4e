import signal
import threading

import pytest

from mainspring.session.signals import catch_signals, describe_signal, signal_exit_code, stop_signals


def test_signals_are_caught_and_given_back():
    """Within the block a signal is only told; after it the process does with it what it did before."""
    caught: list[int] = []
    before = [signal.getsignal(number) for number in stop_signals()]
    with catch_signals(caught.append):
        for number in stop_signals():
            signal.raise_signal(number)
    assert caught == list(stop_signals())
    assert [signal.getsignal(number) for number in stop_signals()] == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
def test_an_ignored_signal_stays_ignored():
    """`nohup` has SIGHUP ignored, and means it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        caught: list[int] = []
        with catch_signals(caught.append):
            signal.raise_signal(signal.SIGHUP)
        assert caught == []
        assert signal.SIGHUP not in stop_signals()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_catches_nothing():
    """Python takes signals in the main thread only, so that elsewhere the block is an ordinary one."""
    entered = []

    def work():
        with catch_signals(lambda number: None):
            entered.append([signal.getsignal(number) for number in stop_signals()])

    before = [signal.getsignal(number) for number in stop_signals()]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [before]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_exit_code_is_the_shells(number, code):
    """128 and the signal's number, of one lane or named among several."""
    assert signal_exit_code(describe_signal(number)) == code
    assert signal_exit_code(f"lane 1: {describe_signal(number)}; lane 2: {describe_signal(number)}") == code


def test_other_reasons_are_no_signals():
    """A session whose log couldn't be written has no signal's exit code."""
    assert signal_exit_code("the order log x can't be written and isn't kept: signal lost") is None
