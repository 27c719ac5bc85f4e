"""What a report says of the machine that its times are from."""

from hwprofile.host import describe

__all__ = ["host_facts"]


def host_facts() -> dict[str, str]:
    """The machine's facts by name, those that are known."""
    host = describe()
    cpus, memory = host.usable_cpus, host.memory_total_bytes
    known = {
        "cpu": host.cpu_model,
        "usable cpus": str(len(cpus)) if cpus is not None else None,
        "memory": f"{memory / 2**30:.0f} GiB" if memory is not None else None,
        "hypervisor": host.hypervisor,
        "system": host.system,
        "kernel": host.kernel,
        "python": host.python,
    }
    return {name: value for name, value in known.items() if value is not None}
