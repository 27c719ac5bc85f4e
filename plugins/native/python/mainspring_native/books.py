"""Native books."""
