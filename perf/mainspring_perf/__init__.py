"""Benchmark suites, one per stage, shipped in the wheel so that users can run them on their own hosts."""
