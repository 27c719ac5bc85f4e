"""What a report says of the machine that its times are from."""

from hwprofile.probe import probe

__all__ = ["host_facts"]


def host_facts() -> dict[str, str]:
    """The machine's facts by name, those that are known."""
    host = probe()
    cpu, system, usable = host.cpu, host.system, host.allowance.usable
    known = {
        "cpu": cpu.model_name,
        "microarchitecture": cpu.microarchitecture,
        "usable cpus": str(len(usable)) if usable is not None else None,
        "memory": f"{system.memory / 2**30:.0f} GiB" if system.memory is not None else None,
        "hypervisor": host.state.hypervisor,
        "container": system.container,
        "system": system.distribution or system.system,
        "kernel": system.kernel,
        "python": system.python,
        "host fingerprint": host.fingerprint,
    }
    return {name: value for name, value in known.items() if value is not None}
