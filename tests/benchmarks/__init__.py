"""Measurements, never tests: `python -m tests.benchmarks [NAME …] [--events N] [--json FILE]`."""
