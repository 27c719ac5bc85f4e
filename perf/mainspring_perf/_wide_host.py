"""Writes the kernel files of a large host, built for 10,240 CPUs, so that each mask has that many bits."""

from pathlib import Path

__all__ = ["CPUS_OF_A_PACKAGE", "MASK_BITS", "write_wide_host"]

MASK_BITS = 10_240
CPUS_OF_A_PACKAGE = 64


def write_wide_host(root: Path, cpus: int) -> None:
    """Writes the files of a host with `cpus` CPUs, two per core and 64 per package."""
    system = root / "sys/devices/system/cpu"
    for cpu in range(cpus):
        core = [cpu & ~1, cpu | 1]
        start = cpu - cpu % CPUS_OF_A_PACKAGE
        package = list(range(start, min(cpus, start + CPUS_OF_A_PACKAGE)))
        _write(
            system / f"cpu{cpu}/topology",
            physical_package_id=str(cpu // CPUS_OF_A_PACKAGE),
            core_id=str(cpu % CPUS_OF_A_PACKAGE // 2),
            thread_siblings=_mask(core),
            core_siblings=_mask(package),
        )
        for index, (level, kind, shared) in enumerate(
            ((1, "Data", core), (1, "Instruction", core), (2, "Unified", core), (3, "Unified", package))
        ):
            _write(
                system / f"cpu{cpu}/cache/index{index}",
                level=str(level),
                type=kind,
                size="32K",
                shared_cpu_map=_mask(shared),
            )
    _write(system, online=f"0-{cpus - 1}", possible=f"0-{MASK_BITS - 1}")


def _write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


def _mask(cpus: list[int]) -> str:
    bits = sum(1 << cpu for cpu in cpus)
    words = [f"{bits >> shift & 0xFFFFFFFF:08x}" for shift in range(0, MASK_BITS, 32)]
    return ",".join(reversed(words))
