"""Built-in books, one implementation per file."""
