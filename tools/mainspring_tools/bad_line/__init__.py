"""Live sessions on an exchange in a box over a bad line, without sockets: what can go wrong does, by a seed."""
