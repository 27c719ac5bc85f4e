"""Live connections to venues: sockets, HTTP, reconnection, recording."""
