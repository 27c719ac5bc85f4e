"""What races on this host have decided: kept, found again, judged, and put into plans."""

from mainspring.host.wisdom.fleet import export_profile, import_profile
from mainspring.host.wisdom.freshness import best_two, load
from mainspring.host.wisdom.hosts import host_key
from mainspring.host.wisdom.store import Kept, listing, save
from mainspring.host.wisdom.workloads import workload

__all__ = ["Kept", "best_two", "export_profile", "host_key", "import_profile", "listing", "load", "save", "workload"]
