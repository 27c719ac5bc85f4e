"""Built-in codecs, one implementation a file."""
