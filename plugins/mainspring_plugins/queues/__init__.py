"""Built-in queue models."""
