"""What the command line does with options beyond their meaning: help, values, completion."""

import pytest


@pytest.mark.parametrize("command", [[], ["run"], ["plugins", "list"], ["bench", "run"], ["scaling"], ["tune", "run"]])
def test_flags_show_no_type(mainspring, command):
    """A flag takes no value, so that its help doesn't constraint one."""
    code, out, _ = mainspring(*command, "--help")
    assert code == 0
    assert "<bool>" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--html", "--quiet"),
        ("run", "--order-log", "--json"),
        ("run", "--capture", "--feed", "binance-spot"),
        ("tune", "run", "--export", "--json"),
        ("bench", "run", "--html", "--fast"),
        ("plugins", "new", "acme", "--seam", "--folder", "x"),
    ],
)
def test_an_option_is_no_value(mainspring, monkeypatch, tmp_path, arguments):
    """An option in place of a value is refused, names both, and no file of that name is written."""
    monkeypatch.chdir(tmp_path)
    code, out, err = mainspring(*arguments)
    assert (code, out) == (2, "")
    assert "needs a value" in err
    assert list(tmp_path.iterdir()) == []


def test_a_value_with_a_dash_can_be_given_all_the_same(mainspring, monkeypatch, tmp_path):
    """With "=" there is no doubt; and a number below zero was never an option."""
    monkeypatch.chdir(tmp_path)
    assert mainspring("run", "--set", "feed.seconds=5", "--html=--quiet")[0] == 0
    assert (tmp_path / "--quiet").is_file()
    code, _, err = mainspring("plugins", "check", "mainspring", "--seed", "-x")
    assert code == 2
    assert "needs a value" in err


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mainspring be", "bench"),
        ("mainspring tune ", "why"),
        ("mainspring bench tar", "targets"),
        ("mainspring bench run --ag", "--against"),
        ("mainspring run --order", "--order-log"),
        ("mainspring data ge", "generate"),
    ],
)
def test_completion_knows_commands_and_options(mainspring, monkeypatch, typed, found):
    """What the shell asks for while one types is answered, late commands and groups with a default included."""
    monkeypatch.setenv("_MAINSPRING_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    code, out, _ = mainspring()
    assert code == 0
    assert found in out.split()


def test_completion_shows_its_script(mainspring, monkeypatch):
    """`--show-completion` prints what a shell sources."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code, out, _ = mainspring("--show-completion", "bash")
    assert code == 0
    assert "_MAINSPRING_COMPLETE=complete_bash" in out
