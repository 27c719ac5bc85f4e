"""Decoders for feeds of declarations."""
