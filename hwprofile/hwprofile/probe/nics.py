"""Reads the network interfaces on a bus, and the node and CPUs near each."""

from pathlib import Path

from hwprofile.probe.numbers import read_cpus, read_int, read_mask
from hwprofile.profile import Nic

__all__ = ["read_nics"]


def read_nics(root: Path) -> tuple[Nic, ...]:
    """Returns the interfaces by name, except those without a device (loopback, bridges, tunnels)."""
    folder = root / "sys/class/net"
    try:
        devices = [(path.name, path / "device") for path in sorted(folder.iterdir()) if (path / "device").is_dir()]
    except OSError:
        return ()
    return tuple(_nic(folder / name, name, device) for name, device in devices)


def _nic(folder: Path, name: str, device: Path) -> Nic:
    node = read_int(device / "numa_node")
    # The speed of a link that is down is -1 or unreadable.
    mbps = read_int(folder / "speed")
    return Nic(
        name=name,
        node=node if node is not None and node >= 0 else None,
        cpus=read_cpus(device / "local_cpulist") or read_mask(device / "local_cpus") or None,
        mbps=mbps if mbps is not None and mbps > 0 else None,
        driver=_driver(device),
        irqs=_interrupts(device),
    )


def _driver(device: Path) -> str | None:
    try:
        return (device / "driver").readlink().name
    except OSError:
        return None


def _interrupts(device: Path) -> tuple[int, ...]:
    """Returns the device's interrupts: message-signalled ones, or its line's. Virtual devices have their bus's."""
    for place in (device, device / ".."):
        try:
            return tuple(sorted(int(path.name) for path in (place / "msi_irqs").iterdir() if path.name.isdecimal()))
        except OSError:
            line = read_int(place / "irq")
            if line is not None and line > 0:
                return (line,)
    return ()
