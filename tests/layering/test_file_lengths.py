from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400


def long_files(folder: Path) -> list[str]:
    """The Python files below a folder that have more than `MOST_LINES` lines."""
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in sorted(folder.rglob("*.py"))}
    assert lengths, f"no Python files below {folder}"
    return [f"{path.relative_to(folder)}: {lines}" for path, lines in lengths.items() if lines > MOST_LINES]


def test_no_file_of_the_product_is_too_long() -> None:
    """A file of more than 400 lines is two files."""
    for name in ("platform", "plugins", "hwprofile", "perf"):
        assert long_files(ROOT / name) == []


def test_a_file_that_is_too_long_is_found(tmp_path: Path) -> None:
    """The rule counts lines, in folders below too, and 400 is still allowed."""
    (tmp_path / "below").mkdir()
    (tmp_path / "just.py").write_text("\n" * 400, encoding="utf-8")
    (tmp_path / "below" / "over.py").write_text("\n" * 401, encoding="utf-8")
    assert long_files(tmp_path) == ["below/over.py: 401"]
