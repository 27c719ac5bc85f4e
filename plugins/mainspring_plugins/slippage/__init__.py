"""Built-in slippage, one implementation a file."""
