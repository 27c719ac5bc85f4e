"""The commands of `hwprofile`, one per module, each with its parser and a function that returns the exit code."""
