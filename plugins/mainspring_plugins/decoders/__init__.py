"""Decoders for declared feeds."""
