"""Mainspring: trading strategies run through swappable, measured parts.

The import has no side effect: no plugin is loaded, no thread started, no file read.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
