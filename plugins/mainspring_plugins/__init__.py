"""The built-in plugins: ordinary plugins, loaded by the same entry points as anybody's."""
