"""Peers, side by side: the same work done by other libraries, in the same run.

`contract`, `child` and `adapters` run in the peers' own environments, where nothing of ours is installed:
they import the standard library, and an adapter its peer. Hence this package exports nothing here.
"""
