"""A host as a picture in text."""

from hwprofile.picture.drawing import draw

__all__ = ["draw"]
