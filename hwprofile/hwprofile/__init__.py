"""hwprofile: knows the host it runs on. Imports nothing of Mainspring, and is usable alone.

`hwprofile.probe.probe()` gives the whole `HostProfile`; `instruction_sets` alone is far cheaper.
"""

from hwprofile.instructions import instruction_sets

__all__ = ["instruction_sets"]
