import os

import pytest

from mainspring.data.locate import Located, find_capture, get, locate
from mainspring.errors import DataError


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def folder(tmp_path, environ):
    """A folder that `MAINSPRING_DATA` names."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    environ["MAINSPRING_DATA"] = os.pathsep.join([str(tmp_path / "other"), "~/mine"])
    return tmp_path / "mine"


@pytest.mark.parametrize("name", ["spot/small.gz", "small.gz"])
def test_put_by_hand_into_a_folder_of_ours(site, catalogue, environ, folder, name):
    """A file put into a folder of `MAINSPRING_DATA`, under its path or its name, is found, and nothing is fetched."""
    file = put(folder / name, site.body)
    assert locate("small", catalogue=catalogue) == Located(file, "binance-spot")
    assert get("small", catalogue=catalogue) == file
    assert site.requests == []


def test_put_by_hand_into_the_cache(site, catalogue, environ, target):
    """A file put where the offline message says is found, and nothing is fetched."""
    put(target, site.body)
    assert locate("small", catalogue=catalogue) == Located(target, "binance-spot")
    assert get("small", catalogue=catalogue) == target
    assert site.requests == []


@pytest.mark.parametrize(("body", "says"), [(b"short", "it has 5 bytes"), (bytes(200_000), "its sha256 is")])
def test_wrong_file_put_by_hand(site, catalogue, environ, folder, body, says):
    """A wrong file in the user's own folder is told, neither used nor replaced nor passed over."""
    file = put(folder / "spot/small.gz", body)
    for find in (locate, get):
        with pytest.raises(DataError, match=says) as caught:
            find("small", catalogue=catalogue)
        assert str(file) in str(caught.value)
    assert file.read_bytes() == body
    assert site.requests == []


def test_wrong_file_in_the_cache_is_replaced(site, catalogue, environ, target):
    """`locate` tells of a broken file in the cache, `get` replaces it."""
    put(target, b"broken")
    with pytest.raises(DataError, match="mainspring data get small"):
        locate("small", catalogue=catalogue)
    get("small", catalogue=catalogue)
    assert target.read_bytes() == site.body


def test_not_here_yet(catalogue, environ, target):
    """A capture that isn't here: the message says what fetches it and where it can be put."""
    assert find_capture(catalogue["small"]) is None
    with pytest.raises(DataError, match=r"isn't on this machine yet.*\(0\.2 MB\).*mainspring data get small") as caught:
        locate("small", catalogue=catalogue)
    assert str(target) in str(caught.value)


def test_unknown_name(catalogue, environ):
    """A misspelt name gets the nearest right one, from `locate` and from `get`."""
    with pytest.raises(DataError, match="did you mean 'small'"):
        locate("smal", catalogue=catalogue)
    with pytest.raises(DataError, match="did you mean 'small'"):
        get("smal", catalogue=catalogue)
    with pytest.raises(DataError, match="there are: small"):
        get("completely-different", catalogue=catalogue)


def test_paths(tmp_path, catalogue, environ, folder, monkeypatch):
    """A path is taken as it is; a relative one is one from the folder given, or else from those of the variable."""
    monkeypatch.chdir(tmp_path)
    here = put(tmp_path / "a.gz", b"here")
    config = put(tmp_path / "config/a.gz", b"beside the config").parent
    there = put(folder / "deep/b.gz", b"there")
    put(folder / "a.gz", b"not this one")
    assert locate(here, config, catalogue=catalogue) == Located(here, None)
    assert locate("a.gz", catalogue=catalogue).path.read_bytes() == b"here"
    assert locate("a.gz", config, catalogue=catalogue).path.read_bytes() == b"beside the config"
    assert locate("deep/b.gz", catalogue=catalogue).path == there
    with pytest.raises(DataError, match=r"no file deep/c\.gz, nor .*mine"):
        locate("deep/c.gz", catalogue=catalogue)


def test_a_file_of_the_catalogue_is_known_under_any_name(site, tmp_path, catalogue, environ):
    """A file named by its path has a feed if its bytes are the catalogue's; another of the same size has none."""
    file = put(tmp_path / "renamed.gz", site.body)
    assert locate(file, catalogue=catalogue).feed == "binance-spot"
    other = put(tmp_path / "other.gz", bytes(len(site.body)))
    assert locate(other, catalogue=catalogue).feed is None


def test_a_name_comes_before_a_file_of_that_name(tmp_path, site, catalogue, environ, target, monkeypatch):
    """`small` is the capture, `./small` the file."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "small", b"a file")
    put(target, site.body)
    assert locate("small", catalogue=catalogue) == Located(target, "binance-spot")
    assert locate("./small", catalogue=catalogue).path.read_bytes() == b"a file"


def test_folder_that_is_not_there(catalogue, environ, tmp_path):
    """A misspelt folder in `MAINSPRING_DATA` is an error, not a download."""
    environ["MAINSPRING_DATA"] = str(tmp_path / "misspelt")
    with pytest.raises(DataError, match=r"MAINSPRING_DATA names .*misspelt, which is no folder"):
        locate("small", catalogue=catalogue)


def test_content_is_verified_whatever_the_file_system_says(site, catalogue, environ, target):
    """A file changed in place, its size, inode and time stamps as they were, is found out at the next use."""
    put(target, site.body)
    locate("small", catalogue=catalogue)
    before = target.stat()
    with target.open("r+b") as file:
        file.write(bytes([site.body[0] ^ 1]))
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = target.stat()
    assert (after.st_size, after.st_ino, after.st_mtime_ns) == (before.st_size, before.st_ino, before.st_mtime_ns)
    with pytest.raises(DataError, match="its sha256 is"):
        locate("small", catalogue=catalogue)


def test_cache_that_cannot_be_written(site, catalogue, environ, folder, tmp_path):
    """A capture in a folder of the user's is found without a cache."""
    file = put(folder / "small.gz", site.body)
    (tmp_path / "cache").write_text("a file where the cache should be")
    assert locate("small", catalogue=catalogue) == Located(file, "binance-spot")
