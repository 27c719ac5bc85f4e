"""`mainspring tune`: what could fill a lane's slots is raced on this host, over this session's own messages."""
