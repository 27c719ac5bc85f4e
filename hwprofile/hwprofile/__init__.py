"""hwprofile: knows the host it runs on. Imports nothing of Mainspring, and is usable alone."""

from hwprofile.cpu import instruction_sets
from hwprofile.host import HostDescription, describe

__all__ = ["HostDescription", "describe", "instruction_sets"]
