"""Clients that benchmarks and tests drive a server with."""
