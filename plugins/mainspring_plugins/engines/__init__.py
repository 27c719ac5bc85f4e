"""Engines for feeds of declarations."""
