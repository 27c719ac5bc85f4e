"""Built-in risk checks, one per file."""
