"""Tuning profiles: keeps the results of races on this host, finds and assesses them, and applies them to plans."""

from mainspring.host.profiles.fleet import export_profile, import_profile
from mainspring.host.profiles.freshness import best_two, load
from mainspring.host.profiles.hosts import host_key
from mainspring.host.profiles.store import Kept, listing, save
from mainspring.host.profiles.workloads import workload

__all__ = ["Kept", "best_two", "export_profile", "host_key", "import_profile", "listing", "load", "save", "workload"]
