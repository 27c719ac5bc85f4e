"""Where a login's parts come from, and that nothing shows them."""

import pytest

from mainspring.errors import ConfigError
from mainspring.host.connecting import find_credentials


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A configuration folder of the test's own, and no variables."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("KEY", "SECRET", "PASSPHRASE"):
        monkeypatch.delenv(f"MAINSPRING_ALPACA_CRYPTO_{name}", raising=False)
    (tmp_path / "mainspring").mkdir()
    return tmp_path / "mainspring"


def write(folder, text, mode=0o600):
    path = folder / "credentials.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_the_environment_comes_before_the_file(folder, monkeypatch):
    """Each feed has variables of its own, and a table of its own."""
    assert find_credentials("alpaca-crypto") is None
    write(folder, '[alpaca-crypto]\nkey = "k"\nsecret = "s"\n[kucoin]\nkey = "x"\nsecret = "y"\npassphrase = "z"\n')
    found = find_credentials("alpaca-crypto")
    assert (found.key, found.secret, found.passphrase) == ("k", "s", "")
    assert find_credentials("kucoin").passphrase == "z"
    assert find_credentials("okx") is None
    monkeypatch.setenv("MAINSPRING_ALPACA_CRYPTO_KEY", "k2")
    monkeypatch.setenv("MAINSPRING_ALPACA_CRYPTO_SECRET", "s2")
    assert find_credentials("alpaca-crypto").secret == "s2"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(folder, mode):
    """With the command that fixes it."""
    write(folder, '[okx]\nkey = "k"\nsecret = "s"\n', mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        find_credentials("okx")


@pytest.mark.parametrize(
    "text",
    [
        '[okx]\nkey = "k3y"\nsecret = "s3cret" oops\n',
        '[okx]\nkey = "k3y"\nsecret = 3\n',
        '[okx]\nkey = "k3y"\n',
        '[okx]\nsecret = "s3cret"\n',
        'okx = "s3cret"\n',
    ],
)
def test_errors_show_no_secret(folder, text):
    """A broken file, a wrong type, half of a login."""
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        find_credentials("okx")
    shown = f"{caught.value}{caught.value.__cause__}"
    assert "s3cret" not in shown
    assert "k3y" not in shown
