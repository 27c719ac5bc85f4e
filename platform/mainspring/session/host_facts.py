"""What a report says about the machine on which it was measured."""

from hwprofile.probe import probe

__all__ = ["host_facts"]


def host_facts() -> dict[str, str]:
    """Returns the machine's known facts by name."""
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
