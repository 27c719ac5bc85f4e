"""Built-in slippage models, one per file."""
