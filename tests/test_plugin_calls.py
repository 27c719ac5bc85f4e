"""Plugin code runs apart: what it raises is named, and standard output and decimal contexts stay the host's."""

import decimal
import signal
import subprocess
import sys
import traceback

import pytest

from hwprofile.children import code_command
from mainspring.errors import ConfigError, OrderStateError, PluginError
from mainspring.plugin_calls import (
    describe_error,
    error_trace,
    guarded,
    guarded_getter,
    guarded_pair,
    is_interrupt,
    isolated,
    plugin_frames,
    wrap_error,
)


class PanicException(BaseException):
    """What PyO3 makes of a Rust panic: no `Exception`."""


def acme(source, name="acme_maker"):
    """A function `decide` of a stranger's module, made of source text."""
    module = {"__name__": name}
    exec(compile(source, f"/site/{name}.py", "exec"), module)
    return module["decide"]


def wrapped(call):
    """The error that a call's exception becomes."""

    def run():
        try:
            call()
        except BaseException as error:  # noqa: BLE001  as the lane does
            wrap_error("strategy maker", "acme-maker", "acme", error)

    with pytest.raises(PluginError) as caught:
        run()
    return caught.value


@pytest.mark.parametrize("text", ["SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "ValueError('bad\\nday')"])
def test_whatever_a_plugin_raises_names_it(text, monkeypatch):
    """`sys.exit(0)` is no way out: every exception becomes one that names plugin and distribution, on one line."""
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    error = wrapped(acme(f"def decide():\n    raise {text}\n"))
    assert error.distribution == "acme"
    assert str(error).startswith("the strategy maker 'acme-maker' of acme raised ")
    assert "\n" not in str(error)


def test_a_rust_panic_names_its_plugin():
    """A panic isn't an `Exception`, and is a plugin's fault all the same."""

    def action():
        raise PanicException("index out of bounds")

    assert "raised PanicException: index out of bounds" in str(wrapped(action))


def test_the_users_interrupt_is_not_the_plugins():
    """Ctrl-C while a plugin runs stays an interrupt where Python's own handler raised it, and only there."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert is_interrupt(KeyboardInterrupt())
        assert not is_interrupt(SystemExit())
        # The session watches signals itself then: nothing but the plugin can have raised it.
        signal.signal(signal.SIGINT, lambda number, frame: None)
        assert not is_interrupt(KeyboardInterrupt())
    finally:
        signal.signal(signal.SIGINT, handler)


def test_errors_that_explain_themselves_pass():
    """An order's impossible event, and what names a plugin already, aren't wrapped again."""
    for error in (OrderStateError("order 1 has ended"), PluginError("other", "said already")):
        with pytest.raises(type(error)) as caught:
            wrap_error("router", "paper", "acme", error)
        assert caught.value is error


def test_frames_are_the_plugins_own():
    """Host frames say how the plugin was reached; what it did is in its own, and in those of the libraries it calls."""
    action = acme("import json\ndef decide():\n    return helper()\ndef helper():\n    return json.loads('{')\n")
    host = acme("def decide(call):\n    return call()\n", "mainspring.lane.lane")
    frames = plugin_frames(wrapped(lambda: host(action)))
    assert '"/site/acme_maker.py", line 3, in decide' in frames
    assert '"/site/acme_maker.py", line 5, in helper' in frames
    assert "json" in frames
    assert "mainspring.lane" not in frames
    assert "/site/mainspring" not in frames


def test_a_syntax_error_shows_its_line():
    """A module that isn't Python has no frames; the line at fault stands in their place."""

    def action():
        compile("def decide(:\n", "/site/acme.py", "exec")

    assert 'File "/site/acme.py", line 1' in plugin_frames(wrapped(action))


def test_a_whole_traceback_on_request(monkeypatch):
    """`--traceback` shows all frames and the chain of causes; without it a config error shows none."""
    error = wrapped(acme("def decide():\n    1 / 0\n"))
    monkeypatch.setenv("MAINSPRING_TRACEBACK", "")
    assert error_trace(ConfigError("no such file")) == ""
    assert "Traceback" not in error_trace(error)
    monkeypatch.setenv("MAINSPRING_TRACEBACK", "1")
    assert error_trace(error) == "".join(traceback.format_exception(error))
    assert "The above exception was the direct cause" in error_trace(error)


def test_what_was_added_on_the_way_is_told():
    """The message at which it happened is part of the text."""
    error = PluginError("acme", "It raised.")
    error.add_note("It happened at message 3.")
    assert describe_error(error) == "It raised. It happened at message 3."


PRINTS = """
import os, sys
from mainspring.plugin_calls import isolated
kept = sys.stdout
with isolated(), isolated():
    print("python")
    sys.stdout.write("stdout\\n")
    os.write(1, b"compiled\\n")
    kept.write("kept\\n")
print('{"a": 1}')
"""


def test_prints_go_to_standard_error():
    """By `print`, by descriptor 1 as compiled code writes, by a stream that was kept: results stay alone."""
    done = subprocess.run(code_command(PRINTS), capture_output=True, text=True, check=True)
    assert done.stdout == '{"a": 1}\n'
    assert sorted(done.stderr.split()) == ["compiled", "kept", "python", "stdout"]


def test_prints_of_a_plugin_that_raises():
    """Standard output is given back whatever happens."""
    before = sys.stdout
    with pytest.raises(RuntimeError), isolated():
        raise RuntimeError
    assert sys.stdout is before


def test_a_decimal_context_is_the_plugins_own():
    """Changes in place, a new context and even a change of the default end with the call."""
    ours = decimal.getcontext()
    before = (ours.prec, dict(ours.traps))
    default_prec = decimal.DefaultContext.prec
    try:
        with isolated():
            decimal.getcontext().prec = 3
            decimal.getcontext().traps[decimal.Inexact] = True
            decimal.DefaultContext.prec = 2
        with isolated():
            assert decimal.getcontext().prec == 28
            decimal.setcontext(decimal.Context(prec=1))
        assert decimal.getcontext() is ours
        assert (ours.prec, dict(ours.traps)) == before
    finally:
        decimal.DefaultContext.prec = default_prec


def test_another_plugins_context_is_named_as_a_cause():
    """A decimal signal in a context that somebody changed says that it may be another plugin's doing."""

    def action():
        decimal.getcontext().traps[decimal.Inexact] = True
        decimal.Decimal(1) / 3

    with isolated():
        assert "has changed the decimal context, perhaps another one" in str(wrapped(action))
    assert "decimal context" not in str(wrapped(lambda: decimal.Decimal("x")))


def test_a_guarded_call_returns_what_it_returns() -> None:
    """Arguments and result pass, by position and by name."""
    assert guarded(divmod, "book", "mine", "acme")(7, 2) == (3, 1)
    assert guarded(sorted, "book", "mine", "acme")([2, 3], reverse=True) == [3, 2]
    assert guarded_pair(divmod, "book", "mine", "acme")(7, 2) == (3, 1)
    assert guarded_getter([3].pop, "book", "mine", "acme")() == 3


def test_a_guarded_call_names_the_plugin() -> None:
    """Whatever it raises becomes a `PluginError`, however many arguments the call takes."""

    def fail(error: BaseException) -> None:
        raise error

    call = guarded(fail, "feed", "mine", "acme")
    with pytest.raises(PluginError, match="the feed 'mine' of acme raised ValueError: oops"):
        call(ValueError("oops"))
    with pytest.raises(PluginError, match="raised SystemExit"):
        call(SystemExit(1))
    with pytest.raises(PluginError, match="the book 'mine' of acme raised ZeroDivisionError"):
        guarded_pair(divmod, "book", "mine", "acme")(7, 0)
    with pytest.raises(PluginError, match="the book 'mine' of acme raised IndexError"):
        guarded_getter([].pop, "book", "mine", "acme")()
