"""Right choices on noisy machines: candidates raced on the host that will run them. Knows nothing of trading."""
