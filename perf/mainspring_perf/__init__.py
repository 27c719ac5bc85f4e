"""pyperf suites, one per stage, installed with the package so that they run on the host that matters."""
