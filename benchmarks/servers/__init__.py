"""Servers that benchmarks and tests start: `hetwin serve` as a process, and a plant of any size for it."""
