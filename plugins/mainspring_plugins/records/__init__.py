"""The built-in ways of writing the order log's records."""
