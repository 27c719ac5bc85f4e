"""Built-in risk, one implementation a file."""
