"""A process that answers lines: what it says, and why it doesn't."""

import sys
from collections.abc import Mapping

import pytest

from hwprofile.tune.answering import AnsweringProcess
from hwprofile.tune.errors import ProcessLostError

WITHIN_S = 60.0
ECHO = "import sys\nprint(0, flush=True)\nfor line in sys.stdin:\n    print(len(line), flush=True)\n"


def process(program: str, environ: Mapping[str, str] | None = None) -> AnsweringProcess:
    return AnsweringProcess([sys.executable, "-c", program], environ=environ)


def test_it_is_heard_and_asked() -> None:
    """First comes what it says unasked, then an answer to each line."""
    with process(ECHO) as one:
        assert one.hear(WITHIN_S) == b"0\n"
        assert one.ask(b"four", WITHIN_S) == b"5\n"
        assert one.ask(b"", WITHIN_S) == b"1\n"


def test_the_last_line_of_standard_error_says_why_it_was_lost() -> None:
    """The exit code comes with it, and stands alone if nothing was written."""
    lost = r"^its process ended with code 1: no market today$"
    with process("raise SystemExit('no market today')") as one, pytest.raises(ProcessLostError, match=lost):
        one.hear(WITHIN_S)
    with (
        process("raise SystemExit(7)") as one,
        pytest.raises(ProcessLostError, match=r"^its process ended with code 7$"),
    ):
        one.hear(WITHIN_S)


def test_every_question_to_a_process_that_is_gone_is_answered_the_same() -> None:
    """Whether the pipe breaks at once or only the answer is missing."""
    with process("print(0, flush=True); raise SystemExit('gone')") as one:
        assert one.hear(WITHIN_S) == b"0\n"
        for _ in range(3):
            with pytest.raises(ProcessLostError, match="with code 1: gone"):
                one.ask(b"are you there?", WITHIN_S)


def test_a_process_that_says_nothing_is_not_waited_for_forever() -> None:
    """The context still ends it."""
    with (
        process("import sys; sys.stdin.read()") as one,
        pytest.raises(ProcessLostError, match=r"no answer within 0\.1 s"),
    ):
        one.hear(0.05)


def test_it_has_the_environment_that_it_is_given() -> None:
    """And no other variable."""
    with process("import os; print(os.environ['NUMBER'], os.environ.get('HOME'))", {"NUMBER": "12"}) as one:
        assert one.hear(WITHIN_S) == b"12 None\n"
