"""Counters of a host's troubles, from recorded files."""

from pathlib import Path

from hwprofile.tune.signs import RunDelay, Signs, Throttling, put_aside, ran_on, read_signs


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def test_a_host_that_tells_of_nothing(tmp_path: Path) -> None:
    """Without the kernel's files everything is unknown, not zero."""
    assert read_signs(tmp_path) == Signs()
    assert Throttling(tmp_path)(0) is None


def test_steal_and_waiting_are_read(tmp_path: Path) -> None:
    """Steal is the eighth of the first line's times, all added up; waiting is the total of the pressure's first."""
    write(
        tmp_path,
        {
            "proc/stat": "cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 1 1 1 1 1 1 1 1 1\n",
            "proc/pressure/cpu": "some avg10=1.00 avg60=0.50 avg300=0.10 total=12345\nfull avg10=0.00 total=9\n",
        },
    )
    assert read_signs(tmp_path) == Signs(steal=80, total=360, waited_us=12345)


def test_heat_counts_of_the_cpu_that_ran(tmp_path: Path) -> None:
    """Core and package of one CPU are added up; another CPU's heat is nothing to it."""
    folder = "sys/devices/system/cpu/cpu{}/thermal_throttle/{}_throttle_count"
    write(
        tmp_path,
        {folder.format(0, "core"): "2", folder.format(0, "package"): "3", folder.format(1, "core"): "100"},
    )
    throttling = Throttling(tmp_path)
    assert throttling(0) == 5
    write(tmp_path, {folder.format(0, "core"): "4"})
    assert throttling(0) == 7
    assert throttling(1) == 100


def test_this_thread_is_told_of() -> None:
    """On any host: a CPU or nothing, counts that never fall."""
    delay = RunDelay()
    try:
        first, aside = delay(), put_aside()
        assert delay() >= first >= 0
        assert aside is None or (put_aside() or 0) >= aside
    finally:
        delay.close()
    cpu = ran_on()
    assert cpu is None or cpu >= 0
