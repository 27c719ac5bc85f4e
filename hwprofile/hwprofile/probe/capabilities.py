"""Names Linux capabilities by their bits (include/uapi/linux/capability.h)."""

__all__ = ["capability_names"]

_NAMES = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
]


def capability_names(bits: int) -> tuple[str, ...]:
    """Returns the names in a mask, in the order of their bits; capabilities newer than this list are named by bit."""
    return tuple(
        _NAMES[bit] if bit < len(_NAMES) else f"cap_{bit}" for bit in range(bits.bit_length()) if bits >> bit & 1
    )
