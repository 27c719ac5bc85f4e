"""How a running lane tells its state to other processes, without ever waiting for one."""
