"""Places in pages: filled between their marks, and told where they are missing; nothing else is touched."""

import pytest

from mainspring.errors import DataError
from mainspring_tools.marked import put_between, write_between

PAGE = "before\n<!-- trials -->\nold\n<!-- end of trials -->\nafter\n"


def test_only_the_place_changes(tmp_path):
    """What stands around it stays, and filling it twice is filling it once."""
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    for _ in range(2):
        write_between(page, "trials", "new\n")
    assert page.read_text(encoding="utf-8") == PAGE.replace("old", "new")


def test_the_command_is_part_of_the_mark(tmp_path):
    """A place that names its command is that command's."""
    text = "<!-- trials: written by `bench` -->\nold\n<!-- end of trials -->"
    assert put_between(text, tmp_path, "trials", "new\n", command="bench") == text.replace("old", "new")
    with pytest.raises(DataError, match="no place for trials"):
        put_between(text, tmp_path, "trials", "new\n", command="other")


@pytest.mark.parametrize("mark", ["<!-- trials -->", "<!-- end of trials -->"])
def test_a_page_without_a_mark_is_told_and_left_alone(tmp_path, mark):
    """Half a place is none."""
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace(mark, ""), encoding="utf-8")
    with pytest.raises(DataError, match=r"page\.md: there is no place for trials, which begins with <!-- trials -->"):
        write_between(page, "trials", "new\n")
    assert page.read_text(encoding="utf-8") == PAGE.replace(mark, "")


def test_a_page_that_is_not_there_is_told(tmp_path):
    """By its name, with what to do."""
    with pytest.raises(DataError, match=r"gone\.md: No such file or directory; name a page that is there"):
        write_between(tmp_path / "gone.md", "trials", "new\n")
