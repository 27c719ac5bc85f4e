"""Turns market data of other programs into captures: tables of trades, quotes and books, arrays, other recordings.

What is read becomes messages of the feed `imported`, except recordings of a venue's own messages, which stay as they
are.
"""

from mainspring.data.importing.convert import Found, import_files

__all__ = ["Found", "import_files"]
