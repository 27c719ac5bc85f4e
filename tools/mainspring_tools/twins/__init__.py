"""Random commands and sessions for parts that exist twice: the native twin must do what the plain one does."""
