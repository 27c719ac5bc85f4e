import os

import pytest

from mainspring.data.outputs import check_absent, check_outputs
from mainspring.errors import ConfigError


@pytest.mark.parametrize("spelled", ["same", "dotted", "symbolic", "hard"])
def test_an_output_that_is_an_input_is_refused(tmp_path, spelled):
    """One file is one file, however it is spelled or linked, and the error names the option and both."""
    source = tmp_path / "capture.gz"
    source.write_bytes(b"recorded")
    (tmp_path / "sub").mkdir()
    target = {"same": source, "dotted": tmp_path / "sub" / ".." / "capture.gz"}.get(spelled, tmp_path / "link")
    if spelled == "symbolic":
        target.symlink_to(source)
    if spelled == "hard":
        os.link(source, target)
    with pytest.raises(ConfigError, match=r"--order-log .* is an input of this command \(.*capture\.gz\)"):
        check_outputs({"--order-log": target}, [source])
    assert source.read_bytes() == b"recorded"


def test_two_outputs_in_one_file_are_refused(tmp_path):
    """Neither file exists yet, and a link of the folder makes the two names look different."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    outputs = {"--html": tmp_path / "real" / "out", "--order-log": tmp_path / "link" / "out"}
    with pytest.raises(ConfigError, match=r"--order-log .* is the file that --html writes"):
        check_outputs(outputs)


def test_devices_take_any_number_of_outputs(tmp_path):
    """Everything may go to /dev/null, and different files are no business of this check."""
    null = os.devnull
    check_outputs({"--html": tmp_path / "a", "--order-log": tmp_path / "b"}, [tmp_path / "c"])
    check_outputs({"--html": type(tmp_path)(null), "--order-log": type(tmp_path)(null)}, [type(tmp_path)(null)])
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_refused_beforehand(tmp_path):
    """A folder, and a file in a folder that doesn't exist."""
    for path, said in ((tmp_path, "directory"), (tmp_path / "no" / "file", "No such file")):
        with pytest.raises(ConfigError, match=f"--html .* can't be written: .*{said}"):
            check_outputs({"--html": path})


def test_a_file_with_something_in_it_is_only_replaced_by_force(tmp_path):
    """An empty file and an absent one are free to take."""
    path = tmp_path / "orders.log"
    check_absent("the order log", path, force=False)
    path.touch()
    check_absent("the order log", path, force=False)
    path.write_bytes(b"orders")
    with pytest.raises(ConfigError, match=r"exists already.*--force"):
        check_absent("the order log", path, force=False)
    check_absent("the order log", path, force=True)
