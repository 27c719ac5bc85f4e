"""A process that answers lines: what it says, and why it doesn't."""

import sys

import pytest

from mainspring_perf.answering import AnsweringProcess, NoAnswer

ECHO = "import sys\nprint('[0]', flush=True)\nfor line in sys.stdin:\n    print([len(line)], flush=True)\n"


def process(program, wait_s=60.0, environ=None):
    return AnsweringProcess([sys.executable, "-c", program], wait_s=wait_s, environ=environ)


def test_it_is_heard_and_asked():
    """First what it says by itself, then an answer to each line."""
    with process(ECHO) as one:
        assert one.hear() == [0]
        assert one.ask("four") == [5]
        assert one.ask("") == [1]


def test_its_last_words_say_why():
    """The last line of its standard error; the exit code where it has none."""
    with process("raise SystemExit('no market today')") as one, pytest.raises(NoAnswer, match="it failed: no market"):
        one.hear()
    with process("raise SystemExit(7)") as one, pytest.raises(NoAnswer, match="it ended with exit code 7"):
        one.hear()


def test_a_process_that_is_gone_is_told_when_it_is_asked():
    """Whether the pipe breaks at once or only its answer is missing."""
    with process("print('[0]', flush=True); raise SystemExit('gone')") as one:
        assert one.hear() == [0]
        for _ in range(2):
            with pytest.raises(NoAnswer, match="it failed: gone"):
                one.ask("are you there?")


def test_a_process_that_says_nothing_is_not_waited_for_forever():
    """It is ended with the context."""
    with process("import sys; sys.stdin.read()", wait_s=0.05) as one, pytest.raises(NoAnswer, match="said nothing"):
        one.hear()


def test_it_has_the_environment_that_it_is_given():
    """And nothing else."""
    with process("import os; print(int(os.environ['NUMBER']))", environ={"NUMBER": "12"}) as one:
        assert one.hear() == 12
