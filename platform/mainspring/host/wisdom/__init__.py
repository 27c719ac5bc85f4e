"""What races on this host have decided: kept, found again, judged, and put into plans."""
