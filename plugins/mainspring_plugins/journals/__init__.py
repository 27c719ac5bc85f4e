"""Journals: where a session's blocks are made durable."""
