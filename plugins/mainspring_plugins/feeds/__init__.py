"""Built-in feeds, one implementation per file."""
