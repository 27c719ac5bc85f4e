"""Built-in routers, one implementation per file."""
