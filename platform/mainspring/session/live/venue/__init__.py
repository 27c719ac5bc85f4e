"""A venue in a box: serves what a venue would, on loopback, so that all of it can be tried without an account."""

from mainspring.session.live.venue.capture_venue import CaptureVenue, Fault
from mainspring.session.live.venue.serving import Served, serve, serve_until_signal

__all__ = ["CaptureVenue", "Fault", "Served", "serve", "serve_until_signal"]
