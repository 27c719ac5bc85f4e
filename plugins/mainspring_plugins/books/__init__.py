"""Built-in books, one implementation a file."""
