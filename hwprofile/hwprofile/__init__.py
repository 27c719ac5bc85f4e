"""hwprofile describes the host it runs on. It imports nothing of Mainspring and works without it.

`hwprofile.probe.probe()` returns a complete `HostProfile`; `instruction_sets` alone is far cheaper.
"""

from hwprofile.instructions import instruction_sets

__all__ = ["instruction_sets"]
