"""The commands of `hwprofile`, one a module: its parser, and a function that returns the exit code."""
