"""Draws a host as text."""

from hwprofile.picture.drawing import draw

__all__ = ["draw"]
