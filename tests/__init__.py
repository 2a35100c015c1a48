"""Mirrors the packages; `tests.lab` is a real Swarm."""
