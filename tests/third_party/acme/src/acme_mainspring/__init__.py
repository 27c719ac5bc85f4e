"""Acme's plugins for Mainspring."""
