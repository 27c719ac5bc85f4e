"""Built-in strategies, one implementation per file."""
