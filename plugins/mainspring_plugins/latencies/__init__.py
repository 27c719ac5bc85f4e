"""Built-in latency models."""
