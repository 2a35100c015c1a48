"""Observes for ever, and exposes: the agent that runs on every node."""
