"""Built-in feeds, one implementation a file."""
