"""Built-in routers, one implementation a file."""
