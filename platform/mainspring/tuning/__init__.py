"""`mainspring tune`: races the plugins for a lane's slots on this host, over the session's own messages.

Its modules are imported one by one, so that the processes of races start fast.
"""
