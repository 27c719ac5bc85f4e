"""One peer a file: how each does the work, as its own documentation has it fastest. `contract` says what is in it."""
