"""`mainspring tune`: what could fill a lane's slots is raced on this host, over this session's own messages.

Its parts are imported one by one: the processes that races are run in are to start fast.
"""
