import os
import stat
import sys

import pytest

from mainspring.data.replace import private_file, write_atomically


def test_a_private_file_goes_unless_renamed(tmp_path):
    """Nothing stays of a private file, whether its block ends well or not, but what was renamed."""
    target = tmp_path / "target"
    with private_file(target) as first, private_file(target) as second:
        assert first != second
        assert first.parent == second.parent == tmp_path
        first.write_bytes(b"first")
        first.replace(target)
    with pytest.raises(ZeroDivisionError), private_file(target):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert target.read_bytes() == b"first"


@pytest.mark.skipif(sys.platform == "win32", reason="access rights are another matter on Windows")
def test_the_rights_are_those_of_any_new_file(tmp_path):
    """What was written atomically can be read by whom the user's umask lets."""
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
