"""Built-in strategies, one implementation a file."""
